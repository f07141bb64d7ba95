//! What a comparison looked like over time, for plots.

use serde::{Deserialize, Serialize};

/// The looks after every block, and both arms' times. Data only; serialised beside the verdict for the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CanarySeries {
    /// Orders of both arms together at each look; look `n` is after block `n + 1`.
    pub orders: Vec<u64>,
    /// One for each metric, in the order of the verdict.
    pub metrics: Vec<MetricSeries>,
    /// First step's response time of orders that both arms carried out: the control's, then the canary's.
    pub curves: Vec<ArmCurve>,
    /// Computed and shown, never decisive.
    pub supporting: Vec<Supporting>,
}

/// One metric at every look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSeries {
    /// As in the verdict.
    pub name: String,
    /// The largest ratio that may pass.
    pub margin: f64,
    /// ln e from which on it fails.
    pub ln_e_fails: f64,
    /// One for each look.
    pub points: Vec<SeriesPoint>,
}

/// One metric at one look. Not running maxima: as it stood then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesPoint {
    /// Logarithm of the e-value against *no worse than the margin*.
    pub ln_e: f64,
    /// Canary to control; `null` while there is none.
    pub ratio: Option<f64>,
    /// Lower end of its confidence sequence; `null` while unbounded.
    pub low: Option<f64>,
    /// Upper end of it; `null` while unbounded.
    pub high: Option<f64>,
}

/// Quantile curve of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmCurve {
    /// `control` or `canary`.
    pub arm: String,
    /// Orders behind it.
    pub n: u64,
    /// `(q, microseconds)`, ascending, from 0 up to the quantile that the sample just supports.
    pub points: Vec<(f64, f64)>,
}

/// A comparison of all times of one arm with all of the other, as if they were independent.
///
/// They are not: orders of one block wait for the same slow moment, so these reject too often on a real machine. They
/// show where a difference lies; blocks decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Supporting {
    /// The quantile, 0 to 1.
    pub quantile: f64,
    /// Two-sided p-value of equal quantiles.
    ///
    /// # Source
    /// S. R. Howard and A. Ramdas, *Sequential estimation of quantiles*, arXiv 1906.09712, theorem 5.
    pub p_value: Option<f64>,
    /// Canary minus control by the band for the whole distribution, microseconds; `null` where it is unbounded.
    pub difference_low_us: Option<f64>,
    #[expect(missing_docs, reason = "see `difference_low_us`")]
    pub difference_high_us: Option<f64>,
}
