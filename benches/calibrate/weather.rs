//! Paired runs of two releases in virtual time: what a machine does to both, and what the canary does wrong.

use std::f64::consts::TAU;

use plimsoll::canary::Blocks;
use plimsoll::seed::Seed;
use plimsoll::stats::Draws;

/// What strikes either arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Nothing but chance.
    Calm,
    /// Slow periods of some seconds, three times slower, on whichever arm is on.
    Noisy,
    /// A bank is out for some orders: they fail in both arms.
    BankOut,
    /// Everything fails for a while on whichever arm is on.
    BenchOut,
}

/// What the canary does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Everything takes so many times as long.
    Slower(f64),
    /// So many times as many orders fail.
    MoreFailures(f64),
    /// One of five orders fails within a millisecond.
    FailsFast,
    /// From this block on it answers nothing.
    Dies(usize),
    /// It was never there: no order left a trace.
    NoData,
    /// Neither arm answers anything.
    BothSilent,
}

/// One order on one arm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    /// Due, seconds of virtual time.
    pub(crate) due_s: f64,
    /// Response time, seconds; `None` if it was never answered.
    pub(crate) response_s: Option<f64>,
    /// Whether it failed.
    pub(crate) is_failed: bool,
}

/// What both arms did: `[block][order]`, and nothing where an arm left no trace.
pub(crate) struct Paired {
    /// The stable release.
    pub(crate) control: Vec<Vec<Order>>,
    /// The release under judgement.
    pub(crate) canary: Vec<Vec<Order>>,
}

/// Share of orders that fails on a sound release.
const BASE: f64 = 0.01;
/// Orders per second.
const RATE: f64 = 100.0;

/// The machine both arms run on, one at a time.
struct Machine {
    draws: Draws,
    now_s: f64,
    is_bad: bool,
    changes_s: f64,
    bad_mean_s: f64,
    good_mean_s: f64,
}

impl Machine {
    fn new(weather: Weather, index: u64) -> Self {
        let (bad_mean_s, good_mean_s) = match weather {
            Weather::Noisy => (1.5, 8.0),
            Weather::BenchOut => (2.0, 60.0),
            Weather::Calm | Weather::BankOut => (0.0, f64::INFINITY),
        };
        let draws = Draws::new(Seed(4), "machine", index);
        let mut machine = Self { draws, now_s: 0.0, is_bad: true, changes_s: 0.0, bad_mean_s, good_mean_s };
        machine.change();
        machine
    }

    fn change(&mut self) {
        self.is_bad = !self.is_bad;
        self.changes_s += self.draws.exponential() * if self.is_bad { self.bad_mean_s } else { self.good_mean_s };
    }

    fn wait(&mut self, s: f64) {
        self.now_s += s;
        while self.changes_s <= self.now_s {
            self.change();
        }
    }
}

/// Runs the stream cut as `blocks` through both arms, one block after the other in the order of its coin.
pub(crate) fn run(blocks: &Blocks, weather: Weather, effect: Effect, index: u64) -> Paired {
    let mut machine = Machine::new(weather, index);
    let mut paired = Paired { control: Vec::new(), canary: Vec::new() };
    for k in 0..blocks.len() {
        for is_canary in [blocks.is_canary_first(k), !blocks.is_canary_first(k)] {
            let orders = blocks
                .orders(k)
                .filter(|_| !(is_canary && effect == Effect::NoData))
                .map(|journey| {
                    let gap = machine.draws.exponential() / RATE;
                    machine.wait(gap);
                    order(journey, is_canary, k, weather, effect, &mut machine, index)
                })
                .collect();
            if is_canary { paired.canary.push(orders) } else { paired.control.push(orders) }
        }
    }
    paired
}

fn order(
    journey: u64,
    is_canary: bool,
    block: usize,
    weather: Weather,
    effect: Effect,
    machine: &mut Machine,
    index: u64,
) -> Order {
    // What belongs to the order is the same in both arms: amount, account, the bank's luck.
    let mut own = Draws::new(Seed(index), "order", journey);
    let own_ln = 0.35 * normal(&mut own);
    let is_bank_out = weather == Weather::BankOut && journey % 1_500 < 60;
    let bank_fails = is_bank_out && own.chance(0.4);
    let due_s = machine.now_s;
    let arm_ln = 0.35 * normal(&mut machine.draws);
    let slow = if weather == Weather::Noisy && machine.is_bad { 3.0 } else { 1.0 };
    let mut response_s = 0.02 * slow * (own_ln + arm_ln).exp();
    let mut share = BASE;
    match effect {
        Effect::Slower(times) if is_canary => response_s *= times,
        Effect::MoreFailures(times) if is_canary => share *= times,
        _ => {}
    }
    let mut is_failed = machine.draws.chance(share) || bank_fails;
    is_failed |= weather == Weather::BenchOut && machine.is_bad;
    if effect == Effect::FailsFast && is_canary && machine.draws.chance(0.2) {
        return Order { due_s, response_s: Some(0.001), is_failed: true };
    }
    let is_silent = match effect {
        Effect::Dies(from) => is_canary && block >= from,
        Effect::BothSilent => true,
        _ => false,
    };
    if is_silent {
        return Order { due_s, response_s: None, is_failed: true };
    }
    Order { due_s, response_s: Some(response_s), is_failed }
}

/// By the polar method's trigonometric form (Box and Muller, 1958).
fn normal(draws: &mut Draws) -> f64 {
    (-2.0 * draws.unit().ln()).sqrt() * (TAU * draws.unit()).cos()
}
