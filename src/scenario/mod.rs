//! Scenario files: their model, their checks, and diagnostics that point at the user's line.

pub mod check;
pub mod diagnostic;
pub mod document;
pub mod model;
pub mod objective;
pub mod path;
pub mod read;
mod structure;
pub mod template;
pub mod typed;
pub mod xml;
