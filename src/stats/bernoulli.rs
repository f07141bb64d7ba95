//! An interval for a share that holds at every moment at once.

use super::mixture::{BetaBinomialMixture, Mixture, Sides};

/// The confidence sequence of the probability behind `k` of `n`: it covers the truth at every `n` at once with
/// probability 1 - `alpha`. (0, 1) if nothing was observed.
///
/// `t_opt` is the number of trials at which it is tightest; it is valid at every number. Assumes that each trial's
/// chance, given all before it, is the same.
///
/// # Source
/// S. R. Howard and others, *Time-uniform, Nonparametric, Nonasymptotic Confidence
/// Sequences*, Annals of Statistics 49 (2021), arXiv 1810.08240: the beta-binomial mixture, inverted.
///
/// # Panics
/// If `k` is above `n`, or `alpha` is not inside 0..1.
pub fn bernoulli_sequence(k: u64, n: u64, alpha: f64, t_opt: f64) -> (f64, f64) {
    assert!(k <= n, "at most all trials succeed, got {k} of {n}");
    assert!(alpha > 0.0 && alpha < 1.0, "alpha must be inside 0..1, got {alpha}");
    if n == 0 {
        return (0.0, 1.0);
    }
    let (successes, trials) = (k as f64, n as f64);
    // An indicator of probability p goes up by 1-p and down by p.
    let is_out = |p: f64| {
        let mixture = BetaBinomialMixture::of_indicator(p, t_opt, Sides::Two);
        mixture.ln_m(successes - trials * p, trials * p * (1.0 - p)) >= -alpha.ln()
    };
    let observed = successes / trials;
    let edge = |mut outside: f64, mut inside: f64| {
        for _ in 0..100 {
            let middle = f64::midpoint(outside, inside);
            if middle <= 0.0 || middle >= 1.0 || is_out(middle) { outside = middle } else { inside = middle }
        }
        outside
    };
    let low = if k == 0 { 0.0 } else { edge(0.0, observed) };
    let high = if k == n { 1.0 } else { edge(1.0, observed) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published in the tests of `confseq`, to the digits there.
    #[test]
    fn sequences_agree_with_published_values() {
        let check = |(k, n), t_opt, (low, high): (f64, f64), error: f64| {
            let got = bernoulli_sequence(k, n, 0.05, t_opt);
            assert!((got.0 - low).abs() < error && (got.1 - high).abs() < error, "{k}/{n}: {got:?}");
        };
        check((700, 1_000), 100.0, (0.651_629, 0.745_949), 1.1e-6);
        check((15, 50), 50.0, (0.129_556, 0.511_896), 1.1e-6);
        check((5, 50), 50.0, (0.013_021, 0.269_264), 1.1e-6);
        check((1, 50), 50.0, (0.0, 0.134_89), 5e-6);
        check((100, 200), 1.0, (0.328_923, 0.671_076), 1.1e-6);
    }
}
