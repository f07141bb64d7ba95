//! The failure-rate test under continuous looking: false alarms, power, failures to detection.

use plimsoll::seed::Seed;
use plimsoll::stats::{Draws, FailureSplit, SplitStage, failures_needed, ln_beta_inc_upper, ln_e_grid};

use crate::size::Size;
use crate::streams::{Kind, Orders};
use crate::table::{Out, Share, count, median};
use crate::{ALPHA, parallel};

/// Weight of the prior, in failures.
const PRIOR: f64 = 20.0;
/// How often the fixed test is looked at, in orders.
const PEEK_EVERY: u64 = 500;

/// Failures of both arms until E reaches 100, on the mean path: `(share of the canary, by RATIOS)`.
const NEEDED: [(f64, [u64; 6]); 5] = [
    (0.01, [48_048, 7_627, 2_022, 586, 191, 61]),
    (0.05, [8_896, 1_425, 393, 125, 49, 21]),
    (0.10, [4_532, 743, 215, 76, 34, 17]),
    (0.25, [2_142, 375, 122, 51, 28, 18]),
    (0.50, [1_671, 318, 116, 56, 35, 26]),
];
const RATIOS: [f64; 6] = [1.2, 1.5, 2.0, 3.0, 5.0, 10.0];

/// Runs and prints all of it.
pub(crate) fn run(size: Size, out: &mut Out) {
    false_alarms(size, out);
    power(size, out);
    detection(size, out);
}

/// After how many orders each test first alarmed.
#[derive(Clone, Copy, Debug, Default)]
struct Alarms {
    two_sided: Option<u64>,
    one_sided: Option<u64>,
    /// A two-proportion z test at the same level, looked at every [`PEEK_EVERY`] orders.
    peeking: Option<u64>,
}

/// Evidence on failures alone, under the null hypothesis that the ratio is `r0`.
struct Watch {
    kind: Kind,
    r0: f64,
    split: FailureSplit,
    /// The most by which one-sided evidence may exceed two-sided; saves computing what cannot alarm.
    one_sided_gain: f64,
    stages: Vec<SplitStage>,
}

impl Watch {
    fn new(kind: Kind, r0: f64) -> Self {
        let stages = kind.shares().iter().map(|&share_b| SplitStage { share_b, n_a: 0, n_b: 0 }).collect();
        let split = FailureSplit::new(kind.shares()[0], r0, PRIOR);
        let gain = -ln_beta_inc_upper(split.theta, split.a, split.b);
        let one_sided_gain = if kind == Kind::Ramp { f64::INFINITY } else { gain };
        Self { kind, r0, split, one_sided_gain, stages }
    }

    fn ln_e_two_sided(&self) -> f64 {
        if self.kind == Kind::Ramp {
            self.ln_e_grid(&(-16..=16).collect::<Vec<i32>>())
        } else {
            self.split.ln_e(self.stages[0].n_b, self.stages[0].n_a)
        }
    }

    fn ln_e_worse(&self) -> f64 {
        if self.kind == Kind::Ramp {
            self.ln_e_grid(&(1..=16).collect::<Vec<i32>>())
        } else {
            self.split.ln_e_worse(self.stages[0].n_b, self.stages[0].n_a)
        }
    }

    /// Equal weights on ratios from a quarter to four times `r0`.
    fn ln_e_grid(&self, steps: &[i32]) -> f64 {
        let grid: Vec<f64> = steps.iter().map(|&k| f64::from(k) * 4_f64.ln() / 16.0).collect();
        let weights = vec![1.0 / grid.len() as f64; grid.len()];
        ln_e_grid(&self.stages, self.r0, &grid, &weights)
    }
}

/// Looks after every order of one stream. The evidence moves only with a failure, so that is when it is computed.
fn watch(kind: Kind, ratio: f64, r0: f64, n: u64, index: u64) -> Alarms {
    let fails_at = (1.0 / ALPHA).ln();
    let mut evidence = Watch::new(kind, r0);
    let mut alarms = Alarms::default();
    let mut seen = [(0_u64, 0_u64); 2];
    for (i, order) in Orders::new(kind, ratio, n, index).enumerate() {
        let orders = i as u64 + 1;
        let arm = &mut seen[usize::from(order.is_canary)];
        arm.0 += 1;
        if order.is_failed {
            arm.1 += 1;
            let stage = &mut evidence.stages[order.stage];
            if order.is_canary {
                stage.n_b += 1;
            } else {
                stage.n_a += 1;
            }
            let two_sided = evidence.ln_e_two_sided();
            if alarms.two_sided.is_none() && two_sided >= fails_at {
                alarms.two_sided = Some(orders);
            }
            if alarms.one_sided.is_none()
                && two_sided + evidence.one_sided_gain >= fails_at
                && evidence.ln_e_worse() >= fails_at
            {
                alarms.one_sided = Some(orders);
            }
        }
        if alarms.one_sided.is_some() && alarms.two_sided.is_some() && alarms.peeking.is_some() {
            break;
        }
        if alarms.peeking.is_none() && orders.is_multiple_of(PEEK_EVERY) && proportions_differ(seen) {
            alarms.peeking = Some(orders);
        }
    }
    alarms
}

/// The textbook test of two proportions (pooled, two-sided, 5 %), once each arm has five failures.
fn proportions_differ([(n_a, k_a), (n_b, k_b)]: [(u64, u64); 2]) -> bool {
    if k_a.min(k_b) < 5 {
        return false;
    }
    let [n_a, k_a, n_b, k_b] = [n_a, k_a, n_b, k_b].map(|x| x as f64);
    let pooled = (k_a + k_b) / (n_a + n_b);
    let error = (pooled * (1.0 - pooled) * (1.0 / n_a + 1.0 / n_b)).sqrt();
    ((k_b / n_b - k_a / n_a) / error).abs() >= 1.959_964
}

