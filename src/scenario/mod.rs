//! Scenario files: their model, their checks, and diagnostics that point at the user's line.

pub mod model;
pub mod path;
pub mod template;
