//! What production traffic looks like, as numbers learnt from records and nothing else: no row of the records
//! is kept.
//!
//! Amounts and gaps are empirical quantiles, not fitted families: payment amounts have round-number steps and
//! two humps where a lognormal has one.
//!
//! Shape files are read as scenarios are, by [`scenario::read`](crate::scenario::read).

mod file;
mod fit;
mod gaps;
mod model;

pub use file::{head_comment, parse_yaml, render_yaml};
pub use fit::{FitError, FitNotes, Record, Records, fit};
pub use gaps::{Gaps, fit_gaps};
pub use model::{FORMAT, MethodShape, Shape, ShapeProblem};
