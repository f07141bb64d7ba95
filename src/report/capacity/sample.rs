//! A search to show, in three ends. Everything is computed by fixed formulas, so that golden files stay as they are.

use super::{BoundShown, SearchShown, StepMore, Tail, TailShown};
use crate::capacity::{EndTests, LoadLine, Purpose, Retests, Scalability, StepRecord, StepVerdict};
use crate::judge::{FindingPart, VerdictFile};
use crate::report::sample;
use crate::verdict::Verdict;

/// What a chain with a line of about 806/s shows at `rate`, in steps of a search that ended at 796 to 828.
const RATES: [(f64, StepVerdict); 9] = [
    (200.0, StepVerdict::Holds),
    (400.0, StepVerdict::Holds),
    (800.0, StepVerdict::Open),
    (1_600.0, StepVerdict::Fails),
    (828.0, StepVerdict::Fails),
    (796.0, StepVerdict::Open),
    (796.0, StepVerdict::Holds),
    (828.0, StepVerdict::Fails),
    (796.0, StepVerdict::Holds),
];

fn step(number: u32, rate: f64, verdict: StepVerdict, interval: (Option<f64>, Option<f64>)) -> StepRecord {
    let throughput = rate.min(806.0);
    let mean = if rate > 806.0 { 4e5 * (rate / 806.0 - 0.9) } else { 5_000.0 / (1.0 - rate / 812.0) };
    StepRecord {
        number,
        offered_rate: rate,
        seconds: if number < 5 { 4.0 } else { 8.0 },
        purpose: if number < 5 { Purpose::Locate } else { Purpose::LowEnd },
        verdict,
        reasons: vec![match verdict {
            StepVerdict::Holds => "0 of 5,572 broke `pay: p99 response_time <= 800 ms`".to_owned(),
            StepVerdict::Fails => "`pay: p99 response_time <= 800 ms` is broken by 12.40 %".to_owned(),
            StepVerdict::Open => "too few samples".to_owned(),
        }],
        achieved_rate: rate,
        goodput: throughput,
        response_us_p50: 0.8 * mean,
        response_us_p99: 3.1 * mean,
        response_us_mean: mean,
        throughput,
        in_system: throughput * mean / 1e6,
        objectives: Vec::new(),
        interval,
    }
}

/// A search that found the line.
pub(crate) fn found() -> SearchShown {
    let mut interval = (None, None);
    let mut steps = Vec::new();
    for (number, (rate, verdict)) in (1..).zip(RATES) {
        match verdict {
            StepVerdict::Holds => interval.0 = Some(interval.0.map_or(rate, |low: f64| low.max(rate))),
            StepVerdict::Fails => interval.1 = Some(interval.1.map_or(rate, |high: f64| high.min(rate))),
            StepVerdict::Open => {}
        }
        steps.push(step(number, rate, verdict, interval));
    }
    let more = steps
        .iter()
        .map(|s| StepMore {
            p50: Some((0.9 * s.response_us_p50, 1.1 * s.response_us_p50)),
            tails: vec![TailShown {
                us: s.response_us_p99,
                within: (s.number > 4).then_some((0.7 * s.response_us_p99, 1.4 * s.response_us_p99)),
            }],
            dir: format!("steps/{:02}-{:.0}", s.number, s.offered_rate),
        })
        .collect();
    let end = |rate, probes, agreed| Some(EndTests { rate, probes, agreed });
    SearchShown {
        line: LoadLine {
            holds: 796.0,
            fails: Some(828.0),
            confidence: 0.95,
            width: 0.05,
            binding: "pay: p99 response_time <= 800 ms".to_owned(),
            hop: None,
            steps,
            retests: Retests { holds: end(796.0, 3, 2), fails: end(828.0, 2, 2) },
            search_s: 98.4,
            usl: Some(Scalability {
                lambda: [201.0, 195.0, 207.0],
                sigma: [0.081, 0.052, 0.110],
                kappa: [0.000_012, 0.0, 0.000_3],
                peak_n: Some(276.7),
                peak_x: Some(2_380.0),
            }),
            usl_why: None,
            verdict: Verdict::Pass,
            reasons: vec!["the interval is 4.0 % wide, 5.0 % were asked for".to_owned()],
        },
        more,
        bounds: vec![BoundShown { text: "pay: p99 response_time <= 800 ms".to_owned(), us: 8e5 }],
        tails: vec![Tail { q: 0.99, journey: Some("pay".to_owned()) }],
        budget_s: 180.0,
        stands: Some(9),
    }
}

/// A search in which not even the lowest rate held.
pub(crate) fn nothing_holds() -> SearchShown {
    let mut search = found();
    search.line.steps = vec![step(1, 100.0, StepVerdict::Fails, (None, Some(100.0)))];
    search.more.truncate(1);
    search.line.holds = 0.0;
    search.line.fails = Some(100.0);
    search.line.binding = "idempotent_effect".to_owned();
    search.line.retests = Retests { holds: None, fails: Some(EndTests { rate: 100.0, probes: 1, agreed: 1 }) };
    (search.line.usl, search.line.usl_why) = (None, Some("1 step is too few".to_owned()));
    search.line.verdict = Verdict::Fail;
    search.line.reasons = vec!["idempotent_effect is violated at every rate tried".to_owned()];
    search.stands = Some(1);
    search
}

/// A search that was broken off before its first step told anything.
pub(crate) fn broken_off() -> SearchShown {
    let mut search = nothing_holds();
    search.line.steps = vec![step(1, 100.0, StepVerdict::Open, (None, None))];
    search.line.fails = None;
    search.line.binding = "none".to_owned();
    search.line.retests = Retests::default();
    search.line.verdict = Verdict::Inconclusive;
    search.line.reasons = vec!["the search was broken off".to_owned()];
    search
}

/// The verdict of such a search.
pub(crate) fn verdict_of(search: &SearchShown) -> VerdictFile {
    let line = &search.line;
    let base = if line.verdict == Verdict::Fail { sample::failed() } else { sample::passed() };
    let severity = match line.verdict {
        Verdict::Pass => "info",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    };
    let finding = |text: &String| FindingPart { severity: severity.to_owned(), text: text.clone(), see: None };
    VerdictFile {
        kind: "capacity".to_owned(),
        verdict: line.verdict.word().to_owned(),
        exit_code: match line.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Inconclusive => 4,
        },
        capacity: Some(line.part()),
        findings: line.reasons.iter().map(finding).collect(),
        ..base
    }
}
