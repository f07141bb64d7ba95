//! What chance decides about one call, from the run's seed and the call's number alone.
//!
//! Keyed by the number without the run's name, so two runs with one seed meet the same bank luck payment by
//! payment, in whatever order their calls arrive. That is what makes comparing two releases a paired one.

use std::borrow::Cow;

use chacha20::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp, Gamma, LogNormal};

use crate::profile::{Share, Times};
use crate::seed::Seed;
use crate::time::Span;

/// Draws above this are taken as this.
const TIME_MAX: Span = Span::from_secs(60);

/// The same, of times that may be of days.
const LONG_TIME_MAX: Span = Span::from_secs(7 * 86_400);

/// The uses of chance. Each has a stream of its own: a new one moves none of the others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    After = 1,
    IsUnknown = 2,
    IsExecuted = 3,
    Way = 4,
    IsDeclined = 5,
    Code = 6,
    FinalAfter = 7,
    CallbackAfter = 8,
    IsDuplicate = 9,
    IsLost = 10,
    IsNotFound = 11,
    IsDegraded = 12,
    IsBroken = 13,
    Break = 14,
    IsReturned = 15,
    ReturnedAfter = 16,
    Race = 17,
    IsReordered = 18,
    ReorderedBy = 19,
    IsAmountWrong = 20,
    IsConflicting = 21,
    IsWrongKey = 22,
    IsUnsigned = 23,
    IsStale = 24,
    IsSynchronous = 25,
    IsUnlisted = 26,
    IsListedNextDay = 27,
    IsListedTwice = 28,
    IsListedAmountWrong = 29,
    IsListedStatusWrong = 30,
    IsListedFeeWrong = 31,
    AreTotalsWrong = 32,
    IsFileCut = 33,
    IsEncodingWrong = 34,
    IsFileLate = 35,
    IsFileAbsent = 36,
    ExtraAmount = 37,
    ExtraTime = 38,
    IsHandshakeBroken = 39,
    HandshakeBreak = 40,
    AskCode = 41,
}

/// The luck of one call.
pub(super) struct Luck([u8; 32]);

impl Luck {
    /// The luck of call `nth` (from 1) of `operation` at `channel` about `number`, an order or refund number
    /// without its run.
    pub(super) fn of(seed: Seed, channel: &str, operation: &str, number: &str, nth: u32) -> Self {
        // Nearly all calls are the first of their number.
        let nth = if nth == 1 { Cow::Borrowed("1") } else { Cow::Owned(nth.to_string()) };
        Self(seed.stream_of_parts(&["mock.", channel, ".", operation], &[number, "#", &nth]))
    }

    /// Uniform from 0 up to but not including 1.
    pub(super) fn uniform(&self, draw: Draw) -> f64 {
        unit(&mut self.stream(draw))
    }

    /// Whether chance takes this call for `share`. Where the share is none nothing is drawn, which moves no other draw.
    pub(super) fn takes(&self, draw: Draw, share: Share) -> bool {
        share.0 > 0.0 && share.takes(self.uniform(draw))
    }

    /// A time from `times`.
    pub(super) fn time(&self, draw: Draw, times: &Times) -> Span {
        self.sample(draw, times).min(TIME_MAX)
    }

    /// A time from `times`, which may be of days, so many times shorter.
    pub(super) fn long_time(&self, draw: Draw, times: &Times, time_scale: f64) -> Span {
        let time = self.sample(draw, times).min(LONG_TIME_MAX);
        Span::from_secs_f64(time.as_secs_f64() / time_scale)
    }

    /// One of `choices` by weight; `None` if there are none.
    pub(super) fn pick<T: Copy>(&self, draw: Draw, choices: &[(T, f64)]) -> Option<T> {
        by_weight(choices.iter().map(|&(choice, weight)| (choice, weight)), self.uniform(draw))
    }

    fn sample(&self, draw: Draw, times: &Times) -> Span {
        match times {
            // A stream takes longer to start than the rest of most decisions.
            Times::Constant(time) => time.0,
            _ => sample(times, &mut self.stream(draw)),
        }
    }

    fn stream(&self, draw: Draw) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(draw as u64);
        rng
    }
}

/// Uniform from 0 up to but not including 1: the 53 bits a double can hold.
fn unit(stream: &mut ChaCha8Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 * (-53f64).exp2()
}

