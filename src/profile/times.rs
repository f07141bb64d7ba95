//! Distributions of times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, SpanText};
use crate::time::Span;

/// A distribution of times. Draws above one minute are taken as one minute.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Times {
    /// Always the same.
    Constant(SpanText),
    /// Anything between two times alike.
    Uniform {
        /// The shortest.
        low: SpanText,
        /// The longest.
        high: SpanText,
    },
    /// The usual shape of service times: most near the median, a long tail.
    Lognormal {
        /// Half are shorter.
        median: SpanText,
        /// Spread of the logarithm: 0.5 makes the 99th percentile 3.2 times the median.
        sigma: f64,
    },
    /// Memoryless waits.
    Exponential {
        /// The mean.
        mean: SpanText,
    },
    /// Several steps one after the other, each a memoryless wait; between exponential and constant.
    Gamma {
        /// The mean.
        mean: SpanText,
        /// How many steps, not necessarily a whole number: 1 is exponential, the standard deviation is the mean
        /// over its square root.
        shape: f64,
    },
    /// One of several distributions, such as most calls quick and some through a slow system behind.
    Mixture(Vec<Part>),
    /// As measured: times at quantiles, ascending, from `0 %` to `100 %`; straight lines between them.
    Quantiles(Vec<Quantile>),
}

/// One of several distributions, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// How often it is chosen relative to the others.
    pub weight: f64,
    /// The distribution.
    pub times: Times,
}

/// A point of a measured distribution.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// This share of times is not longer, such as `99 %`.
    pub at: Share,
    /// The time.
    pub time: SpanText,
}

impl Times {
    /// What is wrong with the distribution at `at`, a JSON pointer.
    pub(super) fn check(&self, at: &str, found: &mut Found) {
        let above_zero = |key: &str, time: &SpanText, found: &mut Found| {
            if time.0 == Span::ZERO {
                found.add(&format!("{at}/{key}"), "must be greater than 0");
            }
        };
        match self {
            Self::Constant(_) => {}
            Self::Uniform { low, high } => {
                if low > high {
                    found.add(&format!("{at}/uniform/low"), format!("must not be above `high` {high:?}, got {low:?}"));
                }
            }
            Self::Lognormal { median, sigma } => {
                above_zero("lognormal/median", median, found);
                if !(0.0..=5.0).contains(sigma) {
                    found.add(&format!("{at}/lognormal/sigma"), format!("must be from 0 to 5, got {sigma}"));
                }
            }
            Self::Exponential { mean } => above_zero("exponential/mean", mean, found),
            Self::Gamma { mean, shape } => {
                above_zero("gamma/mean", mean, found);
                if !(0.1..=1_000.0).contains(shape) {
                    found.add(&format!("{at}/gamma/shape"), format!("must be from 0.1 to 1000, got {shape}"));
                }
            }
            Self::Mixture(parts) => {
                if parts.is_empty() {
                    found.add(&format!("{at}/mixture"), "must have at least one part");
                }
                for (i, part) in parts.iter().enumerate() {
                    found.weight(&format!("{at}/mixture/{i}/weight"), part.weight);
                    part.times.check(&format!("{at}/mixture/{i}/times"), found);
                }
            }
            Self::Quantiles(points) => check_quantiles(&format!("{at}/quantiles"), points, found),
        }
    }
}

fn check_quantiles(at: &str, points: &[Quantile], found: &mut Found) {
    let ends = (points.first().map(|p| p.at.0), points.last().map(|p| p.at.0));
    if points.len() < 2 || ends != (Some(0.0), Some(1.0)) {
        found.add_help(
            at,
            "must begin at 0 % and end at 100 %",
            "add `{ at: 0 %, time: … }` first, the shortest time, and `{ at: 100 %, time: … }` last, the longest",
        );
    }
    for (i, pair) in points.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        if after.at <= before.at {
            found.add(&format!("{at}/{}/at", i + 1), "must be above the one before");
        }
        if after.time < before.time {
            found.add(
                &format!("{at}/{}/time", i + 1),
                format!("must not be shorter than the one before, {:?}, got {:?}", before.time, after.time),
            );
        }
    }
}
