//! Data files as typed values.

use std::collections::BTreeMap;

use crate::scenario::model::{ColumnKind, DataFile, Journey};

/// What the variable `name`, such as `shoppers.email`, holds, if it is a column of one of the data files.
pub fn data_column(data: &BTreeMap<String, DataFile>, name: &str) -> Option<ColumnKind> {
    let (file, column) = name.split_once('.')?;
    data.get(file)?.columns.get(column).copied()
}

impl Journey {
    /// Whether its steps use a value of the data file called `name`.
    pub fn uses_data(&self, name: &str) -> bool {
        let text = serde_json::to_string(&self.steps).unwrap_or_default().replace(' ', "");
        text.contains(&format!("{{{{{name}."))
    }
}
