//! A run to show: a minute of a marketplace with two bursts, and its verdict in three versions.
//! Everything is computed by fixed formulas, so that golden files stay as they are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::judge::{
    AuditPart, ChannelFacts, FindingPart, InvariantPart, LoadPart, ObjectivePart, RunEnd, RunFacts, RunPart, TimesPart,
    VerdictFile,
};
use crate::measure::{Curve, JourneyMeasures, Measures, MoneyRow, Quantiles, SecondMeasures};

/// Between 0 and 1, looks random, is not.
fn jitter(n: u64, salt: u64) -> f64 {
    let mut h = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h ^= h >> 29;
    h = h.wrapping_mul(0x94d0_49bb_1331_11eb);
    h ^= h >> 32;
    (h >> 11) as f64 / (1_u64 << 53) as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
fn whole(n: f64) -> u64 {
    n.round() as u64
}

fn second(second: u64) -> SecondMeasures {
    let t = second as f64;
    let burst = |at: f64, length: f64| if (at..at + length).contains(&t) { 1.0 } else { 0.0 };
    let load =
        burst(0.0, 60.0) * (170.0 + 40.0 * (t / 9.5).sin() + 260.0 * burst(18.0, 4.0) + 180.0 * burst(41.0, 6.0));
    let due = whole(load * (0.95 + 0.1 * jitter(second, 1)));
    let dropped = whole(14.0 * burst(20.0, 2.0) * (0.5 + jitter(second, 2)));
    let started = due - dropped;
    let strain = load / 170.0;
    let declined = whole(started as f64 * 0.04 * (0.6 + 0.8 * jitter(second, 3)));
    let unknown = whole(strain * strain * 0.8 * jitter(second, 4));
    let failed = whole(14.0 * burst(43.0, 3.0) * jitter(second, 5));
    SecondMeasures {
        second,
        due,
        started,
        ok: started.saturating_sub(declined + unknown + failed),
        declined,
        failed,
        unknown,
        dropped,
        in_flight: whole(strain * 12.0),
        p50_us: if started == 0 { 0.0 } else { 21_000.0 + 9_000.0 * strain.powi(2) * (0.7 + 0.5 * jitter(second, 6)) },
        p99_us: if started == 0 { 0.0 } else { 95_000.0 + 48_000.0 * strain.powi(2) * (0.6 + 0.8 * jitter(second, 7)) },
        lag_p99_us: if started == 0 { 0.0 } else { 210.0 + 160.0 * strain.powi(2) * jitter(second, 8) },
    }
}

fn quantiles(n: u64, p50: f64) -> Quantiles {
    Quantiles { n, p50, p90: p50 * 2.4, p95: p50 * 3.5, p99: p50 * 6.6, p999: p50 * 14.9, max: p50 * 31.0 }
}

/// One journey with this share of everything that happened.
fn journey(name: &str, share: f64, p50: f64) -> JourneyMeasures {
    let of = |count: fn(&SecondMeasures) -> u64| whole((0..64).map(|n| count(&second(n))).sum::<u64>() as f64 * share);
    let started = of(|s| s.started);
    JourneyMeasures {
        name: name.to_owned(),
        due: of(|s| s.due),
        started,
        ended: started,
        ok: of(|s| s.ok),
        declined: of(|s| s.declined),
        failed: of(|s| s.failed),
        unknown: of(|s| s.unknown),
        dropped: of(|s| s.dropped),
        requests: started * 3 / 2,
        response: quantiles(started, p50),
        service: quantiles(started, p50 * 0.97),
        lag: quantiles(started, 62.0),
        settled: quantiles(started * 9 / 10, p50 * 11.0),
    }
}

fn curve(name: &str, n: f64) -> Curve {
    let mut points = Vec::new();
    let last = n.log10();
    for step in 0..=60_u32 {
        let nines = last * f64::from(step) / 60.0;
        let q = 1.0 - 10_f64.powf(-nines);
        let service = 9_000.0 * 10_f64.powf(0.62 * nines.powf(0.92));
        points.push((q, service + 60.0 + 900.0 * nines.powi(2), service));
    }
    Curve { name: name.to_owned(), points }
}

/// What was measured when nothing was wrong: all books agree.
pub(crate) fn clean_measures() -> Measures {
    let mut measures = measures();
    for row in &mut measures.money {
        row.posted = row.platform;
    }
    measures
}

/// What was measured when three refunds were posted twice.
pub(crate) fn measures() -> Measures {
    let row = |what: &str, asked: (u64, i64), platform: (u64, i64), channel: Option<(u64, i64)>| MoneyRow {
        what: what.to_owned(),
        currency: "CNY".to_owned(),
        asked: Some(asked),
        platform: Some(platform),
        posted: Some(platform),
        channel,
    };
    let mut card_refunds = row("refunds by card", (512, 4_120_050), (512, 4_120_050), Some((512, 4_120_050)));
    card_refunds.posted = Some((515, 4_146_300));
    Measures {
        format: 1,
        schedule_s: 60.0,
        warm_up_s: 3.0,
        journeys: vec![
            journey("all", 1.0, 31_200.0),
            journey("cancel", 0.16, 33_800.0),
            journey("pay", 0.75, 29_900.0),
            journey("same_key", 0.05, 44_100.0),
            journey("watch", 0.04, 30_400.0),
        ],
        seconds: (0..64).map(second).collect(),
        curves: vec![curve("all", 12_298.0), curve("pay", 9_224.0)],
        money: vec![
            row("payments by card", (5_204, 61_233_720), (5_211, 61_340_120), Some((5_211, 61_340_120))),
            row("payments by wallet", (4_377, 38_922_415), (4_380, 38_950_015), Some((4_380, 38_950_015))),
            row("payments by balance", (1_702, 12_004_933), (1_702, 12_004_933), None),
            card_refunds,
            row("refunds by wallet", (433, 2_977_308), (433, 2_977_308), Some((433, 2_977_308))),
        ],
        reasons: vec![("answered 503".to_owned(), 4), ("no answer in 2 s".to_owned(), 2)],
    }
}

fn held(number: u8, name: &str, says: &str, checked: u64) -> InvariantPart {
    InvariantPart {
        number,
        name: name.to_owned(),
        says: says.to_owned(),
        verdict: "held".to_owned(),
        checked,
        violations: 0,
        money: BTreeMap::new(),
        first: None,
        worst: None,
        last: None,
        waived: false,
        why: None,
    }
}

fn objective(text: &str, shown: &str, observed: f64, samples: u64) -> ObjectivePart {
    ObjectivePart {
        text: text.to_owned(),
        verdict: "pass".to_owned(),
        observed: Some(observed),
        shown: shown.to_owned(),
        samples,
    }
}

/// The verdict when nothing was wrong.
pub(crate) fn passed() -> VerdictFile {
    let measures = measures();
    let all = measures.journeys[0].clone();
    let times = measures
        .journeys
        .into_iter()
        .map(|j| (j.name, TimesPart { response: j.response, service: j.service, lag: j.lag, settled: j.settled }))
        .collect();
    VerdictFile {
        format: 1,
        kind: "run".to_owned(),
        verdict: "pass".to_owned(),
        exit_code: 0,
        run: RunPart {
            id: "r7k2m9".to_owned(),
            scenario: "marketplace_day".to_owned(),
            scenario_sha256: "5d1f8a0c".repeat(8),
            seed: 20_260_302,
            target: "embedded chain, release v2".to_owned(),
            started_at: "2026-03-02T10:41:07Z".to_owned(),
            wall_s: 71.4,
            plan_sha256: "90ab12ef".repeat(8),
            ended: "completed".to_owned(),
        },
        load: LoadPart {
            model: "open".to_owned(),
            offered_rate: all.due as f64 / 60.0,
            achieved_rate: all.started as f64 / 60.0,
            goodput: (all.ok + all.declined) as f64 / 60.0,
            journeys: all.due,
            requests: all.requests,
            failed: all.failed,
            dropped: all.dropped,
            unknown: all.unknown,
            declined: all.declined,
        },
        times,
        objectives: vec![
            objective("pay: p99 response_time <= 300 ms", "197 ms", 197_340.0, 9_224),
            objective("all: failed <= 0.2 %", "0.05 %", 0.000_5, 12_298),
            objective("all: dropped <= 0.5 %", "0.28 %", 0.002_8, 12_332),
        ],
        invariants: vec![
            held(1, "balanced_entry", "in every entry, for each currency, debits equal credits", 24_513),
            held(2, "conservation", "the sum of all balances, the outside world's included, never changes", 5_801),
            held(8, "idempotent_effect", "an idempotency key has at most one effect, whatever is repeated", 13_259),
            held(
                9,
                "no_lost_success",
                "what the client saw succeed is in every book once, with the same amount",
                11_283,
            ),
            held(14, "refund_bound", "refunds of a payment never exceed what was captured", 945),
            held(26, "isolation", "nothing of this run touched live accounts, live tables or a real bank", 163_480),
        ],
        audit: AuditPart {
            lag_p99_us: 412.0,
            lag_limit_us: 5_000.0,
            generator_cpu: 0.31,
            generator_cpu_limit: 0.9,
            run_queue: Some(0.004),
            run_queue_limit: 0.2,
            dropped: 0.0,
            dropped_limit: None,
            refused_here: 0,
            channel_saturated: vec![],
            events_lost: 0,
            valid: true,
            channel_late_p99_us: BTreeMap::from([
                ("bank_north".to_owned(), 1_310.0),
                ("wallet_east".to_owned(), 1_120.0),
            ]),
            halt: None,
        },
        capacity: None,
        canary: None,
        findings: vec![FindingPart {
            severity: "info".to_owned(),
            text: "34 of 12,332 journeys were dropped in the burst at +20 s; the objective allows 0.5 %".to_owned(),
            see: None,
        }],
    }
}

/// The verdict when three refunds were posted twice and an objective was missed.
pub(crate) fn failed() -> VerdictFile {
    let mut file = passed();
    file.verdict = "fail".to_owned();
    file.exit_code = 1;
    file.run.target = "embedded chain, release v2, defect double_post_on_retry".to_owned();
    let violation = |refund: &str, minor: u64, at: &str| json!({ "refund": refund, "asked": 1, "posted": 2, "money": format!("CNY {}.{:02}", minor / 100, minor % 100), "at": at });
    let broken = &mut file.invariants[2];
    broken.verdict = "violated".to_owned();
    broken.violations = 3;
    broken.money = BTreeMap::from([("CNY".to_owned(), 26_250)]);
    broken.first = Some(violation("r7k2m9-3481-1", 5_000, "+19.412 s"));
    broken.worst = Some(violation("r7k2m9-8120-1", 12_500, "+43.007 s"));
    broken.last = Some(violation("r7k2m9-9033-1", 8_750, "+46.551 s"));
    file.objectives[0].verdict = "fail".to_owned();
    file.objectives[0].shown = "412 ms".to_owned();
    file.objectives[0].observed = Some(412_000.0);
    file.findings = vec![
        FindingPart {
            severity: "fail".to_owned(),
            text: "idempotent_effect: 3 of 13,259 keys had more than one effect; CNY 262.50 too much was refunded"
                .to_owned(),
            see: Some("platform/entries.parquet, refund r7k2m9-8120-1".to_owned()),
        },
        FindingPart {
            severity: "fail".to_owned(),
            text: "pay: p99 response_time was 412 ms, 300 ms is allowed".to_owned(),
            see: None,
        },
        FindingPart {
            severity: "warning".to_owned(),
            text: "34 of 12,332 journeys were dropped in the burst at +20 s".to_owned(),
            see: None,
        },
    ];
    file
}

/// The verdict when the generator was late and a book could not be read.
pub(crate) fn inconclusive() -> VerdictFile {
    let mut file = passed();
    file.verdict = "inconclusive".to_owned();
    file.exit_code = 4;
    file.audit.lag_p99_us = 38_000.0;
    file.audit.valid = false;
    file.audit.channel_saturated = vec!["bank_north".to_owned()];
    file.objectives[1].verdict = "inconclusive".to_owned();
    file.objectives[1].shown = "nothing observed".to_owned();
    file.objectives[1].observed = None;
    file.objectives[1].samples = 0;
    file.invariants[4].verdict = "undecided".to_owned();
    file.invariants[4].checked = 0;
    file.invariants[4].why = Some("the platform's refunds could not be read".to_owned());
    file.findings = vec![FindingPart {
        severity: "inconclusive".to_owned(),
        text: "the load generator ran late: lag p99 was 38 ms, 5 ms is allowed".to_owned(),
        see: Some("lower the offered rate, or give the generator more cores".to_owned()),
    }];
    file
}

/// What the edge wrote down.
pub(crate) fn facts() -> RunFacts {
    let names = ["cancel", "pay", "same_key", "watch"];
    RunFacts {
        format: 1,
        run: "r7k2m9".to_owned(),
        scenario: "marketplace_day".to_owned(),
        scenario_sha256: "5d1f8a0c".repeat(8),
        seed: 20_260_302,
        target: "embedded chain, release v2".to_owned(),
        kinds: names.map(str::to_owned).to_vec(),
        steps: names.map(|_| vec!["pay".to_owned()]).to_vec(),
        started_at: "2026-03-02T10:41:07Z".to_owned(),
        started_unix_us: 1_772_448_067_000_000,
        schedule_s: 60.0,
        warm_up_s: None,
        planned: 12_332,
        users: None,
        plan_sha256: "90ab12ef".repeat(8),
        mocks: vec!["bank_north".to_owned(), "wallet_east".to_owned()],
        cores_awake: true,
        end: Some(RunEnd {
            how: "completed".to_owned(),
            why: None,
            wall_s: 71.4,
            is_quiescent: true,
            still_open: None,
            generator_cpu: 0.31,
            run_queue: Some(0.004),
            events_lost: 0,
            rows_torn: 0,
            local_ports_exhausted: 0,
            open_files_exhausted: 0,
            forbidden_here: 0,
            halt: None,
            channels: ["bank_north", "wallet_east"]
                .map(|name| ChannelFacts {
                    name: name.to_owned(),
                    answered: 5_723,
                    late_us_p50: 240.0,
                    late_us_p99: 1_310.0,
                })
                .to_vec(),
            cpu_s: vec![("chain".to_owned(), 48.2), ("mock".to_owned(), 9.7)],
        }),
    }
}
