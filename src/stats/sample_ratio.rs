//! Whether traffic is split between the releases as it was meant to be.

use super::special::ln_beta_kernel;

/// A sequential test of the split of requests between arms; a mismatch makes every other comparison invalid.
///
/// The evidence compares a Dirichlet-multinomial mixture (M₁) with the planned shares (M₀). As an e-process it may be
/// looked at after every batch: P(it ever reaches 1/α | the shares are as planned) is at most α.
///
/// # Source
/// M. Lindon and A. Malek, *Anytime-Valid Inference for Multinomial Count Data*, Advances in Neural Information Processing Systems 35
/// (2022), arXiv 2011.03567,
/// section 3; the package `ssrm-test` of the same authors.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleRatio {
    shares: Vec<f64>,
    alpha: Vec<f64>,
    counts: Vec<u64>,
    ln_coefficients: f64,
    max_ln_e: f64,
}

impl SampleRatio {
    /// A test of `shares` (`[arms]`, each inside 0..1, summing to 1), with the prior `alpha` (`[arms]`, above 0).
    ///
    /// # Panics
    /// If the lengths differ, there are fewer than two arms, or a number is out of its range.
    pub fn new(shares: &[f64], alpha: &[f64]) -> Self {
        assert!(shares.len() >= 2 && shares.len() == alpha.len(), "one prior for each of two or more arms");
        assert!(shares.iter().all(|&p| p > 0.0 && p < 1.0), "shares must be inside 0..1");
        let total: f64 = shares.iter().sum();
        assert!((total - 1.0).abs() < 1e-9, "the shares must sum to 1, got {total}");
        assert!(alpha.iter().all(|&a| a > 0.0), "the prior must be above 0");
        Self {
            shares: shares.to_vec(),
            alpha: alpha.to_vec(),
            counts: vec![0; shares.len()],
            ln_coefficients: 0.0,
            max_ln_e: 0.0,
        }
    }

    /// A test of `shares` with a prior centred on them, of the weight of `c` requests. 10,000 serves: small
    /// departures are found sooner than with a vague prior.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_concentration(shares: &[f64], c: f64) -> Self {
        let alpha: Vec<f64> = shares.iter().map(|p| c * p).collect();
        Self::new(shares, &alpha)
    }

    /// Adds the requests of one batch, `[arms]`.
    ///
    /// # Panics
    /// If there is not one count for each arm.
    pub fn take(&mut self, counts: &[u64]) {
        assert_eq!(counts.len(), self.counts.len(), "one count for each arm");
        let n: u64 = counts.iter().sum();
        self.ln_coefficients += ln_factorial(n) - counts.iter().map(|&x| ln_factorial(x)).sum::<f64>();
        for (sum, x) in self.counts.iter_mut().zip(counts) {
            *sum += x;
        }
        self.max_ln_e = self.max_ln_e.max(self.ln_e());
    }

    /// The requests of each arm so far, `[arms]`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// ln of the probability of all batches under the mixture.
    pub fn ln_m1(&self) -> f64 {
        self.ln_m0() + self.ln_e()
    }

    /// ln of the probability of all batches under the planned shares.
    pub fn ln_m0(&self) -> f64 {
        self.ln_coefficients + self.counts.iter().zip(&self.shares).map(|(&x, p)| x as f64 * p.ln()).sum::<f64>()
    }

    /// ln E against the planned shares, now.
    pub fn ln_e(&self) -> f64 {
        // A Dirichlet is a chain of betas: this arm against all later ones. Each link is a difference of two kernels,
        // which keeps its digits where the two likelihoods themselves are of the order of the number of requests.
        let mut later_share = 0.0;
        let mut later_alpha = 0.0;
        let mut later_count = 0.0;
        let mut ln_e = 0.0;
        for i in (0..self.shares.len()).rev() {
            let (share, alpha, count) = (self.shares[i], self.alpha[i], self.counts[i] as f64);
            if later_share > 0.0 {
                let theta = share / (share + later_share);
                ln_e += ln_beta_kernel(alpha + count, later_alpha + later_count, theta)
                    - ln_beta_kernel(alpha, later_alpha, theta);
            }
            later_share += share;
            later_alpha += alpha;
            later_count += count;
        }
        ln_e
    }

    /// The largest ln E so far, at least 0. The split is off at level α once it reaches ln 1/α.
    pub fn max_ln_e(&self) -> f64 {
        self.max_ln_e
    }
}

fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::printed::assert_printed;

    /// Published in the tests of the package `ssrm-test` (Optimizely).
    #[test]
    fn both_likelihoods_agree_with_published_values() {
        let mut test = SampleRatio::new(&[0.4, 0.4, 0.2], &[1.0, 1.0, 1.0]);
        for (counts, ln_m1, ln_m0) in [
            ([20, 17, 9], "-7.028201432058", "-4.0776406466062"),
            ([18, 21, 8], "-11.94784773836", "-8.2659468611"),
            ([4, 6, 4], "-15.47140195026", "-11.61074351955"),
            ([18, 19, 11], "-19.96484521090", "-15.781031228536"),
        ] {
            test.take(&counts);
            assert_printed(&format!("ln M1 after {counts:?}"), test.ln_m1(), ln_m1);
            assert_printed(&format!("ln M0 after {counts:?}"), test.ln_m0(), ln_m0);
            assert_printed("ln E", test.ln_e() - (test.ln_m1() - test.ln_m0()), "0.000000000000");
        }
        assert_eq!(test.counts(), [60, 63, 32]);
        assert!(test.max_ln_e() >= 0.0);
    }

    #[test]
    fn a_split_that_is_off_by_a_hundredth_is_found() {
        let mut off = SampleRatio::with_concentration(&[0.5, 0.5], 10_000.0);
        let mut right = off.clone();
        for _ in 0..100 {
            off.take(&[5_100, 4_900]);
            right.take(&[5_000, 5_000]);
        }
        assert!(off.max_ln_e() > 100_f64.ln() && off.ln_e() > 100.0, "{}", off.ln_e());
        assert!(right.max_ln_e() <= 0.0 && right.ln_e() < 0.0, "{}", right.ln_e());
    }

    #[test]
    fn evidence_keeps_its_digits_for_counts_of_1e9() {
        // With two arms it is the two-sided evidence of a failure split: mpmath at 60 digits, as there.
        let mut test = SampleRatio::with_concentration(&[0.01, 0.99], 20.0);
        test.take(&[10_010_000, 990_000_000]);
        assert_printed("1e9", test.ln_e(), "-4.2382632921");
    }
}
