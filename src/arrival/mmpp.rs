//! Arrivals in bursts.

use super::curve::RateCurve;
use super::poisson::area_of;
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::{RunOffset, Span};

/// A Poisson process that is calm for a while, then bursts, in turn: a Markov-modulated Poisson process (MMPP) of two
/// states. How long a state lasts is exponential, in seconds of the run, whatever the rate.
///
/// The rate is the curve's times `calm_pace` or `burst_pace`. They are in the given ratio, and their mean over time is 1,
/// so that the mean rate is the curve's at every moment; the first state is drawn by its share of the time. Over `t`
/// seconds at a rate `r` the number of journeys has the mean `r t` and the variance
///
/// `Var N = r t + 2 r^2 d^2 p q / s * (t - (1 - e^(-s t)) / s)`
///
/// with `d` the difference of the paces, `p` and `q` the states' shares of the time, and `s` the sum of the rates at which
/// states end. It is `r t` for the Poisson process given the states, and the variance of the area under the modulated rate,
/// whose autocovariance at a distance `u` is `r^2 d^2 p q e^(-s u)`.
///
/// # Source
/// W. Fischer and K. Meier-Hellstern, *The Markov-modulated Poisson process (MMPP) cookbook*, Performance Evaluation 18
/// (1993), section 2: the two-state process, its mean and its variance-time curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmpp {
    calm: Span,
    burst: Span,
    ratio: f64,
}

impl Mmpp {
    /// States that are shorter on average are no bursts, only work.
    pub const SHORTEST: Span = Span::from_millis(1);

    /// The largest ratio of the two rates.
    pub const RATIO_MAX: f64 = 1_000.0;

    /// Calm for `calm` and bursting for `burst` on average, at least [`SHORTEST`](Self::SHORTEST) each; bursts at `ratio`
    /// times the calm rate, above 1 and at most [`RATIO_MAX`](Self::RATIO_MAX). `None` for others.
    pub fn new(calm: Span, burst: Span, ratio: f64) -> Option<Self> {
        let is_possible = calm.min(burst) >= Self::SHORTEST && ratio > 1.0 && ratio <= Self::RATIO_MAX;
        is_possible.then_some(Self { calm, burst, ratio })
    }

    /// The rate while calm, in units of the mean rate.
    fn calm_pace(self) -> f64 {
        let (calm, burst) = (self.calm.as_secs_f64(), self.burst.as_secs_f64());
        (calm + burst) / (calm + self.ratio * burst)
    }

    /// The share of the time that is burst.
    fn burst_share(self) -> f64 {
        let (calm, burst) = (self.calm.as_secs_f64(), self.burst.as_secs_f64());
        burst / (calm + burst)
    }

    pub(super) fn due_times(self, curve: RateCurve, seed: Seed) -> impl Iterator<Item = RunOffset> + Send + use<> {
        // Streams of their own: bursts come at the same moments at whatever rate.
        let mut states = Draws::new(seed, "arrival_state", 0);
        let mut gaps = Draws::new(seed, "arrival", 0);
        let mut state = State { is_burst: !states.chance(self.burst_share()), until: 0, ends: 0 };
        state.turn(self, &mut states, &curve);
        let mut area = 0;
        std::iter::from_fn(move || {
            loop {
                let gap = area_of(gaps.exponential() / state.pace(self));
                if gap < state.ends - area {
                    area += gap;
                    return curve.time_of(area);
                }
                if state.until >= curve.duration().as_nanos() {
                    return None;
                }
                // Exponential gaps know no past: a new one from the change of state on is as good as the rest of the old.
                area = state.ends;
                state.turn(self, &mut states, &curve);
            }
        })
    }
}

/// The state the process is in.
struct State {
    is_burst: bool,
    /// When it ends, nanoseconds.
    until: u64,
    /// The area under the curve until then.
    ends: u128,
}

impl State {
    /// Goes on to the other state.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0; `as` saturates")]
    fn turn(&mut self, of: Mmpp, states: &mut Draws, curve: &RateCurve) {
        self.is_burst = !self.is_burst;
        let mean = if self.is_burst { of.burst } else { of.calm };
        let lasts = (states.exponential() * mean.as_nanos() as f64) as u64;
        self.until = self.until.saturating_add(lasts);
        self.ends = curve.area_until(self.until);
    }

    fn pace(&self, of: Mmpp) -> f64 {
        if self.is_burst { of.calm_pace() * of.ratio } else { of.calm_pace() }
    }
}
