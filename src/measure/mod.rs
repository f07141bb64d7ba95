//! From the history to numbers: rates, outcomes, times, and what they say about objectives.

mod model;
mod money;
mod objective;
mod seconds;
mod settled;
mod tally;

mod measurer;
#[cfg(test)]
mod tests;

pub use measurer::{Frame, Measured, Measurer};
pub use model::{Curve, JourneyMeasures, Measures, MoneyRow, Quantiles, SecondMeasures};
pub use money::money_rows;
pub use objective::{Assessment, Observation, assess, shown};
pub(crate) use settled::{Settling, Waiting, is_final};
pub(crate) use tally::curve_steps;
