//! Intervals that say how far a number can be trusted.

/// An interval that covers the `q`-quantile of the population behind `sample`.
///
/// Uses order statistics, so it assumes nothing about the distribution's shape. It does assume independent
/// observations. Response times during queueing are not independent: thin them, or count blocks.
///
/// # Arguments
/// - `sample`: `[n]`, ascending
/// - `q`: which quantile, above 0 and below 1
/// - `confidence`: wanted coverage, above 0 and below 1; the true coverage is at least this
///
/// # Returns
/// `(low, high)`, both members of `sample`, or `None` if even (smallest, largest) covers too little.
/// At each side at most half of what is not covered is left over, if the sample allows it.
///
/// # Source
/// H. A. David and H. N. Nagaraja, *Order Statistics*, 3rd ed., Wiley 2003, section 7.1.
pub fn quantile_interval<T: Copy>(sample: &[T], q: f64, confidence: f64) -> Option<(T, T)> {
    let (r, s) = covering_ranks(sample.len(), q, confidence)?;
    Some((sample[r - 1], sample[s - 1]))
}

/// [`quantile_interval`] for observations that resemble their neighbours, such as response times while work queues.
///
/// Every block counts as one observation only, however long it is: the ranks are those of a sample with one member a
/// block, and the values those at the same place in the whole sample. The true coverage is at least `confidence` if
/// blocks are longer than the correlation time, see [`autocorrelation_time`](super::autocorrelation_time); mostly it
/// is more, as whole blocks say more than one member.
///
/// # Arguments
/// - `in_time_order`: `[n]`, as observed; a last block that is not full is left out of the count, not of the sample
/// - `block_len`: observations in a block, at least 1; with 1 this is [`quantile_interval`]
///
/// # Returns
/// As [`quantile_interval`]; `None` also if blocks are too few, which for `q` = 0.99 at 95 % is below 299.
///
/// # Source
/// As [`quantile_interval`]; blocks as in A. M. Law, *Simulation Modeling and Analysis*, 5th ed., McGraw-Hill 2015,
/// section 9.5.3.
pub fn quantile_interval_blocks<T: Copy + PartialOrd>(
    in_time_order: &[T],
    q: f64,
    confidence: f64,
    block_len: usize,
) -> Option<(T, T)> {
    let n = in_time_order.len();
    let n_blocks = n.checked_div(block_len)?;
    let (r, s) = covering_ranks(n_blocks, q, confidence)?;
    let mut sorted = in_time_order.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    // The r-th of n_blocks stands for the members between shares (r-1)/n_blocks and r/n_blocks of the whole; the
    // outer end of each is taken.
    let low = (r - 1) * n / n_blocks;
    let high = (s * n).div_ceil(n_blocks) - 1;
    Some((sorted[low], sorted[high]))
}

/// How many observations are needed to claim with `confidence` that the `q`-quantile is within a bound when none was
/// beyond it; both inside 0..1. Independent observations, or blocks.
///
/// # Source
/// `confidence` <= 1 - `q`^n, solved for n: S. S. Wilks, *Determination of Sample Sizes for Setting Tolerance Limits*,
/// Annals of Mathematical Statistics 12 (1941).
pub fn samples_needed(q: f64, confidence: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, by intent")]
    let n = ((1.0 - confidence).ln() / q.ln()).ceil() as u64;
    n
}

/// The 1-based ranks between which the `q`-quantile lies with `confidence`, in a sample of `n`.
fn covering_ranks(n: usize, q: f64, confidence: f64) -> Option<(usize, usize)> {
    let inside = |x: f64| 0.0 < x && x < 1.0;
    if !inside(q) || !inside(confidence) || n == 0 {
        return None;
    }
    let cdf = binomial_cdf(n, q);
    let tail = (1.0 - confidence) / 2.0;
    // The r-th and s-th smallest (1-based) cover with probability P(r <= B < s) = cdf[s-1] - cdf[r-1],
    // B binomial(n, q).
    let below = cdf.partition_point(|&p| p <= tail);
    let mut r = below.max(1);
    let mut s = (cdf.partition_point(|&p| p < 1.0 - tail) + 1).min(n);
    let covers = |r: usize, s: usize| cdf[s - 1] - cdf[r - 1];
    while covers(r, s) < confidence {
        match (r > 1, s < n) {
            (true, _) => r -= 1,
            (false, true) => s += 1,
            (false, false) => return None,
        }
    }
    Some((r, s))
}

/// P(B <= k) for k in `0..=n`, B binomial(`n`, `q`).
fn binomial_cdf(n: usize, q: f64) -> Vec<f64> {
    // Logarithms, as the terms of long samples underflow.
    let (log_q, log_p) = (q.ln(), (-q).ln_1p());
    let mut log_choose = 0.0;
    let mut sum = 0.0;
    (0..=n)
        .map(|k| {
            if k > 0 {
                log_choose += ((n - k + 1) as f64 / k as f64).ln();
            }
            sum += (log_choose + k as f64 * log_q + (n - k) as f64 * log_p).exp();
            sum.min(1.0)
        })
        .collect()
}

