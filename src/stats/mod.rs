//! Statistics: numbers in, numbers out, the source of every formula named.
//!
//! The ground of its floor: [`arrival`](crate::arrival) and [`shape`](crate::shape) build on it, it on nothing.

mod draw;
mod histogram;
mod interval;
mod quantile;
mod table;
mod zipf;

pub use draw::Draws;
pub use histogram::{Histogram, RecordOutOfRange};
pub use interval::{quantile_interval, wilson_interval};
pub use quantile::quantile;
pub use table::{QuantileTable, TableError, standard_probabilities};
pub use zipf::zipf_exponent;
