//! Why a load cannot be witnessed.

use thiserror::Error;

use crate::cli::Failure;
use crate::scenario::diagnostic::render_diagnostics;

/// Why a load cannot be witnessed, in words for people: what is wrong and, where we are fairly sure, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct WitnessError(String);

impl From<Failure> for WitnessError {
    fn from(failure: Failure) -> Self {
        let with_help = |message: String, help: Option<&str>| match help {
            Some(help) => format!("{message}\nhelp: {help}"),
            None => message,
        };
        Self(match failure {
            Failure::User { message, help } => with_help(message, help.as_deref()),
            Failure::Input(problems) => render_diagnostics(&problems, false),
            Failure::World(error) => format!("{error:#}"),
            Failure::WorldWithHelp(error, help) => with_help(format!("{error:#}"), Some(help)),
        })
    }
}
