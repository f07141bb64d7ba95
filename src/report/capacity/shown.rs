//! What reports show of a search for the load line.

use crate::capacity::{LoadLine, StepRecord};

/// A search, step by step.
#[derive(Clone, Debug)]
pub struct SearchShown {
    /// What it came to, with its steps in the order they were run.
    pub line: LoadLine,
    /// More of each of those steps, in the same order.
    pub more: Vec<StepMore>,
    /// Bounds of the scenario on quantiles of response times.
    pub bounds: Vec<BoundShown>,
    /// How long the search could take, seconds.
    pub budget_s: f64,
    /// The step that the rest of the verdict is of, by its number; `None` if it is of none.
    pub stands: Option<u32>,
}

/// What a step's record does not hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepMore {
    /// Intervals of the median and of the 99th percentile of response times, microseconds; none where there are too
    /// few samples.
    pub p50: Option<(f64, f64)>,
    /// The same.
    pub p99: Option<(f64, f64)>,
    /// The step's run directory below the search's.
    pub dir: String,
}

/// A bound on a quantile of response times.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundShown {
    /// As in the scenario.
    pub text: String,
    /// Microseconds.
    pub us: f64,
}

impl SearchShown {
    /// Each step with what its record does not hold.
    pub(in crate::report) fn steps(&self) -> impl Iterator<Item = (&StepRecord, &StepMore)> {
        self.line.steps.iter().zip(&self.more)
    }
}
