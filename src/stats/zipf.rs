//! How unevenly things are chosen.

/// The exponent `s` with which the k-th most frequent of `counts` has weight 1/k^s, by maximum likelihood;
/// within 0..=4. `None` for fewer than two counts above zero.
///
/// Ranks are taken as observed: for things chosen alike the result is a little above 0, as chance orders
/// them too.
///
/// # Source
/// A. Clauset, C. R. Shalizi, M. E. J. Newman, *Power-Law Distributions in Empirical Data*, SIAM Review 51
/// (2009), section 3.1, for a distribution cut off at the number of things seen.
pub fn zipf_exponent(counts: &[u64]) -> Option<f64> {
    let mut counts: Vec<u64> = counts.iter().copied().filter(|&c| c > 0).collect();
    if counts.len() < 2 {
        return None;
    }
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let logs: Vec<f64> = (1..=counts.len()).map(|k| (k as f64).ln()).collect();
    let total: f64 = counts.iter().map(|&c| c as f64).sum();
    let observed = counts.iter().zip(&logs).map(|(&c, l)| c as f64 * l).sum::<f64>() / total;
    // The mean logarithm of the rank falls as s grows; where it equals the observed one is the maximum.
    let expected = |s: f64| {
        let (weight, weighted) = logs.iter().fold((0.0, 0.0), |(w, x), l| {
            let p = (-s * l).exp();
            (w + p, x + p * l)
        });
        weighted / weight
    };
    let (mut low, mut high) = (0.0, 4.0);
    for _ in 0..60 {
        let s = f64::midpoint(low, high);
        if expected(s) > observed { low = s } else { high = s }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_exact_weights_is_found() {
        for s in [0.3, 0.754, 1.0, 1.6] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e9")]
            let counts: Vec<u64> = (1..=500).map(|k| (1e9 * f64::from(k).powf(-s)).round() as u64).collect();
            let got = zipf_exponent(&counts).expect("many counts");
            assert!((got - s).abs() < 1e-4, "{s}: {got}");
        }
    }

    #[test]
    fn one_thing_alone_has_no_exponent() {
        assert_eq!(zipf_exponent(&[7, 0, 0]), None);
        assert_eq!(zipf_exponent(&[]), None);
    }
}
