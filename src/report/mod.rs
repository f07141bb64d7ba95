//! Shows what a run came to: web page, plots, `JUnit`, Markdown, annotations.
//!
//! From data only: nothing here reads a file, a clock or the network, so the same record gives the same report.

pub mod canary;
pub mod capacity;
pub mod plot;
pub mod words;

mod annotations;
pub(crate) mod audit;
mod escape;
mod html;
mod json;
mod junit;
mod markdown;

pub use annotations::render_annotations;
pub use html::{Page, render_html};
pub use json::render_json;
pub use junit::render_junit;
pub use markdown::render_markdown;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod testing;
