//! Maintenance: windows in which a bank is closed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Operation, When};

/// A window in which the bank is closed. What comes then is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// When.
    pub when: When,
    /// What callers meet.
    pub calls: Closed,
    /// Which operations are closed; the others go on. Default: all.
    #[serde(default = "Operation::all")]
    pub operations: Vec<Operation>,
}

/// What callers of a closed bank meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// HTTP 503 with code `91`.
    Refuse,
    /// The connection stays open and nothing comes for 30 s, longer than any caller waits; then it is closed.
    Hang,
    /// As `hang`, but the bank never ends the connection: it stays until the caller gives up.
    HalfOpen,
}

impl Maintenance {
    /// What is wrong with the windows at `at`, a JSON pointer.
    pub(super) fn check(windows: &[Self], at: &str, found: &mut Found) {
        for (i, window) in windows.iter().enumerate() {
            window.when.check(&format!("{at}/{i}/when"), found);
            Operation::check(&window.operations, &format!("{at}/{i}/operations"), found);
        }
    }
}
