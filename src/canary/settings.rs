//! What a comparison of two releases allows, and how sure it must be.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a comparison is judged. Kept with the record, so that it is judged the same again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CanarySettings {
    /// How often equal releases may be failed, and how often a release beyond a margin may be passed; above 0, below 1.
    pub alpha: f64,
    /// How `alpha` is shared out over the metrics that can fail a release.
    pub weights: Weights,
    /// What still counts as no worse.
    pub margins: Margins,
    /// Pairs of blocks below which nothing passes.
    pub min_blocks: usize,
    /// Blocks in which one arm carried out nothing while the other answered, before that arm is taken for dead. One
    /// alone may be a standstill of the machine.
    pub silent_blocks: usize,
    /// Fewest orders of a block, carried out by both arms, for a quantile of times; fewer give no evidence on times.
    pub min_orders: usize,
    /// Orders that may fail on the canary beyond those that fail on the control, while the verdict is open. Beyond it
    /// a hold becomes a fail. `None`: no limit.
    pub exposure_budget: Option<u64>,
    /// Strength of the prior on whose a failure is, as a number of failures.
    pub prior: f64,
    /// Error level of the sample ratio test; it can only hold, so it takes nothing from `alpha`.
    pub sample_ratio_alpha: f64,
}

impl Default for CanarySettings {
    /// 5 %, ten pairs of blocks, no exposure budget.
    ///
    /// A sign test of blocks needs eight pairs of one voice to fail at 2 % and nine at 1 %, hence ten for a verdict. The
    /// prior of 20 is that of the reference table for failures needed to detection.
    fn default() -> Self {
        Self {
            alpha: 0.05,
            weights: Weights::default(),
            margins: Margins::default(),
            min_blocks: 10,
            silent_blocks: 2,
            min_orders: 20,
            exposure_budget: None,
            prior: 20.0,
            sample_ratio_alpha: 0.01,
        }
    }
}

/// Settings that cannot be judged by.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SettingsError {
    /// `alpha`, or the level of the sample ratio test.
    #[error("an error level must be above 0 and below 1, got {0}")]
    Level(f64),
    /// A weight of this value.
    #[error("a metric's share of alpha must be above 0 and at most 1, got {0}")]
    Weight(f64),
    /// The weights together.
    #[error("the metrics' shares of alpha must sum to at most 1, got {0}")]
    Weights(f64),
    /// A ratio of a margin.
    #[error("a margin's ratio must be 1 or more, got {0}")]
    Ratio(f64),
    /// A difference of a margin.
    #[error("a margin's difference must be 0 or more, got {0}")]
    Difference(f64),
    /// The prior.
    #[error("the prior's strength must be above 0, got {0}")]
    Prior(f64),
}

impl CanarySettings {
    /// Whether one can judge by these.
    ///
    /// # Errors
    /// The first number that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let refuse = |value: f64, fits: bool, error: fn(f64) -> SettingsError| {
            if fits { Ok(()) } else { Err(error(value)) }
        };
        for level in [self.alpha, self.sample_ratio_alpha] {
            refuse(level, level > 0.0 && level < 1.0, SettingsError::Level)?;
        }
        let w = self.weights;
        let weights = [w.failed, w.declined, w.response_p50, w.response_tail, w.settled_p50];
        for weight in weights {
            refuse(weight, weight > 0.0 && weight <= 1.0, SettingsError::Weight)?;
        }
        let sum = weights.iter().sum::<f64>();
        refuse(sum, sum <= 1.0 + 1e-9, SettingsError::Weights)?;
        let m = self.margins;
        let (shares, times) = ([m.failed, m.declined], [m.response_p50, m.response_tail, m.settled_p50]);
        let ratios = shares.iter().map(|s| s.ratio).chain(times.iter().map(|t| t.ratio));
        for ratio in ratios {
            refuse(ratio, ratio >= 1.0 && ratio.is_finite(), SettingsError::Ratio)?;
        }
        let differences = shares.iter().map(|s| s.share).chain(times.iter().map(|t| t.floor_us));
        for difference in differences {
            refuse(difference, difference >= 0.0 && difference.is_finite(), SettingsError::Difference)?;
        }
        refuse(self.prior, self.prior > 0.0 && self.prior.is_finite(), SettingsError::Prior)
    }
}

/// Shares of `alpha`: Bonferroni, so they sum to at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as the metrics")]
pub struct Weights {
    pub failed: f64,
    pub declined: f64,
    pub response_p50: f64,
    pub response_tail: f64,
    pub settled_p50: f64,
}

impl Default for Weights {
    /// Most to failures, which matter most and for which a single burst has to be told from a defect.
    fn default() -> Self {
        Self { failed: 0.4, declined: 0.1, response_p50: 0.2, response_tail: 0.2, settled_p50: 0.1 }
    }
}

/// What still counts as no worse than the control, for each metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as the metrics")]
pub struct Margins {
    pub failed: ShareMargin,
    pub declined: ShareMargin,
    pub response_p50: TimeMargin,
    pub response_tail: TimeMargin,
    pub settled_p50: TimeMargin,
}

impl Default for Margins {
    /// Failures half as many again or 0.3 % of all orders more; declines a quarter as many again or 0.5 % more. With no
    /// failure on either side 0.3 % is reached after some 1,500 orders of each arm.
    ///
    /// The median a quarter longer, the tail and the settled time half as long again; but 3 ms of the median, 10 ms of
    /// the tail and 50 ms of the settled time never matter: below them a timer or a disk makes the difference.
    fn default() -> Self {
        Self {
            failed: ShareMargin { ratio: 1.5, share: 0.003 },
            declined: ShareMargin { ratio: 1.25, share: 0.005 },
            response_p50: TimeMargin { ratio: 1.25, floor_us: 3_000.0 },
            response_tail: TimeMargin { ratio: 1.5, floor_us: 10_000.0 },
            settled_p50: TimeMargin { ratio: 1.5, floor_us: 50_000.0 },
        }
    }
}

/// No worse: at most `ratio` times the control's share, **or** at most `share` of all orders more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShareMargin {
    /// Canary's share to the control's; 1 or more.
    pub ratio: f64,
    /// Difference of the shares; 0 or more, as a share of all orders.
    pub share: f64,
}

/// No worse: at most `ratio` times the control's time, **or** at most `floor_us` longer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeMargin {
    /// Canary's time to the control's; 1 or more.
    pub ratio: f64,
    /// Difference below which it does not matter, microseconds.
    pub floor_us: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_refused() {
        let with = |change: fn(&mut CanarySettings)| {
            let mut settings = CanarySettings::default();
            change(&mut settings);
            settings.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|s| s.alpha = 0.0), Err(SettingsError::Level(0.0)));
        assert!(matches!(with(|s| s.alpha = f64::NAN), Err(SettingsError::Level(_))));
        assert_eq!(with(|s| s.weights.settled_p50 = 0.0), Err(SettingsError::Weight(0.0)));
        assert!(matches!(with(|s| s.weights.declined = 0.5), Err(SettingsError::Weights(_))));
        assert_eq!(with(|s| s.margins.failed.ratio = 0.9), Err(SettingsError::Ratio(0.9)));
        assert_eq!(with(|s| s.margins.response_p50.floor_us = -1.0), Err(SettingsError::Difference(-1.0)));
        assert_eq!(with(|s| s.prior = 0.0), Err(SettingsError::Prior(0.0)));
    }
}
