//! Why `plimsoll shape` could not do its work.

use std::io;

use thiserror::Error;

use crate::scenario::diagnostic::{Diagnostic, render_diagnostics};
use crate::shape::FitError;

/// Why `plimsoll shape` could not do its work.
#[derive(Debug, Error)]
pub enum ShapeCommandError {
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The shape to add to is at fault.
    #[error("{}", render_diagnostics(.0, false).trim_end())]
    Shape(Vec<Diagnostic>),
    /// A column that is not in the table.
    #[error("no column `{column}` in `{path}` (columns: {known})")]
    Column {
        /// The table.
        path: String,
        /// The column asked for.
        column: String,
        /// Those that are there.
        known: String,
    },
    /// Not a single column was named.
    #[error(
        "nothing to learn: name at least one of `--time-column`, `--method-column` with an amount, \
        `--merchant-column`, `--payer-column`, `--cancel-prefix`"
    )]
    NothingToLearn,
    /// The table is no CSV at all.
    #[error("cannot read `{path}` as CSV")]
    Csv {
        /// Which.
        path: String,
        /// Why.
        source: csv::Error,
    },
    /// The records tell too little.
    #[error("cannot learn a shape")]
    Fit(#[from] FitError),
}

impl ShapeCommandError {
    /// Whether the user can put it right by another command line or file; otherwise the world was in the way.
    pub fn is_users_mistake(&self) -> bool {
        !matches!(self, Self::Read { .. } | Self::Write { .. })
    }
}
