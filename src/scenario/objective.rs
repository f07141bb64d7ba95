//! Objectives: bounds that a scenario declares, such as `pay: p99 response_time <= 300 ms`.

use thiserror::Error;

use crate::units::{parse_percent, parse_rate, parse_span};

/// A bound that a run must keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// As it stands in the scenario, without blanks around it.
    pub text: String,
    /// What it is about.
    pub scope: Scope,
    /// What is measured.
    pub metric: Metric,
    /// How the measured value must relate to `bound`.
    pub comparison: Comparison,
    /// Microseconds for times, a ratio for shares, a count for dropped journeys, per second for throughput.
    pub bound: f64,
}

/// What an objective is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every journey.
    All,
    /// The journeys of this name.
    Journey(String),
}

/// What an objective bounds. Quantiles are above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Answered minus due, the generator's own lag included.
    ResponseTime {
        /// Which quantile.
        quantile: f64,
    },
    /// Answered minus sent.
    ServiceTime {
        /// Which quantile.
        quantile: f64,
    },
    /// From due until the outcome of the money was known for good.
    Settled {
        /// Which quantile.
        quantile: f64,
    },
    /// Sent minus due: how late the generator was.
    Lag {
        /// Which quantile.
        quantile: f64,
    },
    /// Share that failed: everything but ok and declined.
    Failed,
    /// Share without a complete answer.
    Unknown,
    /// Share refused by the rules of the business.
    Declined,
    /// Journeys due and never started.
    Dropped,
    /// Journeys ended per second.
    Throughput,
}

impl Metric {
    /// The word used in scenarios and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ResponseTime { .. } => "response_time",
            Self::ServiceTime { .. } => "service_time",
            Self::Settled { .. } => "settled",
            Self::Lag { .. } => "lag",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Declined => "declined",
            Self::Dropped => "dropped",
            Self::Throughput => "throughput",
        }
    }

    /// The quantile, for times.
    pub const fn quantile(self) -> Option<f64> {
        match self {
            Self::ResponseTime { quantile }
            | Self::ServiceTime { quantile }
            | Self::Settled { quantile }
            | Self::Lag { quantile } => Some(quantile),
            _ => None,
        }
    }
}

/// How a measured value must relate to the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    Greater,
}

impl Comparison {
    /// The sign used in scenarios.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::AtLeast => ">=",
            Self::Greater => ">",
        }
    }

    /// Whether `value` relates to `bound` in this way.
    #[expect(clippy::float_cmp, reason = "`==` is for counts, which are whole numbers")]
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::Less => value < bound,
            Self::AtMost => value <= bound,
            Self::Equal => value == bound,
            Self::AtLeast => value >= bound,
            Self::Greater => value > bound,
        }
    }
}

/// Why a text is not an objective.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ObjectiveError {
    /// No `:` after the journey.
    #[error("an objective names a journey or `all`, then `:`")]
    NoScope,
    /// No sign of comparison.
    #[error("an objective compares: one of `<`, `<=`, `==`, `>=`, `>` is missing")]
    NoComparison,
    /// A single `=`.
    #[error("`=` is not a comparison; equality is `==`")]
    SingleEqual,
    /// Not a metric.
    #[error("unknown metric `{word}`")]
    UnknownMetric {
        /// What stood there.
        word: String,
    },
    /// More words than a quantile and a metric.
    #[error("too many words before the comparison: `{words}`")]
    TooManyWords {
        /// What stood there.
        words: String,
    },
    /// A time without a quantile.
    #[error("`{metric}` needs a quantile before it, such as `p99 {metric}`")]
    NoQuantile {
        /// The metric.
        metric: &'static str,
    },
    /// A quantile of something that has none.
    #[error("`{metric}` has no quantiles, so `{word}` makes no sense before it")]
    QuantileOfCount {
        /// The metric.
        metric: &'static str,
        /// What stood before it.
        word: String,
    },
    /// Not a quantile, or not above p0 and below p100.
    #[error("`{word}` is not a quantile such as `p50`, `p99` or `p99.9`")]
    BadQuantile {
        /// What stood there.
        word: String,
    },
    /// A bound that is not of the metric's kind.
    #[error("the bound of `{metric}` must be {expected}, found `{found}`")]
    BadBound {
        /// The metric.
        metric: &'static str,
        /// What would do.
        expected: &'static str,
        /// What stood there.
        found: String,
    },
}

