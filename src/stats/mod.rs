//! Statistics: numbers in, numbers out, the source of every formula named.
//!
//! The ground of its floor: [`arrival`](crate::arrival) and [`shape`](crate::shape) build on it, it on nothing.
//!
//! What may be looked at again and again comes as the logarithm of an e-value, `ln_e`: under the hypothesis the
//! probability that it ever reaches ln 1/α is at most α (J. Ville, 1939), so one may stop at any time.

mod bernoulli;
mod cdf_band;
mod correlation;
mod cumulative;
mod draw;
mod failure_split;
mod histogram;
mod interval;
mod mixture;
#[cfg(test)]
mod printed;
mod quantile;
mod quantile_test;
mod sample_ratio;
mod share;
mod sign_sequence;
mod special;
mod table;
mod usl;
mod zipf;

pub use bernoulli::bernoulli_sequence;
pub use cdf_band::{cdf_band_radius, quantile_difference};
pub use correlation::{BatchMeans, Slope, autocorrelation_time, batch_means, slope_interval, wanders};
pub use cumulative::{CumulativeCounts, CumulativeTable};
pub use draw::Draws;
pub use failure_split::{FailureSplit, SplitStage, failures_needed, ln_e_grid, ratio_sequence};
pub use histogram::{Histogram, RecordOutOfRange};
pub use interval::{quantile_interval, quantile_interval_blocks, samples_needed, wilson_interval};
pub use mixture::{
    BetaBinomialMixture, GammaExponentialMixture, GammaPoissonMixture, Mixture, NormalMixture, Sides, Tuning,
};
pub use quantile::quantile;
pub use quantile_test::{quantile_equality_ln_e, quantile_equality_p, quantile_worse_ln_e};
pub use sample_ratio::SampleRatio;
pub use share::{clopper_pearson, share_lower, share_upper};
pub use sign_sequence::{ln_e_sign_worse, median_sequence};
pub use special::{
    beta_quantile, ln_beta, ln_beta_inc, ln_beta_inc_upper, ln_beta_kernel, ln_gamma_kernel, ln_gamma_p, ln_gamma_q,
    normal_cdf, normal_quantile, student_cdf, student_quantile,
};
pub use table::{QuantileTable, TableError, standard_probabilities};
pub use usl::{Estimate, Usl, UslError, fit_usl};
pub use zipf::zipf_exponent;
