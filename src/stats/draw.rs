//! Random draws from a named stream of the run's seed.

use chacha20::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use super::normal_quantile;
use crate::seed::Seed;

/// A source of random numbers that gives the same ones for the same seed, name and number, everywhere.
///
/// The draws are written here, on the raw bits, and not taken from a library of distributions: those may
/// change their algorithm between versions, and a stored plan must stay repeatable.
#[derive(Debug)]
pub struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream `name`, number `index`, of `seed`.
    pub fn new(seed: Seed, name: &str, index: u64) -> Self {
        Self(ChaCha8Rng::from_seed(seed.stream(name, index)))
    }

    /// Uniform over the open interval (0, 1): never 0 or 1, so that its logarithm is always finite.
    pub fn unit(&mut self) -> f64 {
        open_unit(self.0.next_u64())
    }

    /// The same for whoever draws once from the stream `name`, number `index`, of `seed`: a generator takes longer to start than
    /// a plan needs for the rest of a draw. Not what [`Draws::new`] begins with.
    pub fn one(seed: Seed, name: &str, index: u64) -> f64 {
        open_unit(seed.number(name, index))
    }

    /// Exponential with mean 1, by inversion.
    pub fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Normal with mean 0 and variance 1, by inversion.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.unit())
    }

    /// Gamma with this shape, above 0, and scale 1: mean and variance are the shape.
    ///
    /// # Source
    /// G. Marsaglia and W. W. Tsang, *A Simple Method for Generating Gamma Variables*, ACM Transactions on Mathematical
    /// Software 26 (2000); below 1 by the last section's power of a uniform draw.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.unit().powf(shape.recip());
        }
        let d = shape - 1.0 / 3.0;
        let c = (9.0 * d).sqrt().recip();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            // In 1 of 1,000 or fewer cases `v` is not above 0; its logarithm is then no number, and it is refused.
            if self.unit().ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// Uniform over `0..n`; 0 if `n` is 0.
    ///
    /// # Source
    /// D. Lemire, *Fast Random Integer Generation in an Interval*, 2019: the high half of a product. Without
    /// the rejection step the bias is below n/2^64, which no run can see.
    pub fn below(&mut self, n: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(n);
        (product >> 64) as u64
    }

    /// Whether an event of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

/// The middle of the one of 2^53 equal cells of (0, 1) that the upper bits tell.
fn open_unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (0.5_f64).powi(53)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_means_of_their_distributions() {
        let mut draws = Draws::new(Seed(7), "test", 0);
        let n = 100_000;
        let mut sums = [0.0; 3];
        for _ in 0..n {
            sums[0] += draws.unit();
            sums[1] += draws.exponential();
            sums[2] += draws.below(11) as f64;
        }
        // Five standard errors: 0.29/sqrt(n), 1/sqrt(n), 3.16/sqrt(n).
        for (sum, mean, sd) in [(sums[0], 0.5, 0.29), (sums[1], 1.0, 1.0), (sums[2], 5.0, 3.17)] {
            let error = (sum / f64::from(n) - mean).abs();
            assert!(error < 5.0 * sd / f64::from(n).sqrt(), "mean off by {error}");
        }
    }

    /// Journeys are numbered one after the other, and take one draw from each of some streams: of one stream they must not
    /// hang together, nor of one journey.
    #[test]
    fn single_draws_are_uniform_and_tell_nothing_of_one_another() {
        let n = 100_000;
        let of = |name: &'static str| move |index| Draws::one(Seed(7), name, index) - 0.5;
        let (payer, amount) = (of("payer"), of("amount"));
        let mut sums = [0.0; 4];
        for index in 0..n {
            let (u, v) = (payer(index), payer(index + 1));
            let products = [u, 12.0 * u * u - 1.0, u * v, u * amount(index)];
            sums.iter_mut().zip(products).for_each(|(sum, x)| *sum += x);
        }
        // Their standard deviations: 1/sqrt(12); 12 u^2 has 2/sqrt(5); a product of two 1/12.
        for (sum, sd) in sums.into_iter().zip([12_f64.sqrt().recip(), 2.0 / 5_f64.sqrt(), 1.0 / 12.0, 1.0 / 12.0]) {
            let error = (sum / n as f64).abs();
            assert!(error < 5.0 * sd / (n as f64).sqrt(), "off by {error} in {sums:?}");
        }
    }

    #[test]
    fn draws_never_change_between_versions() {
        for (index, frozen) in [(7, 0.292_498), (8, 0.084_080)] {
            let digits = Draws::one(Seed(42), "frozen", index) - frozen;
            assert!((0.0..1e-6).contains(&digits), "{index}: {digits}");
        }
        // Frozen on purpose: stored plans are only repeatable while this holds.
        let mut draws = Draws::new(Seed(42), "frozen", 7);
        assert_eq!([0; 4].map(|_| draws.below(1_000_000)), [425_115, 34_961, 231_543, 976_928]);
    }

    #[test]
    fn below_reaches_both_ends_and_nothing_else() {
        let mut draws = Draws::new(Seed(1), "test", 1);
        let seen: std::collections::BTreeSet<u64> = (0..200).map(|_| draws.below(3)).collect();
        assert_eq!(seen, [0, 1, 2].into());
        assert_eq!(draws.below(0), 0);
    }
}