/// The choice at `place`, 0 to 1, when they are laid out side by side, each as long as its weight.
fn by_weight<T>(choices: impl Iterator<Item = (T, f64)> + Clone, place: f64) -> Option<T> {
    let total: f64 = choices.clone().map(|(_, weight)| weight).sum();
    let mut left = place * total;
    let mut last = None;
    for (choice, weight) in choices {
        left -= weight;
        last = Some(choice);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// A time from `times`, by the numbers of `stream`.
fn sample(times: &Times, stream: &mut ChaCha8Rng) -> Span {
    let between =
        |low: Span, high: Span, part: f64| low.as_secs_f64() + (high.as_secs_f64() - low.as_secs_f64()) * part;
    let secs = match times {
        Times::Constant(span) => return span.0,
        Times::Uniform { low, high } => between(low.0, high.0, unit(stream)),
        Times::Lognormal { median, sigma } => {
            LogNormal::new(median.0.as_secs_f64().ln(), *sigma).map_or(0.0, |shape| shape.sample(stream))
        }
        Times::Exponential { mean } => Exp::new(1.0 / mean.0.as_secs_f64()).map_or(0.0, |shape| shape.sample(stream)),
        Times::Gamma { mean, shape } => {
            Gamma::new(*shape, mean.0.as_secs_f64() / shape).map_or(0.0, |shape| shape.sample(stream))
        }
        Times::Mixture(parts) => {
            let place = unit(stream);
            let chosen = by_weight(parts.iter().map(|part| (&part.times, part.weight)), place);
            return chosen.map_or(Span::ZERO, |times| sample(times, stream));
        }
        Times::Quantiles(points) => {
            let place = unit(stream);
            let around = points.windows(2).find(|pair| place < pair[1].at.0);
            let Some([before, after]) = around else { return Span::ZERO };
            between(before.time.0, after.time.0, (place - before.at.0) / (after.at.0 - before.at.0))
        }
    };
    Span::from_secs_f64(secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Part, Quantile, SpanText};

    fn luck(n: u32) -> Luck {
        Luck::of(Seed(7), "bank", "pay", &format!("{n:07}p"), 1)
    }

    fn median_of(times: &Times) -> f64 {
        let mut drawn: Vec<u64> = (0..4_001).map(|n| luck(n).time(Draw::After, times).as_micros()).collect();
        drawn.sort_unstable();
        drawn[2_000] as f64 / 1e3
    }

    /// Aim: each distribution has the centre its definition gives. With 4,001 draws the sample median of these
    /// shapes lies within 5 % of the true one (standard error about 2 %); seeded, so never by bad luck.
    #[test]
    fn times_have_the_median_their_distribution_says() {
        let ms = SpanText::from_millis;
        let table = [
            (Times::Constant(ms(9)), 9.0),
            (Times::Uniform { low: ms(10), high: ms(30) }, 20.0),
            (Times::Lognormal { median: ms(12), sigma: 0.5 }, 12.0),
            // Median of an exponential is mean × ln 2.
            (Times::Exponential { mean: ms(100) }, 69.3),
            // The median of a gamma of shape 4 and scale 1 is 3.672, here of scale 25 ms.
            (Times::Gamma { mean: ms(100), shape: 4.0 }, 91.8),
            (quantiles(&[(0.0, 2), (0.5, 12), (0.99, 60), (1.0, 400)]), 12.0),
        ];
        for (times, expected) in table {
            let median = median_of(&times);
            assert!((median / expected - 1.0).abs() < 0.05, "{times:?}: {median} ms");
        }
    }

    fn quantiles(points: &[(f64, u64)]) -> Times {
        let point = |&(at, ms)| Quantile { at: Share(at), time: SpanText::from_millis(ms) };
        Times::Quantiles(points.iter().map(point).collect())
    }

    /// How many of 4,000 draws are longer than `ms`.
    fn n_above(times: &Times, ms: u64) -> usize {
        (0..4_000).filter(|&n| luck(n).time(Draw::After, times) > Span::from_millis(ms)).count()
    }

    /// Binomial(4000, p): a share of 10 % is 400 with standard deviation 19, one of 1 % is 40 with 6.3.
    #[test]
    fn a_mixture_and_a_table_of_quantiles_have_the_tails_they_say() {
        let constant = |weight, ms| Part { weight, times: Times::Constant(SpanText::from_millis(ms)) };
        let mixture = Times::Mixture(vec![constant(9.0, 10), constant(1.0, 500)]);
        assert_eq!(n_above(&mixture, 10), n_above(&mixture, 499), "nothing in between");
        assert!((324..=476).contains(&n_above(&mixture, 10)), "{}", n_above(&mixture, 10));
        let table = quantiles(&[(0.0, 2), (0.5, 12), (0.99, 60), (1.0, 400)]);
        assert!((15..=65).contains(&n_above(&table, 60)), "{}", n_above(&table, 60));
        assert_eq!((n_above(&table, 1), n_above(&table, 400)), (4_000, 0));
        // On the straight line from the median to the 99th percentile: 75 % lie below 12 + 48 × 25 / 49 ms.
        assert!((890..=1_110).contains(&n_above(&table, 36)), "{}", n_above(&table, 36));
    }

    #[test]
    fn a_draw_never_exceeds_a_minute() {
        let times = Times::Lognormal { median: SpanText::from_millis(50_000), sigma: 3.0 };
        assert!((0..100).all(|n| luck(n).time(Draw::After, &times) <= TIME_MAX));
    }

    #[test]
    fn choices_come_by_weight() {
        let choices = [("a", 3.0), ("b", 1.0)];
        let n_a = (0..4_000).filter(|&n| luck(n).pick(Draw::Way, &choices) == Some("a")).count();
        // Binomial(4000, 0.75): mean 3000, standard deviation 27.
        assert!((2_900..=3_100).contains(&n_a), "{n_a}");
        assert_eq!(luck(1).pick::<u8>(Draw::Way, &[]), None);
    }

    #[test]
    fn luck_hangs_on_the_number_and_on_which_call_it_is() {
        let draw = |channel: &str, operation: &str, number: &str, nth| {
            Luck::of(Seed(7), channel, operation, number, nth).uniform(Draw::IsDeclined).to_bits()
        };
        let first = draw("bank", "pay", "0000001p", 1);
        assert_eq!(first, draw("bank", "pay", "0000001p", 1));
        for other in [
            draw("wallet", "pay", "0000001p", 1),
            draw("bank", "refund", "0000001p", 1),
            draw("bank", "pay", "0000002p", 1),
            draw("bank", "pay", "0000001p", 2),
        ] {
            assert_ne!(first, other);
        }
    }
}
