//! What reports show of a search for the load line.

use crate::capacity::{LoadLine, StepRecord};
use crate::scenario::objective::{Metric, Objective, Scope};

/// A search, step by step.
#[derive(Clone, Debug)]
pub struct SearchShown {
    /// What it came to, with its steps in the order they were run.
    pub line: LoadLine,
    /// More of each of those steps, in the same order.
    pub more: Vec<StepMore>,
    /// Bounds of the scenario on quantiles of response times.
    pub bounds: Vec<BoundShown>,
    /// Which slow ends of response times are shown, at least one: those that the bounds are on.
    pub tails: Vec<Tail>,
    /// How long the search could take, seconds.
    pub budget_s: f64,
    /// The step that the rest of the verdict is of, by its number; `None` if it is of none.
    pub stands: Option<u32>,
}

/// What a step's record does not hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepMore {
    /// An interval of the median of response times, microseconds; none where there are too few samples.
    pub p50: Option<(f64, f64)>,
    /// One for each of [`SearchShown::tails`], in their order; none of a step that left nothing.
    pub tails: Vec<TailShown>,
    /// The step's run directory below the search's.
    pub dir: String,
}

/// A quantile of response times, of all journeys or of some.
#[derive(Clone, Debug, PartialEq)]
pub struct Tail {
    /// Above 0 and below 1.
    pub q: f64,
    /// Of journeys of this name; `None`: of all.
    pub journey: Option<String>,
}

impl Tail {
    /// Those that `objectives` bound, each once, in their order; p99 of all journeys if there are none.
    pub fn of(objectives: &[Objective]) -> Vec<Self> {
        let mut tails = Vec::new();
        for objective in objectives {
            let Metric::ResponseTime { quantile } = objective.metric else { continue };
            let journey = match &objective.scope {
                Scope::All => None,
                Scope::Journey(name) => Some(name.clone()),
            };
            let tail = Self { q: quantile, journey };
            if !tails.contains(&tail) {
                tails.push(tail);
            }
        }
        if tails.is_empty() {
            tails.push(Self { q: 0.99, journey: None });
        }
        tails
    }

    /// `p99`, `p99.9 of pay`.
    pub fn name(&self) -> String {
        // A quantile is written with few digits; what is beyond them is rounding.
        let percent = (self.q * 1e8).round() / 1e6;
        match &self.journey {
            None => format!("p{percent}"),
            Some(journey) => format!("p{percent} of {journey}"),
        }
    }
}

/// What a step showed of a [`Tail`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailShown {
    /// Microseconds; 0 if nothing was answered.
    pub us: f64,
    /// Its interval; none where there are too few samples.
    pub within: Option<(f64, f64)>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::objective::parse_objective;

    #[test]
    fn the_tails_shown_are_those_that_are_bounded() {
        let names = |texts: &[&str]| {
            let objectives: Vec<Objective> = texts.iter().map(|text| parse_objective(text).expect("valid")).collect();
            Tail::of(&objectives).iter().map(Tail::name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["pay: p90 response_time <= 300 ms", "all: failed <= 1 %"]), ["p90 of pay"]);
        let several =
            ["all: p99.9 response_time <= 2 s", "pay: p50 service_time <= 1 s", "all: p99.9 response_time <= 3 s"];
        assert_eq!(names(&several), ["p99.9"], "each once, and no other time");
        assert_eq!(names(&["all: failed <= 1 %"]), ["p99"]);
    }
}