/// An interval for the probability behind `k` of `n`, such as a share of failures; both ends in 0..=1.
/// `None` if `n` is 0 or `k` above it: nothing observed tells nothing.
///
/// `z` is the normal quantile of the wanted coverage: 1.96 for 95 %, 2.576 for 99 %. Assumes independent
/// trials.
///
/// # Source
/// E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, JASA 22 (1927).
pub fn wilson_interval(k: u64, n: u64, z: f64) -> Option<(f64, f64)> {
    if n == 0 || k > n {
        return None;
    }
    let (count, share) = (n as f64, k as f64 / n as f64);
    let z2 = z * z;
    let middle = (share + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = z / (1.0 + z2 / count) * (share * (1.0 - share) / count + z2 / (4.0 * count * count)).sqrt();
    // At the ends the formula gives 0 and 1 up to rounding; say them exactly.
    let low = if k == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if k == n { 1.0 } else { (middle + half).min(1.0) };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;

    #[test]
    fn the_99th_percentile_needs_299_samples_at_95_percent() {
        // 0.99^299 < 0.05 <= 0.99^298 bounds one side; the two-sided interval also needs the smallest below,
        // which for q = 0.99 fails with probability 0.01^n: nothing.
        let sample: Vec<u32> = (0..299).collect();
        assert_eq!(quantile_interval(&sample[..298], 0.99, 0.95), None);
        let (low, high) = quantile_interval(&sample, 0.99, 0.95).expect("just enough");
        assert_eq!(high, 298);
        assert!(low < 296);
    }

    #[test]
    fn the_median_interval_of_ten_is_the_second_and_ninth() {
        // Tables of the sign test: n = 10, coverage 0.9785 for (2nd, 9th), 0.8906 for (3rd, 8th).
        let sample: Vec<u32> = (1..=10).collect();
        assert_eq!(quantile_interval(&sample, 0.5, 0.95), Some((2, 9)));
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        // 400 samples of 500 uniforms: the true p90 is 0.9. 95 % of 400 is 380; five standard errors are 22.
        let covered = (0..400)
            .filter(|&i| {
                let mut draws = Draws::new(Seed(3), "cover", i);
                let mut sample: Vec<f64> = (0..500).map(|_| draws.unit()).collect();
                sample.sort_by(f64::total_cmp);
                let (low, high) = quantile_interval(&sample, 0.9, 0.95).expect("long enough");
                low <= 0.9 && 0.9 <= high
            })
            .count();
        assert!(covered >= 358, "covered {covered} of 400");
    }

    #[test]
    fn blocks_of_one_are_the_plain_interval() {
        let sample: Vec<u32> = (1..=500).collect();
        let backwards: Vec<u32> = sample.iter().rev().copied().collect();
        assert_eq!(quantile_interval_blocks(&backwards, 0.9, 0.95, 1), quantile_interval(&sample, 0.9, 0.95));
        assert_eq!(quantile_interval_blocks(&sample, 0.5, 0.95, 0), None);
        assert_eq!(quantile_interval_blocks(&sample, 0.5, 0.95, 501), None);
        // Ten blocks give the ranks of ten: the 2nd and 9th tenth, at their outer ends.
        assert_eq!(quantile_interval_blocks(&sample, 0.5, 0.95, 50), Some((51, 450)));
    }

    #[test]
    fn blocks_cover_where_neighbours_resemble_each_other() {
        // 400 series in which every value comes 20 times: the plain interval covers less than it says, blocks of 20
        // as much. 95 % of 400 is 380; five standard errors are 22.
        let (mut plain, mut blocks) = (0, 0);
        for i in 0..400 {
            let mut draws = Draws::new(Seed(3), "blocks", i);
            let series: Vec<f64> = (0..100).flat_map(|_| [draws.unit(); 20]).collect();
            let mut sorted = series.clone();
            sorted.sort_by(f64::total_cmp);
            let holds = |interval: Option<(f64, f64)>| {
                let (low, high) = interval.unwrap();
                u32::from(low <= 0.8 && 0.8 <= high)
            };
            plain += holds(quantile_interval(&sorted, 0.8, 0.95));
            blocks += holds(quantile_interval_blocks(&series, 0.8, 0.95, 20));
        }
        assert!(plain < 300 && blocks >= 358, "plain {plain}, blocks {blocks} of 400");
    }

    #[test]
    fn the_samples_a_claim_needs_agree_with_the_table() {
        let quantiles = [0.9, 0.95, 0.99, 0.999, 0.9999];
        assert_eq!(quantiles.map(|q| samples_needed(q, 0.99)), [44, 90, 459, 4_603, 46_050]);
        assert_eq!(quantiles.map(|q| samples_needed(q, 0.95)), [29, 59, 299, 2_995, 29_956]);
    }

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
        let table =
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)];
        for (k, n, low, high) in table {
            let (l, h) = wilson_interval(k, n, 1.959_964).expect("trials");
            assert!((l - low).abs() < 6e-5 && (h - high).abs() < 6e-5, "{k}/{n}: {l} {h}");
        }
        assert_eq!(wilson_interval(0, 0, 1.96), None);
    }
}
