//! Exact bounds for a share, such as that of failed payments.

use super::special::{beta_quantile, ends_of_beta_quantile};

/// The two-sided interval for the probability behind `k` of `n`: both ends in 0..=1, covering with at least
/// `confidence`. `None` if nothing was observed, `k` is not in 0..=`n`, or `confidence` is not inside 0..1.
///
/// `k` and `n` need not be whole: for dependent observations give effective counts, that is both divided by the
/// number of observations that say as much as one independent one.
///
/// # Source
/// C. J. Clopper and E. S. Pearson, *The Use of Confidence or Fiducial Limits Illustrated in the Case of the
/// Binomial*, Biometrika 26 (1934), as beta quantiles.
pub fn clopper_pearson(k: f64, n: f64, confidence: f64) -> Option<(f64, f64)> {
    let sound = n > 0.0 && n.is_finite() && (0.0..=n).contains(&k) && confidence > 0.0 && confidence < 1.0;
    let tail = (1.0 - confidence) / 2.0;
    sound.then(|| (share_lower(k, n, tail), share_upper(k, n, tail)))
}

/// The upper end of a one-sided interval for the probability behind `k` of `n`: below the truth with a probability
/// of at most `level`. 1 if nothing was observed. `k` and `n` as in [`clopper_pearson`].
pub fn share_upper(k: f64, n: f64, level: f64) -> f64 {
    if n > 0.0 && k < n {
        // The upper tail as the lower tail of the mirrored variable keeps both tiny levels and tiny shares exact.
        ends_of_beta_quantile(level.ln(), n - k, k + 1.0).1
    } else {
        1.0
    }
}

/// The lower end of a one-sided interval for the probability behind `k` of `n`: above the truth with a probability
/// of at most `level`. 0 if nothing was observed. `k` and `n` as in [`clopper_pearson`].
pub fn share_lower(k: f64, n: f64, level: f64) -> f64 {
    if n > 0.0 && k > 0.0 { beta_quantile(level, k, n - k + 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::printed::assert_printed;

    /// By bisection on the incomplete beta function with mpmath 1.3 at 25 digits.
    #[test]
    fn intervals_agree_with_reference_values() {
        for (k, n, low, high) in [
            (1.0, 10.0, "0.0025285785445", "0.44501611703"),
            (5.0, 50.0, "0.033275093589", "0.21813536643"),
            (12.5, 80.25, "0.084426664490", "0.25387531907"),
        ] {
            let got = clopper_pearson(k, n, 0.95).unwrap();
            assert_printed(&format!("low of {k}/{n}"), got.0, low);
            assert_printed(&format!("high of {k}/{n}"), got.1, high);
        }
    }

    #[test]
    fn no_failure_in_n_bounds_the_share_by_the_rule_of_three() {
        // 1 - 0.05^(1/n), about 3/n.
        assert_printed("0 of 300", share_upper(0.0, 300.0, 0.05), "0.00993608194");
        assert_printed("0 of 300", share_lower(0.0, 300.0, 0.05), "0.000000000");
        assert_printed("all of 300", share_lower(300.0, 300.0, 0.05), "0.99006391806");
        assert_printed("1e-9 in 1e9", share_upper(0.0, 1e9, 1e-9), "2.0723266e-8");
    }

    #[test]
    fn nothing_observed_tells_nothing() {
        assert_eq!(clopper_pearson(0.0, 0.0, 0.95), None);
        assert_eq!(clopper_pearson(3.0, 2.0, 0.95), None);
        assert_eq!(clopper_pearson(f64::NAN, 2.0, 0.95), None);
        assert!(share_upper(0.0, 0.0, 0.05) >= 1.0 && share_lower(0.0, 0.0, 0.05) <= 0.0);
    }
}
