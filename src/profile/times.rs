//! Distributions of times.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::SpanText;
use crate::time::Span;

/// A distribution of times. Draws above one minute are taken as one minute.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
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
        }
    }
}
