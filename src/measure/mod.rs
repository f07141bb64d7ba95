//! From the history to numbers: rates, outcomes, times.

mod model;

pub use model::{Curve, JourneyMeasures, Measures, MoneyRow, Quantiles, SecondMeasures};
