//! Arrival processes: the rules that give due times. One file each.
//!
//! Every process is a lazy iterator over due times in ascending order, made from a rate over time
//! ([`RateCurve`]) and the run's seed alone. All but the trace work in *operational time*, in which one
//! journey is due per unit on average, and go through the curve's inverse to real time; so whatever the rate
//! does, each process keeps its own character. A load is one stream or several ([`Superposition`]).

mod constant;
mod curve;
mod gamma;
mod mmpp;
mod poisson;
mod shape;
mod spike;
mod superposition;
mod trace;

pub use curve::{CurveError, RateCurve, RateLine, day_lines};
pub use gamma::Gamma;
pub use mmpp::Mmpp;
pub use spike::{Spike, spike_lines};
pub use superposition::{Stream, Superposition};
pub use trace::{TraceArrivals, TraceData, TraceDataError};

use crate::seed::Seed;
use crate::stats::QuantileTable;
use crate::time::{RunOffset, Span};

/// Due times, ascending, each below the duration of the load.
pub type DueTimes = Box<dyn Iterator<Item = RunOffset> + Send>;

/// A rule giving due times.
#[derive(Clone, Debug)]
pub enum ArrivalProcess {
    /// Evenly spaced.
    Constant,
    /// Independent of one another.
    Poisson,
    /// As even or uneven as one number says.
    Gamma(Gamma),
    /// In bursts.
    Mmpp(Mmpp),
    /// With gaps drawn from this table (any mean; it is normalised).
    Shape(QuantileTable),
    /// As in a recorded trace; the rate curve is not used.
    Trace(TraceArrivals),
}

impl ArrivalProcess {
    /// When journeys are due under `curve`, counted from the start of the load.
    pub fn due_times(&self, curve: &RateCurve, seed: Seed) -> DueTimes {
        match self {
            Self::Constant => Box::new(constant::Constant::new(curve.clone())),
            Self::Poisson => Box::new(poisson::Poisson::new(curve.clone(), seed)),
            Self::Gamma(gamma) => Box::new(gamma.due_times(curve.clone(), seed)),
            Self::Mmpp(mmpp) => Box::new(mmpp.due_times(curve.clone(), seed)),
            Self::Shape(gaps) => Box::new(shape::Renewal::new(curve.clone(), gaps, seed)),
            Self::Trace(trace) => Box::new(trace.due_times(seed)),
        }
    }

    /// How long the load lasts: no due time is at or after its end.
    pub fn duration(&self, curve: &RateCurve) -> Span {
        match self {
            Self::Trace(trace) => trace.lasts(),
            Self::Constant | Self::Poisson | Self::Gamma(_) | Self::Mmpp(_) | Self::Shape(_) => curve.duration(),
        }
    }
}

#[cfg(test)]
mod tests;
