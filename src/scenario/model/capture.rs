//! Where in an answer a value is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where in an answer a value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Capture {
    /// At this path of the body, such as `$.payment_id` of JSON, or `/pay/items/item[2]/@id` of XML.
    Path(String),
    /// Somewhere else.
    Elsewhere(CaptureFrom),
}

/// Where in an answer a value is, if not at a path of its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFrom {
    /// In the header of this name.
    Header(String),
    /// Where this pattern is first found in the text of the body: its first group, or all of it if it has none.
    Regex(String),
}
