//! How a bank writes.

use schemars::JsonSchema;
use serde::Deserialize;

/// How calls, answers and callbacks are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// As JSON, amounts as numbers.
    #[default]
    Json,
    /// As a form (`application/x-www-form-urlencoded`).
    Form,
    /// As XML: one element for each field, in `call`, `answer` or `callback`.
    Xml,
    /// As records of one length in GBK, every field at its place.
    FixedWidth,
}
