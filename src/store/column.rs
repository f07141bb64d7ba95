//! How one field of a row becomes a column, and comes back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Int64Array, StringArray, UInt16Array, UInt32Array, UInt64Array};
use arrow::datatypes::DataType;

/// Why a cell could not be read; the table adds the column's name and the row.
pub(super) enum BadCell {
    /// It is empty and must not be.
    Empty,
    /// A word without meaning.
    Word(String),
}

/// A type of field that a column can hold.
pub(super) trait Cell: Sized {
    /// What the column is.
    const DATA_TYPE: DataType;
    /// Whether cells may be empty.
    const IS_NULLABLE: bool;
    /// The array of this data type.
    type Column: Array + 'static;

    /// The column of these cells, in order.
    fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef
    where
        Self: 'a;

    /// The cell at `row` of a column of this type.
    fn read(column: &Self::Column, row: usize) -> Result<Self, BadCell>;
}

macro_rules! number_cell {
    ($($rust:ty, $array:ty, $data_type:ident;)*) => { $(
        impl Cell for $rust {
            const DATA_TYPE: DataType = DataType::$data_type;
            const IS_NULLABLE: bool = false;
            type Column = $array;
            fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new(cells.copied().map(Some).collect::<$array>())
            }
            fn read(column: &$array, row: usize) -> Result<Self, BadCell> {
                if column.is_null(row) { Err(BadCell::Empty) } else { Ok(column.value(row)) }
            }
        }
        impl Cell for Option<$rust> {
            const DATA_TYPE: DataType = DataType::$data_type;
            const IS_NULLABLE: bool = true;
            type Column = $array;
            fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
                Arc::new(cells.copied().collect::<$array>())
            }
            fn read(column: &$array, row: usize) -> Result<Self, BadCell> {
                Ok((!column.is_null(row)).then(|| column.value(row)))
            }
        }
    )* };
}

number_cell! {
    bool, BooleanArray, Boolean;
    i64, Int64Array, Int64;
    u64, UInt64Array, UInt64;
    u32, UInt32Array, UInt32;
    u16, UInt16Array, UInt16;
}

impl Cell for String {
    const DATA_TYPE: DataType = DataType::Utf8;
    const IS_NULLABLE: bool = false;
    type Column = StringArray;
    fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(cells.map(|text| Some(text.as_str())).collect::<StringArray>())
    }
    fn read(column: &StringArray, row: usize) -> Result<Self, BadCell> {
        if column.is_null(row) { Err(BadCell::Empty) } else { Ok(column.value(row).to_owned()) }
    }
}

impl Cell for Option<String> {
    const DATA_TYPE: DataType = DataType::Utf8;
    const IS_NULLABLE: bool = true;
    type Column = StringArray;
    fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
        Arc::new(cells.map(Option::as_deref).collect::<StringArray>())
    }
    fn read(column: &StringArray, row: usize) -> Result<Self, BadCell> {
        Ok((!column.is_null(row)).then(|| column.value(row).to_owned()))
    }
}

/// A closed set of words as a text column: readable in any tool, and refused if it holds anything else.
///
/// The generated match is exhaustive: a new variant without its word does not compile.
macro_rules! word_cell {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        const _: () = {
            use arrow::array::{Array, ArrayRef, StringArray};
            use arrow::datatypes::DataType;
            use $crate::store::column::{BadCell, Cell};

            fn word(value: $name) -> &'static str {
                match value { $($name::$variant => $word),* }
            }
            fn value(word: &str) -> Result<$name, BadCell> {
                match word { $($word => Ok($name::$variant),)* other => Err(BadCell::Word(other.to_owned())) }
            }

            impl Cell for $name {
                const DATA_TYPE: DataType = DataType::Utf8;
                const IS_NULLABLE: bool = false;
                type Column = StringArray;
                fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
                    std::sync::Arc::new(cells.map(|c| Some(word(*c))).collect::<StringArray>())
                }
                fn read(column: &StringArray, row: usize) -> Result<Self, BadCell> {
                    if column.is_null(row) { Err(BadCell::Empty) } else { value(column.value(row)) }
                }
            }
            impl Cell for Option<$name> {
                const DATA_TYPE: DataType = DataType::Utf8;
                const IS_NULLABLE: bool = true;
                type Column = StringArray;
                fn column<'a>(cells: impl Iterator<Item = &'a Self>) -> ArrayRef {
                    std::sync::Arc::new(cells.map(|c| c.map(word)).collect::<StringArray>())
                }
                fn read(column: &StringArray, row: usize) -> Result<Self, BadCell> {
                    if column.is_null(row) { Ok(None) } else { value(column.value(row)).map(Some) }
                }
            }
        };
    };
}
pub(super) use word_cell;
