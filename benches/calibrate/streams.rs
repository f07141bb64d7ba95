//! Streams of orders to two arms in virtual time, with a planted ratio of failure rates.

use std::f64::consts::TAU;

use plimsoll::seed::Seed;
use plimsoll::stats::Draws;

/// How orders come, fail, and are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Poisson arrivals, one base rate of failures, halves.
    Poisson,
    /// Bursts (a Markov-modulated Poisson process) in which more fails.
    Bursty,
    /// The base rate of failures swings by a factor of 19 over a day.
    Diurnal,
    /// Now and then two of five orders fail for a while, in both arms.
    Outage,
    /// 5 % to the canary.
    Unequal,
    /// 1 %, then 5 %, then 25 % to the canary, each third with another base rate of failures.
    Ramp,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Poisson, Self::Bursty, Self::Diurnal, Self::Outage, Self::Unequal, Self::Ramp];

    /// For people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Poisson => "Poisson, 50/50",
            Self::Bursty => "bursty (Markov-modulated), 50/50",
            Self::Diurnal => "diurnal base rate, 50/50",
            Self::Outage => "outages hitting both arms, 50/50",
            Self::Unequal => "Poisson, 95/5",
            Self::Ramp => "ramp 1 %, 5 %, 25 %",
        }
    }

    /// The canary's share of traffic, stage by stage; stages last equally many orders.
    pub(crate) fn shares(self) -> &'static [f64] {
        match self {
            Self::Unequal => &[0.05],
            Self::Ramp => &[0.01, 0.05, 0.25],
            _ => &[0.5],
        }
    }
}

/// One order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Index into [`Kind::shares`].
    pub(crate) stage: usize,
    /// Which arm took it.
    pub(crate) is_canary: bool,
    /// Whether it failed.
    pub(crate) is_failed: bool,
}

/// Orders, one after the other.
pub(crate) struct Orders {
    kind: Kind,
    ratio: f64,
    draws: Draws,
    n: u64,
    taken: u64,
    /// Virtual seconds.
    at: f64,
    /// Whether a burst or an outage is on.
    is_on: bool,
    /// When that changes.
    changes_at: f64,
}

impl Orders {
    /// `n` orders of stream number `index`; the canary fails `ratio` times as often.
    pub(crate) fn new(kind: Kind, ratio: f64, n: u64, index: u64) -> Self {
        let draws = Draws::new(Seed(1), kind.text(), index);
        let mut orders = Self { kind, ratio, draws, n, taken: 0, at: 0.0, is_on: true, changes_at: 0.0 };
        orders.change();
        orders
    }

    /// Orders per second, and the share of the control's that fails.
    fn now(&self, stage: usize) -> (f64, f64) {
        match (self.kind, self.is_on) {
            (Kind::Poisson | Kind::Unequal, _) => (100.0, 0.02),
            (Kind::Bursty, true) => (400.0, 0.06),
            (Kind::Bursty, false) => (40.0, 0.01),
            (Kind::Diurnal, _) => (100.0, 0.02 * (1.0 + 0.9 * (TAU * self.at / 300.0).sin())),
            (Kind::Outage, true) => (100.0, 0.4),
            (Kind::Outage, false) => (100.0, 0.005),
            (Kind::Ramp, _) => (100.0, [0.03, 0.01, 0.02][stage]),
        }
    }

    fn change(&mut self) {
        self.is_on = !self.is_on;
        let mean = match (self.kind, self.is_on) {
            (Kind::Bursty, true) => 3.0,
            (Kind::Bursty, false) => 20.0,
            (Kind::Outage, true) => 10.0,
            (Kind::Outage, false) => 200.0,
            _ => f64::INFINITY,
        };
        self.changes_at = self.at + mean * self.draws.exponential();
    }
}

impl Iterator for Orders {
    type Item = Order;

    fn next(&mut self) -> Option<Order> {
        if self.taken == self.n {
            return None;
        }
        let shares = self.kind.shares();
        let stage = usize::try_from(self.taken * shares.len() as u64 / self.n).unwrap_or(0);
        self.taken += 1;
        loop {
            let gap = self.draws.exponential() / self.now(stage).0;
            if self.at + gap < self.changes_at {
                self.at += gap;
                break;
            }
            // Exponential gaps forget, so the next is drawn anew at the new rate.
            self.at = self.changes_at;
            self.change();
        }
        let is_canary = self.draws.chance(shares[stage]);
        let base = self.now(stage).1;
        let is_failed = self.draws.chance(if is_canary { base * self.ratio } else { base });
        Some(Order { stage, is_canary, is_failed })
    }
}