/// The words for metrics, in the order in which help lists them.
pub const METRIC_WORDS: [&str; 9] =
    ["response_time", "service_time", "settled", "lag", "failed", "unknown", "declined", "dropped", "throughput"];

/// Parses `SCOPE: [QUANTILE] METRIC COMPARISON BOUND`.
///
/// Whether the journey exists is not checked here.
///
/// # Errors
/// [`ObjectiveError`] for the first fault from the left.
pub fn parse_objective(text: &str) -> Result<Objective, ObjectiveError> {
    let text = text.trim();
    let (scope, rest) = text.split_once(':').ok_or(ObjectiveError::NoScope)?;
    let scope = match scope.trim() {
        "" => return Err(ObjectiveError::NoScope),
        "all" => Scope::All,
        name => Scope::Journey(name.to_owned()),
    };
    let (measured, comparison, bound) = split_comparison(rest)?;
    let words: Vec<&str> = measured.split_whitespace().collect();
    let metric = match words.as_slice() {
        [] => return Err(ObjectiveError::UnknownMetric { word: String::new() }),
        [word] => metric(None, word)?,
        [quantile, word] => metric(Some(quantile), word)?,
        _ => return Err(ObjectiveError::TooManyWords { words: words.join(" ") }),
    };
    let bound = parse_bound(metric, bound.trim())?;
    Ok(Objective { text: text.to_owned(), scope, metric, comparison, bound })
}

fn split_comparison(text: &str) -> Result<(&str, Comparison, &str), ObjectiveError> {
    let at = text.find(['<', '=', '>']).ok_or(ObjectiveError::NoComparison)?;
    let (measured, rest) = text.split_at(at);
    // Longer signs first: `<=` begins with `<`.
    let signs = [Comparison::AtMost, Comparison::AtLeast, Comparison::Equal, Comparison::Less, Comparison::Greater];
    signs
        .into_iter()
        .find_map(|c| rest.strip_prefix(c.sign()).map(|bound| (measured, c, bound)))
        .ok_or(ObjectiveError::SingleEqual)
}

fn metric(quantile: Option<&str>, word: &str) -> Result<Metric, ObjectiveError> {
    let timed = |make: fn(f64) -> Metric, metric: &'static str| match quantile {
        Some(q) => parse_quantile(q).map(make),
        None => Err(ObjectiveError::NoQuantile { metric }),
    };
    let plain = |made: Metric| match quantile {
        Some(q) => Err(ObjectiveError::QuantileOfCount { metric: made.word(), word: q.to_owned() }),
        None => Ok(made),
    };
    match word {
        "response_time" => timed(|quantile| Metric::ResponseTime { quantile }, "response_time"),
        "service_time" => timed(|quantile| Metric::ServiceTime { quantile }, "service_time"),
        "settled" => timed(|quantile| Metric::Settled { quantile }, "settled"),
        "lag" => timed(|quantile| Metric::Lag { quantile }, "lag"),
        "failed" => plain(Metric::Failed),
        "unknown" => plain(Metric::Unknown),
        "declined" => plain(Metric::Declined),
        "dropped" => plain(Metric::Dropped),
        "throughput" => plain(Metric::Throughput),
        _ => Err(ObjectiveError::UnknownMetric { word: word.to_owned() }),
    }
}

