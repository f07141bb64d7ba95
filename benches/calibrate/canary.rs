//! The whole canary judge on paired runs, and Kayenta's rule on the same runs.

use plimsoll::canary::{
    Arm, ArmInvariant, ArmJudged, ArmReader, Blocks, CanaryEvidence, CanarySettings, CanaryState, Early, judge_canary,
};
use plimsoll::history::{Event, Exchange, Outcome};
use plimsoll::seed::Seed;
use plimsoll::stats::quantile;

use crate::kayenta::{self, Class, Direction, Missing, Verdict};
use crate::size::Size;
use crate::table::{Out, Share, count, median};
use crate::weather::{self, Effect, Order, Paired, Weather};
use crate::{ALPHA, parallel};

/// What must come of a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// FAIL with probability α at most.
    NoFail,
    /// Never PASS; FAIL nearly always, given enough orders.
    Fail,
    /// FAIL nearly always, even in a short run.
    FailSoon,
    /// Never PASS, never FAIL.
    Hold,
    /// Never PASS beyond α; how often it comes to FAIL depends on how long it is given.
    NoPass,
}

/// What is planted: how many times the orders, the weather, what the canary does wrong, what must come of it.
const ROWS: [(&str, u64, Weather, Effect, Expected); 17] = [
    ("equal, calm machine", 1, Weather::Calm, Effect::None, Expected::NoFail),
    ("equal, calm machine, four times the orders", 4, Weather::Calm, Effect::None, Expected::NoFail),
    ("equal, noisy machine", 1, Weather::Noisy, Effect::None, Expected::NoFail),
    ("equal, a bank is out", 1, Weather::BankOut, Effect::None, Expected::NoFail),
    ("equal, outages of whichever arm is on", 1, Weather::BenchOut, Effect::None, Expected::NoFail),
    ("10 % slower, noisy machine (within the margin)", 1, Weather::Noisy, Effect::Slower(1.1), Expected::NoFail),
    ("25 % slower, noisy machine (at the margin)", 1, Weather::Noisy, Effect::Slower(1.25), Expected::NoFail),
    ("50 % slower, noisy machine", 1, Weather::Noisy, Effect::Slower(1.5), Expected::NoPass),
    ("twice as slow, noisy machine", 1, Weather::Noisy, Effect::Slower(2.0), Expected::Fail),
    ("failures ×2 (1 % to 2 %)", 1, Weather::Calm, Effect::MoreFailures(2.0), Expected::NoPass),
    ("failures ×2, four times the orders", 4, Weather::Calm, Effect::MoreFailures(2.0), Expected::NoPass),
    ("failures ×3", 1, Weather::Calm, Effect::MoreFailures(3.0), Expected::Fail),
    ("failures ×5", 1, Weather::Calm, Effect::MoreFailures(5.0), Expected::Fail),
    ("one in five fails fast", 1, Weather::Calm, Effect::FailsFast, Expected::FailSoon),
    ("canary dies after 5 blocks", 1, Weather::Calm, Effect::Dies(5), Expected::FailSoon),
    ("canary without data", 1, Weather::Calm, Effect::NoData, Expected::Hold),
    ("both arms silent", 1, Weather::Calm, Effect::BothSilent, Expected::Hold),
];

/// What one paired run came to.
struct Came {
    ours: CanaryState,
    /// Orders of both arms until the verdict; infinite for a hold.
    orders: f64,
    /// Kayenta asked once, at the end.
    once: Verdict,
    /// Whether Kayenta ever said fail when asked after every block from the tenth on.
    ever_failed: bool,
}

/// Runs and prints it.
pub(crate) fn run(size: Size, out: &mut Out) {
    let (n_runs, n_blocks, n_orders) = size.pick((6, 10, 120), (400, 30, 400));
    out.title("The canary judge, and Kayenta's rule on the same runs");
    out.line(&format!(
        "{n_runs} paired runs a row: {n_blocks} pairs of blocks of {n_orders} orders an arm, 1 % of orders fail on a sound \
         release. Ours looks after every pair and stops when it is sure; α = {ALPHA}, margins as by default. \
         Kayenta's rule gets each block's share of failures, p50 and p99 from each arm (98 %, a quarter of the shift, pass \
         95, marginal 75; a missing share counts as zero, missing times are left out) and is asked once at the end; its \
         last column asks after every block from the tenth on. It has no margin: any shift counts. Median orders are of both arms."
    ));
    let mut rows = Vec::new();
    for (name, times, weather, effect, expected) in ROWS {
        let came = parallel::map(n_runs, |i| compare(n_blocks, times * n_orders, weather, effect, i));
        let ours = |state| Share::of(came.iter().map(|c| c.ours == state));
        let theirs = |verdict| Share::of(came.iter().map(|c| c.once == verdict));
        let [pass, hold, fail] = [CanaryState::Pass, CanaryState::Hold, CanaryState::Fail].map(ours);
        let at_most = |share: Share| {
            let (low, high) = share.interval();
            size.pick(low, high) <= ALPHA
        };
        let holds = match expected {
            Expected::NoFail => at_most(fail),
            Expected::Fail => pass.k == 0 && (size == Size::Quick || fail.value() >= 0.8),
            Expected::FailSoon => fail.value() >= 0.8,
            Expected::Hold => hold.k == hold.n,
            Expected::NoPass => at_most(pass),
        };
        out.check(holds, &format!("canary, {name}: PASS {}, HOLD {}, FAIL {}", pass.text(), hold.text(), fail.text()));
        rows.push([
            name.to_owned(),
            pass.text(),
            hold.text(),
            fail.text(),
            count(median(came.iter().map(|c| c.orders).collect())),
            theirs(Verdict::Pass).text(),
            theirs(Verdict::Fail).text(),
            Share::of(came.iter().map(|c| c.ever_failed)).text(),
        ]);
    }
    out.table(
        &["planted", "PASS", "HOLD", "FAIL", "orders", "Kayenta passes", "Kayenta fails", "Kayenta fails, peeking"],
        &rows,
    );
}

