//! Stations whose capacity is known: queues with servers, simulated in virtual time.

use std::collections::BinaryHeap;

use plimsoll::seed::Seed;
use plimsoll::stats::Draws;

/// How service times are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service {
    /// All alike.
    Constant,
    /// Exponential.
    Exponential,
    /// Exponential, by a factor that wanders: `e^x`, x with this standard deviation and correlation time in seconds.
    Wandering(f64, f64),
    /// Even between 0.8 and 1.2 of the mean; with more than so many in the system, twice as long.
    Collapsing(usize),
    /// Even between 0.5 and 1.5 of the mean.
    Even,
}

/// A queue with servers, and what is asked of it.
#[derive(Clone, Debug)]
pub(super) struct Station {
    /// For the table.
    pub(super) name: &'static str,
    /// Servers with one queue.
    pub(super) servers: usize,
    /// Mean service time, seconds.
    pub(super) mean_s: f64,
    /// How service times are drawn.
    pub(super) service: Service,
    /// Whether arrivals are independent of one another; otherwise evenly spaced.
    pub(super) is_poisson: bool,
    /// What must hold.
    pub(super) objective: &'static str,
    /// The highest rate at which it holds in the long run, per second.
    pub(super) truth: f64,
    /// How far beyond it, as a share, a rate is not yet one that fails: where only the backlog tells, one that grows by less
    /// than 0.2 % of the rate is none.
    pub(super) grain: f64,
    /// Where the search begins.
    pub(super) start: f64,
    /// Time budget, seconds.
    pub(super) budget_s: u64,
    /// What each step takes besides its schedule, milliseconds: a chain's, or a channel's alone.
    pub(super) overhead_ms: u64,
    /// Its opening that is left out, milliseconds.
    pub(super) warm_up_ms: u64,
}

/// The stations of the table.
pub(super) fn stations() -> Vec<Station> {
    [solved(), simulated()].concat()
}

/// What most of them have in common.
fn plain() -> Station {
    Station {
        name: "",
        servers: 1,
        mean_s: 0.002,
        service: Service::Exponential,
        is_poisson: true,
        objective: "all: p90 response_time <= 20 ms",
        truth: 0.0,
        grain: 0.0,
        start: 60.0,
        budget_s: 180,
        overhead_ms: 3_000,
        warm_up_ms: 1_000,
    }
}

/// Those whose truth is a closed form.
fn solved() -> Vec<Station> {
    vec![
        Station {
            name: "D/D/4, 4 servers of 5 ms, p99 <= 100 ms",
            servers: 4,
            mean_s: 0.005,
            service: Service::Constant,
            is_poisson: false,
            objective: "all: p99 response_time <= 100 ms",
            truth: 800.0,
            grain: BACKLOG_GRAIN,
            start: 300.0,
            budget_s: 90,
            overhead_ms: 750,
            warm_up_ms: 500,
        },
        Station {
            name: "M/M/1, 4,000/s, p90 <= 6 ms",
            mean_s: 1.0 / 4_000.0,
            objective: "all: p90 response_time <= 6 ms",
            // Response times are exponential with rate mu - lambda.
            truth: 4_000.0 - 10.0_f64.ln() / 0.006,
            start: 2_000.0,
            budget_s: 90,
            overhead_ms: 750,
            warm_up_ms: 500,
            ..plain()
        },
        Station {
            name: "D/M/1, 4,000/s, p70 <= 3 ms",
            mean_s: 1.0 / 4_000.0,
            is_poisson: false,
            objective: "all: p70 response_time <= 3 ms",
            truth: dm1_truth(4_000.0, 0.003, 0.3),
            start: 2_000.0,
            budget_s: 180,
            overhead_ms: 750,
            warm_up_ms: 500,
            ..plain()
        },
        Station {
            name: "M/M/1, 1,000/s, p99 <= 30 ms",
            mean_s: 0.001,
            objective: "all: p99 response_time <= 30 ms",
            truth: 1_000.0 - 100.0_f64.ln() / 0.03,
            start: 100.0,
            ..plain()
        },
        Station {
            name: "M/M/4, 4 servers of 1 ms, p95 <= 6 ms",
            servers: 4,
            mean_s: 0.001,
            objective: "all: p95 response_time <= 6 ms",
            truth: mmn_truth(4, 1_000.0, 0.006, 0.05),
            start: 500.0,
            ..plain()
        },
    ]
}

/// Those whose truth was simulated or is the rate at which servers are busy all the time.
fn simulated() -> Vec<Station> {
    vec![
        Station {
            name: "M/D/2, 2 servers of 0.5 ms, p95 <= 2.5 ms",
            servers: 2,
            mean_s: 0.000_5,
            service: Service::Constant,
            objective: "all: p95 response_time <= 2.5 ms",
            truth: MD2_TRUTH,
            start: 500.0,
            ..plain()
        },
        Station {
            name: "wandering service, mean 0.25 ms, p95 <= 6 ms",
            mean_s: 0.000_25,
            service: Service::Wandering(0.1, 0.05),
            objective: "all: p95 response_time <= 6 ms",
            truth: WANDERING_TRUTH,
            start: 500.0,
            ..plain()
        },
        Station {
            name: "knee with collapse, 4 servers of 8 ms, p99 <= 50 ms",
            servers: 4,
            mean_s: 0.008,
            service: Service::Collapsing(20),
            is_poisson: false,
            objective: "all: p99 response_time <= 50 ms",
            truth: 500.0,
            grain: BACKLOG_GRAIN,
            start: 100.0,
            ..plain()
        },
        Station {
            name: "M/G/1, 150/s, only the backlog tells",
            mean_s: 1.0 / 150.0,
            service: Service::Even,
            // By Pollaczek and Khinchine one in a hundred waits 30 s at 0.1/s below what the server can do.
            objective: "all: p99 response_time <= 30 s",
            truth: 149.9,
            grain: BACKLOG_GRAIN,
            start: 100.0,
            overhead_ms: 4_000,
            ..plain()
        },
    ]
}

