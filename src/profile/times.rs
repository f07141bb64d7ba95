//! Distributions of times.

use schemars::JsonSchema;
use serde::Deserialize;

use super::SpanText;

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