fn compare(n_blocks: usize, n_orders: u64, weather: Weather, effect: Effect, index: u64) -> Came {
    let blocks = Blocks::cut(n_blocks as u64 * n_orders, n_blocks, Seed(1_000 + index));
    let paired = weather::run(&blocks, weather, effect, index);
    let (ours, orders) = judge(&blocks, &paired);
    let (once, ever_failed) = ask_kayenta(&paired);
    Came { ours, orders, once, ever_failed }
}

/// Ours, as the command does it: looks while it runs, an early stop, money judged at the end.
fn judge(blocks: &Blocks, paired: &Paired) -> (CanaryState, f64) {
    let settings = CanarySettings { alpha: ALPHA, ..CanarySettings::default() };
    let (mut control, mut canary) = (ArmReader::new(blocks), ArmReader::new(blocks));
    let mut run = 0;
    let look = |control: &ArmReader, canary: &ArmReader, run: usize, judged: Option<&ArmJudged>| {
        let arm = |orders| Arm { orders, judged };
        let evidence =
            CanaryEvidence { blocks, blocks_run: run, control: arm(control), canary: arm(canary), voids: &[] };
        judge_canary(&settings, &evidence)
    };
    while run < blocks.len() {
        take(&mut control, blocks, run, &paired.control[run]);
        take(&mut canary, blocks, run, &paired.canary[run]);
        run += 1;
        if run < blocks.len() && look(&control, &canary, run, None).early() != Early::GoOn {
            break;
        }
    }
    control.finish();
    canary.finish();
    let money = ArmInvariant {
        name: "conservation".to_owned(),
        verdict: "held".to_owned(),
        violations: 0,
        waived: false,
        why: None,
    };
    let judged = ArmJudged { invariants: vec![money], voids: Vec::new() };
    let last = look(&control, &canary, run, Some(&judged));
    (last.state, last.orders_needed.map_or(f64::INFINITY, |n| n as f64))
}

/// Gives a block's orders to the reader, as the history would.
fn take(reader: &mut ArmReader, blocks: &Blocks, block: usize, orders: &[Order]) {
    for (journey, order) in blocks.orders(block).zip(orders) {
        let due_ns = nanoseconds(order.due_s);
        let at_ns = due_ns + nanoseconds(order.response_s.unwrap_or(5.0));
        let outcome = match (order.is_failed, order.response_s) {
            (false, _) => Outcome::Ok,
            (true, Some(_)) => Outcome::Unexpected,
            (true, None) => Outcome::Unknown,
        };
        reader.take(&Event::Exchange(Exchange {
            journey,
            kind: 0,
            step: 0,
            attempt: 1,
            due_ns,
            sent_ns: due_ns,
            answered_ns: at_ns,
            outcome,
            status: match outcome {
                Outcome::Ok => 200,
                Outcome::Unexpected => 500,
                _ => 0,
            },
            reason: None,
            intent: None,
            target_id: None,
            target_status: None,
            is_poll: false,
        }));
        reader.take(&Event::Ended { journey, kind: 0, due_ns, at_ns, outcome });
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "virtual times are small and positive")]
fn nanoseconds(s: f64) -> u64 {
    (s * 1e9) as u64
}

/// Kayenta's verdict at the end, and whether it failed the canary at any block from the tenth on.
///
/// Its metrics come from the arms themselves: an arm that answers nothing reports nothing.
fn ask_kayenta(paired: &Paired) -> (Verdict, bool) {
    let (control, canary) = (aggregates(&paired.control), aggregates(&paired.canary));
    let ask = |n: usize| {
        let metric = |which: usize, missing| {
            let values =
                |arm: &[Option<[f64; 3]>]| -> Vec<f64> { arm[..n].iter().flatten().map(|m| m[which]).collect() };
            kayenta::classify(
                &values(&control),
                &values(&canary),
                Direction::Increase,
                missing,
                kayenta::TOLERANCE,
                kayenta::CONFIDENCE,
            )
        };
        let classes: [Class; 3] = [metric(0, Missing::Replace), metric(1, Missing::Remove), metric(2, Missing::Remove)];
        kayenta::verdict(kayenta::score(&classes))
    };
    let n = control.len();
    (ask(n), (10..=n).any(|k| ask(k) == Verdict::Fail))
}

/// Share of failures, p50 and p99 of each block; `None` where the arm answered nothing.
fn aggregates(blocks: &[Vec<Order>]) -> Vec<Option<[f64; 3]>> {
    blocks
        .iter()
        .map(|orders| {
            let mut times: Vec<f64> = orders.iter().filter_map(|o| o.response_s).collect();
            times.sort_by(f64::total_cmp);
            let failed = orders.iter().filter(|o| o.is_failed).count() as f64 / orders.len() as f64;
            Some([failed, quantile(&times, 0.5)?, quantile(&times, 0.99)?])
        })
        .collect()
}
