//! Data files: rows that journeys take values from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A data file. Each journey that uses it gets one of its rows, whose values are `{{NAME.COLUMN}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// A CSV file with a header line, or a Parquet file (its name ends in `.parquet`), relative to this file.
    pub file: String,
    /// The columns that journeys may use, by name, such as `{ email: text, limit: number }`.
    pub columns: BTreeMap<String, ColumnKind>,
    /// Which row a journey gets.
    #[serde(default)]
    pub rows: RowChoice,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Anything.
    Text,
    /// Whole numbers, which stand without quotes in JSON; amounts are in minor units.
    Number,
}

/// Which row a journey gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowChoice {
    /// One after the other, starting over at the end.
    #[default]
    InTurn,
    /// Any of them alike.
    Random,
    /// One after the other, none twice: there must be as many rows as journeys that use them.
    Unique,
    /// As often as the numbers in this column say, relative to one another.
    ByWeight(String),
}
