//! Whether two samples have the same quantile, looked at as often as one likes.
//!
//! # Source
//! S. R. Howard and A. Ramdas, *Sequential Estimation of Quantiles with Applications to A/B Testing and Best-arm
//! Identification*, Bernoulli 28 (2022), arXiv 1906.09712, theorem 5.

use super::cumulative::CumulativeCounts;
use super::mixture::{BetaBinomialMixture, Mixture, Sides};

/// ln E against the hypothesis that the `p`-quantiles of `a` and `b` are equal, `p` inside 0..1.
///
/// For every value x that could be the common quantile there is evidence against it from both samples; what remains
/// for the best such x is evidence against all of them. Counts in buckets are enough: inside a bucket the observations
/// may lie anywhere, and the least evidence is taken. 0 if a sample is empty.
///
/// `t_opt` is the sample size of each arm at which the test is most powerful; it is valid at every size.
///
/// Assumes independent observations: thin response times during queueing, or compare blocks.
pub fn quantile_equality_ln_e(a: &CumulativeCounts<'_>, b: &CumulativeCounts<'_>, p: f64, t_opt: f64) -> f64 {
    let mixture = BetaBinomialMixture::of_indicator(p, t_opt, Sides::Two);
    let arm = |counts, p| Arm::new(counts, p, |s, v| mixture.ln_m(s, v));
    least_evidence(a, b, &arm(a, p), &arm(b, p))
}

/// The p-value of [`quantile_equality_ln_e`] from this look alone: min(1, 1/E). Over many looks use the largest
/// ln E so far.
pub fn quantile_equality_p(a: &CumulativeCounts<'_>, b: &CumulativeCounts<'_>, p: f64, t_opt: f64) -> f64 {
    (-quantile_equality_ln_e(a, b, p, t_opt)).exp().min(1.0)
}

/// ln E against the hypothesis that the `p`-quantile of `b` is at most that of `a`: large only if `b` is slower.
///
/// The same construction with one-sided evidence: that more than `p` of `a`, and that less than `p` of `b`, lies at or
/// below x. For a margin, divide `b`'s edges by 1 + margin first.
pub fn quantile_worse_ln_e(a: &CumulativeCounts<'_>, b: &CumulativeCounts<'_>, p: f64, t_opt: f64) -> f64 {
    let more = BetaBinomialMixture::of_indicator(p, t_opt, Sides::One);
    let fewer = BetaBinomialMixture::of_indicator(1.0 - p, t_opt, Sides::One);
    let arm_a = Arm::new(a, p, |s, v| more.ln_m(s, v));
    let arm_b = Arm::new(b, p, |s, v| fewer.ln_m(-s, v));
    least_evidence(a, b, &arm_a, &arm_b)
}

/// The evidence of one sample against "x is the quantile", by how many observations are at or below x.
struct Arm<F> {
    n: f64,
    p: f64,
    ln_m: F,
    /// The count at which the evidence is least; it grows away from there.
    least_at: f64,
}

impl<F: Fn(f64, f64) -> f64> Arm<F> {
    fn new(counts: &CumulativeCounts<'_>, p: f64, ln_m: F) -> Self {
        assert!(p > 0.0 && p < 1.0, "the quantile must be inside 0..1, got {p}");
        let mut arm = Self { n: counts.n() as f64, p, ln_m, least_at: 0.0 };
        let (mut low, mut high) = (0.0, arm.n);
        for _ in 0..100 {
            let (left, right) = ((2.0 * low + high) / 3.0, (low + 2.0 * high) / 3.0);
            if arm.evidence(left) <= arm.evidence(right) { high = right } else { low = left }
        }
        arm.least_at = f64::midpoint(low, high);
        arm
    }

    fn evidence(&self, count: f64) -> f64 {
        (self.ln_m)(count - self.p * self.n, self.p * (1.0 - self.p) * self.n)
    }

    /// The least evidence for a count anywhere in `from`..=`to`.
    fn least(&self, from: u64, to: u64) -> f64 {
        self.evidence(self.least_at.clamp(from as f64, to as f64))
    }
}

/// The least sum of both arms' evidence over all places the common quantile could be.
fn least_evidence<F, G>(a: &CumulativeCounts<'_>, b: &CumulativeCounts<'_>, arm_a: &Arm<F>, arm_b: &Arm<G>) -> f64
where
    F: Fn(f64, f64) -> f64,
    G: Fn(f64, f64) -> f64,
{
    if a.n() == 0 || b.n() == 0 {
        return 0.0;
    }
    let (mut i, mut j) = (0, 0);
    let (mut before_a, mut before_b) = (0, 0);
    let mut least = f64::INFINITY;
    while i < a.upper_edges.len() || j < b.upper_edges.len() {
        let next =
            |counts: &CumulativeCounts<'_>, k: usize| counts.upper_edges.get(k).copied().unwrap_or(f64::INFINITY);
        let edge = next(a, i).min(next(b, j));
        let step = |counts: &CumulativeCounts<'_>, k: &mut usize, before: u64| {
            if next(counts, *k) <= edge && *k < counts.upper_edges.len() {
                *k += 1;
                counts.cumulative[*k - 1]
            } else {
                before
            }
        };
        let (at_a, at_b) = (step(a, &mut i, before_a), step(b, &mut j, before_b));
        least = least.min(arm_a.least(before_a, at_a) + arm_b.least(before_b, at_b));
        (before_a, before_b) = (at_a, at_b);
    }
    least
}