fn false_alarms(size: Size, out: &mut Out) {
    let (n_streams, n_orders) = size.pick((100, 10_000), (10_000, 40_000));
    out.title("Failure rates: false FAIL, with a look after every order");
    out.line(&format!(
        "{} streams of {} orders each; no difference planted, but for the column at the margin, where the canary fails 1.5 \
         times as often and 1.5 is allowed. α = {ALPHA}. Last column: a two-proportion z test at 5 %, looked at \
         every {PEEK_EVERY} orders.",
        count(n_streams as f64),
        count(n_orders as f64)
    ));
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let equal = parallel::map(n_streams, |i| watch(kind, 1.0, 1.0, n_orders, i));
        let margin = parallel::map(n_streams, |i| watch(kind, 1.5, 1.5, n_orders, i));
        let shares = [
            Share::of(equal.iter().map(|a| a.two_sided.is_some())),
            Share::of(equal.iter().map(|a| a.one_sided.is_some())),
            Share::of(margin.iter().map(|a| a.one_sided.is_some())),
        ];
        let peeking = Share::of(equal.iter().map(|a| a.peeking.is_some()));
        for (share, test) in shares.iter().zip(["two-sided", "one-sided", "at the margin"]) {
            let (low, high) = share.interval();
            // Few streams cannot show it to be below; they can show it to be above.
            let holds = size.pick(low, high) <= ALPHA;
            out.check(holds, &format!("false FAIL, {}, {test}: {}", kind.text(), share.text()));
        }
        let mut row = vec![kind.text().to_owned()];
        row.extend(shares.iter().chain([&peeking]).map(|s| s.text()));
        rows.push(row);
    }
    out.table(&["stream", "two-sided", "one-sided", "at the margin", "fixed test, peeking"], &rows);
}

fn power(size: Size, out: &mut Out) {
    let (n_streams, n_orders) = size.pick((40, 20_000), (400, 100_000));
    out.title("Failure rates: power, one-sided");
    out.line(&format!(
        "{n_streams} streams of {} orders; share that came to FAIL, and the median of orders (both arms) until then.",
        count(n_orders as f64)
    ));
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let mut row = vec![kind.text().to_owned()];
        for ratio in [1.2, 1.5, 2.0] {
            let alarms = parallel::map(n_streams, |i| watch(kind, ratio, 1.0, n_orders, i).one_sided);
            let share = Share::of(alarms.iter().map(Option::is_some));
            let orders = alarms.iter().map(|a| a.map_or(f64::INFINITY, |n| n as f64)).collect();
            row.push(share.text());
            row.push(count(median(orders)));
            if ratio >= 2.0 && kind != Kind::Unequal && kind != Kind::Ramp {
                out.check(
                    share.value() > 0.8,
                    &format!("power at twice the failures, {}: {}", kind.text(), share.text()),
                );
            }
        }
        rows.push(row);
    }
    out.table(&["stream", "×1.2", "orders", "×1.5", "orders", "×2", "orders"], &rows);
}

fn detection(size: Size, out: &mut Out) {
    let n_streams = size.pick(200, 1_000);
    out.title("Failures to detection");
    out.line(&format!(
        "Failures of both arms until E ≥ 100, two-sided, prior weight {PRIOR}: on the mean path (by calculation), then the \
         mean and [median] of {n_streams} streams."
    ));
    let mut rows = Vec::new();
    for (share_b, needed) in NEEDED {
        let mut row = vec![format!("{:.0} %", 100.0 * share_b)];
        for (ratio, expected) in RATIOS.into_iter().zip(needed) {
            out.check(
                failures_needed(share_b, ratio, 100_f64.ln(), PRIOR) == expected,
                &format!("failures needed at share {share_b}, ratio {ratio}: not {expected}"),
            );
            if size == Size::Quick && expected > 400 {
                row.push(format!("{}: -", count(expected as f64)));
                continue;
            }
            let seen = parallel::map(n_streams, |i| failures_to_detection(share_b, ratio, 20 * expected, i));
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            let middle = median(seen);
            out.check(
                (mean / expected as f64 - 1.0).abs() <= size.pick(0.25, 0.15),
                &format!(
                    "failures to detection at share {share_b}, ratio {ratio}: {mean:.0} [{middle:.0}], not {expected}"
                ),
            );
            row.push(format!("{}: {} [{}]", count(expected as f64), count(mean), count(middle)));
        }
        rows.push(row);
    }
    out.table(&["canary's share", "×1.2", "×1.5", "×2", "×3", "×5", "×10"], &rows);
}

/// How many failures until E ≥ 100, looking after each; infinite after `most`.
fn failures_to_detection(share_b: f64, ratio: f64, most: u64, index: u64) -> f64 {
    let split = FailureSplit::new(share_b, 1.0, PRIOR);
    let theta = share_b * ratio / (share_b * ratio + 1.0 - share_b);
    let mut draws = Draws::new(Seed(2), "failures to detection", index);
    let (mut n_a, mut n_b) = (0, 0);
    while n_a + n_b < most {
        if draws.chance(theta) {
            n_b += 1;
        } else {
            n_a += 1;
        }
        if split.ln_e(n_b, n_a) >= 100_f64.ln() {
            return (n_a + n_b) as f64;
        }
    }
    f64::INFINITY
}