/// Growth that the judge of a step takes for none, as a share of the rate.
const BACKLOG_GRAIN: f64 = 0.002;
/// By `long_run_truth` over 30 million journeys a rate; the same gives 3,425.2 for M/M/4, whose closed form is 3,421.7.
const MD2_TRUTH: f64 = 3_339.5;
/// In the same way.
const WANDERING_TRUTH: f64 = 3_278.0;

/// The arrival rate at which a share of `allowed` of the response times of D/M/1 is above `bound`: they are exponential with
/// the rate g that is `-ln(allowed) / bound` there, and g = mu (1 - exp(-g / lambda)).
///
/// # Source
/// G/M/1: D. Gross and others, *Fundamentals of Queueing Theory*, 4th ed., 2008, section 5.3.
fn dm1_truth(mu: f64, bound: f64, allowed: f64) -> f64 {
    let g = -allowed.ln() / bound;
    g / -(-g / mu).ln_1p()
}

/// The arrival rate at which a share of `allowed` of the response times of M/M/n is above `bound`, by bisection.
///
/// # Source
/// P(T > t) of M/M/n with Erlang's C: D. Gross and C. Harris, *Fundamentals of Queueing Theory*, 3rd ed., 1998,
/// section 2.3.
fn mmn_truth(n: u32, mu: f64, bound: f64, allowed: f64) -> f64 {
    let beyond = |lambda: f64| {
        let a = lambda / mu;
        let n_f = f64::from(n);
        let mut term = 1.0;
        let mut sum = 0.0;
        for k in 0..n {
            sum += term;
            term *= a / f64::from(k + 1);
        }
        let tail = term * n_f / (n_f - a);
        let c = tail / (sum + tail);
        let slack = n_f * mu - lambda;
        // The wait is 0 or, with probability c, exponential with rate slack; service is exponential with rate mu.
        (1.0 - c) * (-mu * bound).exp() + c * (mu * (-slack * bound).exp() - slack * (-mu * bound).exp()) / (mu - slack)
    };
    let (mut low, mut high) = (0.0, f64::from(n) * mu);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if beyond(middle) > allowed { high = middle } else { low = middle }
    }
    low
}

/// A moment by which a server is free again or a journey has ended; the earliest is the greatest.
#[derive(PartialEq)]
struct At(f64);
impl Eq for At {}
impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for At {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0)
    }
}

impl Station {
    /// Runs `seconds` of load at `rate` from an empty start; tells due and answered time of each journey, seconds.
    pub(super) fn simulate(&self, rate: f64, seconds: f64, seed: Seed, mut tell: impl FnMut(f64, f64)) {
        let mut draws = Draws::new(seed, "station", 0);
        let mut free: BinaryHeap<At> = (0..self.servers).map(|_| At(0.0)).collect();
        let mut inside: BinaryHeap<At> = BinaryHeap::new();
        let (mut wander, mut wandered_at) = (0.0, 0.0);
        let mut at = 0.0;
        loop {
            at += if self.is_poisson { draws.exponential() } else { 1.0 } / rate;
            if at >= seconds {
                return;
            }
            let start = free.pop().map_or(at, |f| f.0.max(at));
            let factor = match self.service {
                Service::Constant => 1.0,
                Service::Exponential => draws.exponential(),
                Service::Wandering(deviation, time) => {
                    // An Ornstein-Uhlenbeck process in steps of 10 ms.
                    while wandered_at < start {
                        wandered_at += 0.01;
                        let keep = (-0.01_f64 / time).exp();
                        wander = keep * wander + deviation * (1.0 - keep * keep).sqrt() * normal(&mut draws);
                    }
                    draws.exponential() * f64::exp(wander)
                }
                Service::Collapsing(limit) => {
                    while inside.peek().is_some_and(|e| e.0 <= at) {
                        inside.pop();
                    }
                    let slow = if inside.len() > limit { 2.0 } else { 1.0 };
                    slow * (0.8 + 0.4 * draws.unit())
                }
                Service::Even => 0.5 + draws.unit(),
            };
            let end = start + factor * self.mean_s;
            free.push(At(end));
            if matches!(self.service, Service::Collapsing(_)) {
                inside.push(At(end));
            }
            tell(at, end);
        }
    }

    /// The rate at which the objective just holds, by bisection over long simulations with common random numbers.
    #[expect(
        dead_code,
        reason = "how the constants above were found; hours of simulation are no part of a calibration"
    )]
    pub(super) fn long_run_truth(&self, journeys: f64, bound_s: f64, allowed: f64) -> f64 {
        let (mut low, mut high) = (0.0, self.servers as f64 / self.mean_s);
        for _ in 0..14 {
            let rate = f64::midpoint(low, high);
            let (mut n, mut beyond) = (0_u64, 0_u64);
            self.simulate(rate, journeys / rate, Seed(99), |due, end| {
                n += 1;
                beyond += u64::from(end - due > bound_s);
            });
            if beyond as f64 > allowed * n as f64 { high = rate } else { low = rate }
        }
        f64::midpoint(low, high)
    }
}

/// Standard normal, by Box and Muller.
fn normal(draws: &mut Draws) -> f64 {
    (2.0 * draws.exponential()).sqrt() * (std::f64::consts::TAU * draws.unit()).cos()
}