#[cfg(test)]
mod tests {
    use super::super::cumulative::CumulativeTable;
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;

    fn p_value(offset: u32, p: f64) -> f64 {
        let a: Vec<f64> = (1..=1_000).map(f64::from).collect();
        let b: Vec<f64> = (1..=1_000).map(|x| f64::from(x + offset)).collect();
        let (a, b) = (CumulativeTable::of_sorted(&a), CumulativeTable::of_sorted(&b));
        quantile_equality_p(&a.counts(), &b.counts(), p, 100.0)
    }

    /// Published in the tests of `confseq`, to the digits there.
    #[test]
    fn equality_of_quantiles_agrees_with_published_values() {
        for (p, offset, expected) in
            [(0.5, 70, 0.814_704), (0.5, 85, 0.083_805_5), (0.5, 100, 0.005_494_7), (0.9, 55, 0.034_046_3)]
        {
            let got = p_value(offset, p);
            assert!((got / expected - 1.0).abs() < 1e-5, "p{p} offset {offset}: {got} for {expected}");
        }
    }

    fn table(draws: &mut Draws, n: usize, factor: f64) -> CumulativeTable {
        let mut sample: Vec<f64> = (0..n).map(|_| factor * draws.exponential()).collect();
        sample.sort_by(f64::total_cmp);
        CumulativeTable::of_sorted(&sample)
    }

    #[test]
    fn one_sided_evidence_accuses_only_the_slower() {
        let mut draws = Draws::new(Seed(8), "quantile test", 0);
        let (fast, slow) = (table(&mut draws, 4_000, 1.0), table(&mut draws, 4_000, 1.3));
        let worse = |a: &CumulativeTable, b: &CumulativeTable| quantile_worse_ln_e(&a.counts(), &b.counts(), 0.5, 1e3);
        assert!(worse(&fast, &slow) > 1e4_f64.ln(), "{}", worse(&fast, &slow));
        assert!(worse(&slow, &fast) < 0.0, "{}", worse(&slow, &fast));
        // Within a margin of half as much again the slower one is acceptable.
        assert!(worse(&fast, &slow.divided_by(1.5)) < 0.0);
    }

    #[test]
    fn coarse_buckets_never_add_evidence() {
        let mut draws = Draws::new(Seed(8), "quantile test", 1);
        let (a, b) = (table(&mut draws, 2_000, 1.0), table(&mut draws, 2_000, 1.3));
        let coarse = |fine: &CumulativeTable, width: f64| {
            let counts = fine.counts();
            let mut before = 0;
            let buckets: Vec<(f64, u64)> = counts
                .upper_edges
                .iter()
                .zip(counts.cumulative)
                .map(|(edge, &sum)| {
                    let n = sum - before;
                    before = sum;
                    ((edge / width).ceil() * width, n)
                })
                .collect();
            CumulativeTable::of_buckets(buckets)
        };
        let ln_e =
            |a: &CumulativeTable, b: &CumulativeTable| quantile_equality_ln_e(&a.counts(), &b.counts(), 0.5, 1e3);
        let exact = ln_e(&a, &b);
        let (fine, rough) = (ln_e(&coarse(&a, 0.01), &coarse(&b, 0.01)), ln_e(&coarse(&a, 0.5), &coarse(&b, 0.5)));
        assert!(fine <= exact && rough <= fine, "{exact} {fine} {rough}");
        assert!(fine > 0.8 * exact, "a hundredth of the scale costs little: {exact} {fine}");
    }

    /// 200 pairs of equal arms, looked at after every 100 of 500 observations: at α = 5 % at most 10 are expected to
    /// be told apart; five standard errors are 15.
    #[test]
    fn looking_often_seldom_tells_equal_arms_apart() {
        let told_apart = (0..200)
            .filter(|&i| {
                let mut draws = Draws::new(Seed(9), "equal arms", i);
                let mut arms: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
                (0..5).any(|_| {
                    for arm in &mut arms {
                        arm.extend((0..100).map(|_| draws.exponential()));
                        arm.sort_by(f64::total_cmp);
                    }
                    let [a, b] = [0, 1].map(|k: usize| CumulativeTable::of_sorted(&arms[k]));
                    quantile_equality_ln_e(&a.counts(), &b.counts(), 0.9, 300.0) >= 20_f64.ln()
                })
            })
            .count();
        assert!(told_apart <= 25, "{told_apart} of 200");
    }

    #[test]
    fn an_empty_sample_is_no_evidence() {
        let a = CumulativeTable::of_sorted(&[1.0, 2.0]);
        let p = quantile_equality_p(&a.counts(), &CumulativeTable::default().counts(), 0.5, 100.0);
        assert!(p >= 1.0, "{p}");
    }
}
