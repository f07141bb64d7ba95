//! A type of row, its columns, and the facts about a file that every file of ours carries.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::column::{BadCell, Cell};
use super::error::{DecodeError, StoreError};
use crate::id::RunId;

/// The version of all tables in a run directory. A file of another version is refused, never guessed at.
pub const FORMAT: u32 = 1;

const FORMAT_KEY: &str = "plimsoll.format";
const TABLE_KEY: &str = "plimsoll.table";
const RUN_KEY: &str = "plimsoll.run";

/// A row of a table with named columns.
pub(super) trait Table: Sized + Send + 'static {
    /// What the rows are, as written in the file.
    const NAME: &'static str;
    /// The columns in order.
    fn fields() -> Vec<Field>;
    /// One array for each column, in order.
    fn columns(rows: Vec<Self>) -> Vec<ArrayRef>;
    /// The rows of `batch`; columns are found by name.
    fn read(batch: &RecordBatch) -> Result<Vec<Self>, DecodeError>;
}

/// Implements [`Table`](crate::store::table::Table) for a struct: its fields are the columns.
///
/// Columns under `later` came after files without them had been written; there they are read as empty.
macro_rules! table {
    ($row:ty, $name:literal, { $($field:ident: $cell:ty),* $(,)? } $(later { $($late:ident: $late_cell:ty),* })?) => {
        impl $crate::store::table::Table for $row {
            const NAME: &'static str = $name;
            fn fields() -> Vec<arrow::datatypes::Field> {
                vec![
                    $($crate::store::table::field::<$cell>(stringify!($field)),)*
                    $($($crate::store::table::field::<$late_cell>(stringify!($late)),)*)?
                ]
            }
            fn columns(rows: Vec<Self>) -> Vec<arrow::array::ArrayRef> {
                vec![
                    $(<$cell as $crate::store::column::Cell>::column(rows.iter().map(|row| &row.$field)),)*
                    $($(<$late_cell as $crate::store::column::Cell>::column(rows.iter().map(|row| &row.$late)),)*)?
                ]
            }
            fn read(
                batch: &arrow::array::RecordBatch,
            ) -> Result<Vec<Self>, $crate::store::error::DecodeError> {
                use $crate::store::table::{cell, find};
                $(let $field = find::<$cell>(batch, stringify!($field))?;)*
                $($(let $late = $crate::store::table::find_later::<$late_cell>(batch, stringify!($late))?;)*)?
                (0..batch.num_rows())
                    .map(|row| {
                        Ok(Self {
                            $($field: cell::<$cell>($field, stringify!($field), row)?,)*
                            $($($late: match $late {
                                Some(column) => cell::<$late_cell>(column, stringify!($late), row)?,
                                None => Default::default(),
                            },)*)?
                        })
                    })
                    .collect()
            }
        }
    };
}
pub(super) use table;

pub(super) fn field<C: Cell>(name: &'static str) -> Field {
    Field::new(name, C::DATA_TYPE, C::IS_NULLABLE)
}

pub(super) fn find<'b, C: Cell>(batch: &'b RecordBatch, column: &'static str) -> Result<&'b C::Column, DecodeError> {
    let array = batch.column_by_name(column).ok_or(DecodeError::NoColumn { column })?;
    array.as_any().downcast_ref::<C::Column>().ok_or_else(|| DecodeError::OtherType {
        column,
        found: array.data_type().to_string(),
        expected: C::DATA_TYPE.to_string(),
    })
}

/// The column of files that have it.
pub(super) fn find_later<'b, C: Cell>(
    batch: &'b RecordBatch,
    column: &'static str,
) -> Result<Option<&'b C::Column>, DecodeError> {
    if batch.column_by_name(column).is_none() { Ok(None) } else { find::<C>(batch, column).map(Some) }
}

pub(super) fn cell<C: Cell>(array: &C::Column, column: &'static str, row: usize) -> Result<C, DecodeError> {
    C::read(array, row).map_err(|bad| match bad {
        BadCell::Empty => DecodeError::Empty { column, row },
        BadCell::Word(word) => DecodeError::OtherWord { column, row, word },
    })
}

/// The schema of `T` in a file of `run`, or of none.
pub(super) fn schema<'r, T: Table>(run: impl Into<Option<&'r RunId>>) -> SchemaRef {
    let facts = [(FORMAT_KEY, FORMAT.to_string()), (TABLE_KEY, T::NAME.to_owned())];
    let facts = facts.into_iter().chain(run.into().map(|run| (RUN_KEY, run.to_string())));
    let metadata: HashMap<String, String> = facts.map(|(key, value)| (key.to_owned(), value)).collect();
    Arc::new(Schema::new_with_metadata(T::fields(), metadata))
}

/// `rows` as one batch of `schema`.
pub(super) fn encode<T: Table>(schema: &SchemaRef, rows: Vec<T>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(schema.clone(), T::columns(rows))
}

/// What a file says about itself.
pub(super) struct Facts {
    format: Option<String>,
    table: Option<String>,
    /// The run it belongs to.
    pub(super) run: Option<RunId>,
}

impl Facts {
    /// The facts among the key-value pairs of a file, looked up by `get`.
    pub(super) fn from_pairs(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { format: get(FORMAT_KEY), table: get(TABLE_KEY), run: get(RUN_KEY).as_deref().and_then(RunId::parse) }
    }

    /// Refuses a file that is not a table of `T` in today's format.
    pub(super) fn check<T: Table>(&self, path: &Path) -> Result<(), StoreError> {
        let Some(format) = self.format.as_deref().filter(|_| self.table.as_deref() == Some(T::NAME)) else {
            let found = self.table.clone().unwrap_or_default();
            return Err(StoreError::OtherTable { path: path.to_owned(), found, expected: T::NAME });
        };
        if format.parse() != Ok(FORMAT) {
            let found = format.to_owned();
            return Err(StoreError::OtherFormat { path: path.to_owned(), found, expected: FORMAT });
        }
        Ok(())
    }
}

/// The pairs to write where a format keeps its own list of them.
pub(super) fn pairs(schema: &Schema) -> Vec<(String, String)> {
    let mut all: Vec<_> = schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    all.sort();
    all
}