fn parse_quantile(word: &str) -> Result<f64, ObjectiveError> {
    let digits = word.strip_prefix('p').filter(|d| d.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    // By shifting the point in the text, as dividing by 100 would make 0.9990000000000001 of `p99.9`.
    match digits.and_then(|d| format!("{d}{}e-2", if d.contains('.') { "" } else { ".0" }).parse::<f64>().ok()) {
        Some(quantile) if quantile > 0.0 && quantile < 1.0 => Ok(quantile),
        _ => Err(ObjectiveError::BadQuantile { word: word.to_owned() }),
    }
}

fn parse_bound(metric: Metric, text: &str) -> Result<f64, ObjectiveError> {
    let (bound, expected) = match metric {
        Metric::ResponseTime { .. } | Metric::ServiceTime { .. } | Metric::Settled { .. } | Metric::Lag { .. } => {
            (parse_span(text).map(|span| span.as_nanos() as f64 / 1e3), "a time such as `300 ms`")
        }
        Metric::Failed | Metric::Unknown | Metric::Declined => {
            (parse_percent(text).filter(|ratio| *ratio <= 1.0), "a share from `0 %` to `100 %`, such as `0.1 %`")
        }
        Metric::Dropped => (text.parse::<u32>().ok().map(f64::from), "a whole number such as `0`"),
        Metric::Throughput => (parse_rate(text), "a rate such as `150/s`"),
    };
    bound.ok_or_else(|| ObjectiveError::BadBound { metric: metric.word(), expected, found: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, scope: Scope, metric: Metric, comparison: Comparison, bound: f64) {
        let expected = Objective { text: text.to_owned(), scope, metric, comparison, bound };
        assert_eq!(parse_objective(text), Ok(expected), "{text}");
    }

    #[test]
    fn every_metric_is_read_with_its_bound_in_its_unit() {
        use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
        let pay = || Scope::Journey("pay".to_owned());
        check("pay: p99 response_time <= 300 ms", pay(), Metric::ResponseTime { quantile: 0.99 }, AtMost, 300_000.0);
        check("pay: p50 service_time < 40ms", pay(), Metric::ServiceTime { quantile: 0.5 }, Less, 40_000.0);
        check("pay:p99 settled<=5 s", pay(), Metric::Settled { quantile: 0.99 }, AtMost, 5e6);
        check("all: p99.9 lag <= 5ms", Scope::All, Metric::Lag { quantile: 0.999 }, AtMost, 5_000.0);
        check("all: failed <= 0.1 %", Scope::All, Metric::Failed, AtMost, 0.001);
        check("all: unknown <= 1 %", Scope::All, Metric::Unknown, AtMost, 0.01);
        check("all: declined > 0 %", Scope::All, Metric::Declined, Greater, 0.0);
        check("all: dropped == 0", Scope::All, Metric::Dropped, Equal, 0.0);
        check("all: throughput >= 150/s", Scope::All, Metric::Throughput, AtLeast, 150.0);
    }

    #[test]
    fn every_fault_is_told_in_one_sentence() {
        let told = |text| parse_objective(text).map_or_else(|e| e.to_string(), |o| format!("{o:?}"));
        let table = [
            ("p99 response_time <= 3 ms", "an objective names a journey or `all`, then `:`"),
            (": failed <= 1 %", "an objective names a journey or `all`, then `:`"),
            ("all: failed 1 %", "an objective compares: one of `<`, `<=`, `==`, `>=`, `>` is missing"),
            ("all: dropped = 0", "`=` is not a comparison; equality is `==`"),
            ("all: latency < 1 s", "unknown metric `latency`"),
            ("all: p99 of lag < 1 s", "too many words before the comparison: `p99 of lag`"),
            ("all: lag < 1 s", "`lag` needs a quantile before it, such as `p99 lag`"),
            ("all: p99 failed < 1 %", "`failed` has no quantiles, so `p99` makes no sense before it"),
            ("all: p100 lag < 1 s", "`p100` is not a quantile such as `p50`, `p99` or `p99.9`"),
            ("all: pinf lag < 1 s", "`pinf` is not a quantile such as `p50`, `p99` or `p99.9`"),
            ("all: p99 lag < 5", "the bound of `lag` must be a time such as `300 ms`, found `5`"),
            ("all: dropped == 1.5", "the bound of `dropped` must be a whole number such as `0`, found `1.5`"),
            (
                "all: failed <= 101 %",
                "the bound of `failed` must be a share from `0 %` to `100 %`, such as `0.1 %`, found `101 %`",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn every_listed_metric_word_is_known() {
        for word in METRIC_WORDS {
            let known = metric(Some("p50"), word).or_else(|_| metric(None, word)).map(Metric::word);
            assert_eq!(known, Ok(word));
        }
    }
}
