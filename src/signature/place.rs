//! Where a key is kept, if not in the file that needs it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a key is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// In this file, relative to the one that names it. A shared secret is its text without the last line feed, an RSA
    /// key is PEM.
    File(String),
    /// In the environment variable of this name.
    Env(String),
}

/// Why what a place should hold cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PlaceError {
    /// A fragment that names the file or variable.
    pub message: String,
    /// What to do, where that is clear.
    pub help: Option<String>,
}

/// Reads what is kept at a place.
pub type KeyReader<'r> = dyn Fn(&KeyPlace) -> Result<String, PlaceError> + 'r;

impl KeyPlace {
    /// Its key in files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Env(_) => "env",
        }
    }

    /// How it is called among people.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => format!("the file `{path}`"),
            Self::Env(name) => format!("the environment variable `{name}`"),
        }
    }
}
