//! One definition of a quantile, used everywhere.

/// The `q`-quantile of `sample`: linear between order statistics, so the smallest is at 0 and the largest
/// at 1. `None` if the sample is empty or `q` is outside 0..=1.
///
/// # Arguments
/// - `sample`: `[n]`, ascending, any unit
///
/// # Source
/// R. J. Hyndman and Y. Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50
/// (1996): definition 7, the default of R and `NumPy`.
pub fn quantile(sample: &[f64], q: f64) -> Option<f64> {
    let last = sample.len().checked_sub(1)?;
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    let place = q * last as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=last by the check above")]
    let low = (place.floor() as usize).min(last);
    let high = (low + 1).min(last);
    let part = place - low as f64;
    Some(sample[low] + (sample[high] - sample[low]) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_r_type_7() {
        // R: quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1), type = 7)
        let sample = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (q, expected) in [(0.0, 1.0), (0.1, 1.4), (0.25, 2.0), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            let got = quantile(&sample, q).expect("a sample");
            assert!((got - expected).abs() < 1e-12, "q {q}: {got}");
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0], 1.5), None);
        assert_eq!(quantile(&[1.0], f64::NAN), None);
        assert_eq!(quantile(&[3.0], 0.99), Some(3.0));
    }
}
