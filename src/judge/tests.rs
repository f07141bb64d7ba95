//! Verdicts of small runs: one thing wrong at a time.

use serde_json::{Value, json};

use super::*;
use crate::ledger::Books;
use crate::ledger::sample::{RUN, START_US, Sample, clean};
use crate::measure::{JourneyMeasures, Measures, Observation, Quantiles};
use crate::scenario::model::{Invariants, Scenario};
use crate::scenario::objective::parse_objective;

/// A run with everything in order, to be spoilt.
struct Run {
    facts: RunFacts,
    scenario: Scenario,
    books: Books,
    measures: Measures,
    observations: Vec<Observation>,
}

fn run() -> Run {
    let scenario = json!({
        "name": "checkout",
        "target": { "embedded": "chain" },
        "accounts": { "payers": { "kind": "payer", "count": 1, "balance": "CNY 100.00" } },
        "load": { "model": "open", "arrivals": "constant", "stages": [{ "hold": "100/s", "for": "10s" }] },
        "journeys": { "pay": { "weight": 1, "steps": [] } },
        "objectives": ["all: failed <= 1 %"],
    });
    let quantiles = Quantiles { n: 1_000, p50: 100.0, p90: 200.0, p95: 300.0, p99: 900.0, p999: 1e3, max: 2e3 };
    let journey = |name: &str| JourneyMeasures {
        name: name.to_owned(),
        due: 1_000,
        started: 1_000,
        ended: 1_000,
        ok: 990,
        declined: 10,
        requests: 1_100,
        response: quantiles,
        service: quantiles,
        lag: quantiles,
        settled: quantiles,
        ..JourneyMeasures::default()
    };
    Run {
        facts: facts(),
        scenario: serde_json::from_value(scenario).unwrap(),
        books: clean(),
        measures: Measures {
            format: 1,
            schedule_s: 10.0,
            journeys: vec![journey("all"), journey("pay")],
            ..Measures::default()
        },
        observations: vec![failed_share(0)],
    }
}

fn facts() -> RunFacts {
    RunFacts {
        format: 1,
        run: RUN.to_owned(),
        scenario: "checkout".to_owned(),
        scenario_sha256: "00".to_owned(),
        seed: 7,
        target: "embedded chain".to_owned(),
        kinds: vec!["pay".to_owned()],
        steps: vec![vec!["pay".to_owned()]],
        started_at: "2025-11-20T01:06:40Z".to_owned(),
        started_unix_us: START_US,
        schedule_s: 10.0,
        warm_up_s: None,
        planned: 1_000,
        users: None,
        plan_sha256: "11".to_owned(),
        mocks: vec!["bank_north".to_owned()],
        cores_awake: true,
        end: Some(RunEnd {
            how: "completed".to_owned(),
            why: None,
            wall_s: 14.5,
            is_quiescent: true,
            still_open: None,
            generator_cpu: 0.3,
            run_queue: Some(0.01),
            events_lost: 0,
            rows_torn: 0,
            local_ports_exhausted: 0,
            open_files_exhausted: 0,
            forbidden_here: 0,
            halt: None,
            channels: vec![ChannelFacts {
                name: "bank_north".to_owned(),
                answered: 500,
                late_us_p50: 200.0,
                late_us_p99: 900.0,
            }],
            cpu_s: vec![("chain".to_owned(), 3.0)],
        }),
    }
}

fn failed_share(beyond: u64) -> Observation {
    let objective = parse_objective("all: failed <= 1 %").unwrap();
    Observation { objective, samples: 1_000, beyond, observed: Some(beyond as f64 / 1_000.0) }
}

impl Run {
    fn judge(&self) -> VerdictFile {
        judge(&Evidence {
            facts: &self.facts,
            scenario: &self.scenario,
            books: &self.books,
            measures: &self.measures,
            observations: &self.observations,
        })
    }

    fn end(&mut self) -> &mut RunEnd {
        self.facts.end.as_mut().unwrap()
    }
}

/// The verdict and the text of the first finding, after `spoil`.
fn spoilt(spoil: impl Fn(&mut Run)) -> (String, String) {
    let mut run = run();
    spoil(&mut run);
    let file = run.judge();
    check_schema(&file);
    (file.verdict, file.findings.first().map(|f| f.text.clone()).unwrap_or_default())
}

fn check_schema(file: &VerdictFile) {
    let schema: Value = serde_json::from_str(include_str!("../../tests/fixtures/verdict.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = serde_json::to_value(file).unwrap();
    let problems: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_run_with_everything_in_order_passes() {
    let file = run().judge();
    check_schema(&file);
    assert_eq!((file.verdict.as_str(), file.exit_code, file.findings.len()), ("pass", 0, 0));
    assert_eq!(file.invariants.len(), 14);
    assert!(file.invariants.iter().all(|i| i.verdict == "held" && i.checked > 0));
    assert_eq!((file.load.offered_rate, file.load.goodput, file.load.journeys), (100.0, 99.0, 1_000));
    assert!(file.audit.valid);
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let broken = || {
        let mut run = run();
        for p in &mut run.books.platform_mut().postings {
            p.amount += 1;
        }
        serde_json::to_string(&run.judge()).unwrap()
    };
    assert_eq!(broken(), broken());
}

#[test]
fn a_violated_invariant_fails_and_says_how_many_how_much_and_where() {
    let mut run = run();
    let mut sample = Sample::new();
    let lost = sample.pay("card", 12_345);
    run.books = sample.books();
    run.books.platform_mut().postings.retain(|p| p.subject != lost);
    let file = run.judge();
    check_schema(&file);
    assert_eq!((file.verdict.as_str(), file.exit_code), ("fail", 1));
    let finding = file.findings.iter().find(|f| f.text.starts_with("no_lost_success")).unwrap();
    assert_eq!(
        finding.text,
        "no_lost_success: 1 of 1 examined breaks it; at stake CNY 123.45 of its customers; first key \
         r0abc-0000001p: expected one entry in the ledger, found 0 at +0.010 s"
    );
    assert_eq!(finding.see.as_deref(), Some("platform/postings.parquet, subject r0abc-0000001p.p1"));
    let part = file.invariants.iter().find(|i| i.name == "no_lost_success").unwrap();
    assert_eq!((part.violations, part.money["CNY"]), (1, -12_345));
    assert_eq!(part.worst.as_ref().unwrap()["at"], json!("+0.010 s"));
}

#[test]
fn losses_on_both_sides_are_named_apart() {
    let mut run = run();
    let mut sample = Sample::new();
    let (less, more) = (sample.pay("wallet", 1_000), sample.pay("wallet", 1_000));
    run.books = sample.books();
    for record in &mut run.books.channels_mut().records {
        record.amount += i64::from(record.order_no == more) * 300 - i64::from(record.order_no == less) * 500;
    }
    let file = run.judge();
    let finding = file.findings.iter().find(|f| f.text.starts_with("amount_chain")).unwrap();
    assert!(
        finding.text.contains("at stake CNY 5.00 of the platform and CNY 3.00 of its customers"),
        "{}",
        finding.text
    );
}

#[test]
fn an_objective_that_is_not_met_fails_unless_the_harness_was_at_fault() {
    let (verdict, text) = spoilt(|r| r.observations = vec![failed_share(300)]);
    assert_eq!(verdict, "fail");
    assert_eq!(text, "objective `all: failed <= 1 %` is not met: 30.00 % was seen over 1000 observations");
    let (verdict, _) = spoilt(|r| {
        r.observations = vec![failed_share(300)];
        r.end().generator_cpu = 0.99;
    });
    assert_eq!(verdict, "inconclusive");
}

fn halt(hard: bool, sending_s: f64, ended_s: f64) -> HaltFacts {
    HaltFacts { hard, in_flight: 2_000, sending_s, ended_s, cut_short: 3 }
}

/// What is spoilt, and how the finding begins.
type Doubt = (fn(&mut Run), &'static str);

#[test]
fn each_doubt_of_the_harness_about_itself_voids_the_run() {
    let doubts: [Doubt; 14] = [
        (|r| r.measures.journeys[0].lag.p99 = 38_000.0, "the load generator ran late: lag p99 was 38.0 ms, 5.0 ms is"),
        (|r| r.end().channels[0].late_us_p99 = 45_000.0, "mock channel `bank_north` was saturated"),
        (|r| r.end().channels.clear(), "mock channel `bank_north` could not be asked whether it kept up"),
        (|r| r.end().generator_cpu = 0.95, "the load generator was starved: it used 95 %"),
        (|r| r.end().run_queue = Some(0.25), "the load generator waited for a core 25 % of the time, 20 % is allowed"),
        (
            |r| {
                r.scenario.audit.dropped = Some("0.5 %".to_owned());
                r.measures.journeys[0].dropped = 6;
            },
            "0.60 % of the journeys due were dropped, 0.50 % may be",
        ),
        (
            |r| r.end().halt = Some(halt(false, 1.25, 3.0)),
            "sending went on for 1.25 s after it was ordered to end, 1 s",
        ),
        (|r| r.end().halt = Some(halt(true, 0.2, 1.5)), "sending went on for 1.50 s after it was ordered to end, 1 s"),
        (|r| r.end().forbidden_here = 4, "4 connections could not be made because this machine forbade them"),
        (
            |r| {
                r.scenario.audit.generator_cpu = Some("25 %".to_owned());
                r.end().generator_cpu = 0.3;
            },
            "the load generator was starved: it used 30 % of its core, 25 % is allowed",
        ),
        (|r| r.end().events_lost = 12, "12 events could not be recorded"),
        (|r| r.end().rows_torn = 3, "3 rows of the history could not be read back"),
        (|r| r.end().local_ports_exhausted = 1, "1 connections could not be made for want of local ports"),
        (|r| r.end().open_files_exhausted = 2, "2 connections could not be made for want of open files"),
    ];
    for (spoil, expected) in doubts {
        let (verdict, text) = spoilt(spoil);
        assert_eq!(verdict, "inconclusive", "{expected}");
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn what_is_within_its_limit_or_not_told_is_no_doubt() {
    let (verdict, _) = spoilt(|r| {
        r.scenario.audit.run_queue = Some("40 %".to_owned());
        r.end().run_queue = Some(0.35);
        // A soft stop waits for answers; that is not sending.
        r.end().halt = Some(halt(false, 0.45, 9.0));
    });
    assert_eq!(verdict, "pass");
    let (verdict, _) = spoilt(|r| r.end().run_queue = None);
    assert_eq!(verdict, "pass");
}

#[test]
fn every_doubt_says_what_to_do() {
    let mut run = run();
    run.scenario.audit.dropped = Some("0 %".to_owned());
    run.measures.journeys[0].dropped = 1;
    run.measures.journeys[0].lag.p99 = 1e6;
    let end = run.end();
    (end.generator_cpu, end.run_queue, end.halt) = (1.0, Some(1.0), Some(halt(true, 2.0, 2.0)));
    (end.events_lost, end.rows_torn) = (1, 1);
    (end.local_ports_exhausted, end.open_files_exhausted, end.forbidden_here) = (1, 1, 1);
    end.channels[0].late_us_p99 = 1e6;
    let file = run.judge();
    let doubts: Vec<_> = file.findings.iter().filter(|f| f.severity == "inconclusive").collect();
    assert_eq!(doubts.len(), 11, "{doubts:#?}");
    assert!(doubts.iter().all(|f| f.see.is_some()), "{doubts:#?}");
    assert_eq!(file.audit.refused_here, 3);
}

#[test]
fn a_run_that_did_not_complete_is_inconclusive_at_best() {
    let (verdict, text) = spoilt(|r| r.facts.end = None);
    assert_eq!((verdict.as_str(), &text[..31]), ("inconclusive", "the run never came to its end; "));
    let (verdict, text) = spoilt(|r| {
        r.end().how = "stopped".to_owned();
        r.end().why = Some("ctrl-c".to_owned());
    });
    assert_eq!(verdict, "inconclusive");
    assert_eq!(text, "the run did not complete: it was stopped (ctrl-c)");
    // Aborted because the target failed: that is a failure of the target.
    let (verdict, _) = spoilt(|r| {
        r.end().how = "aborted".to_owned();
        r.observations = vec![failed_share(400)];
    });
    assert_eq!(verdict, "fail");
    let (verdict, _) = spoilt(|r| r.end().is_quiescent = false);
    assert_eq!(verdict, "inconclusive");
}

#[test]
fn money_that_is_surely_wrong_fails_also_after_a_crash() {
    let (verdict, _) = spoilt(|r| {
        r.facts.end = None;
        (r.books.is_quiescent, r.books.is_history_complete) = (false, false);
        r.books.platform_mut().postings[2].amount += 1;
    });
    assert_eq!(verdict, "fail");
}

#[test]
fn an_undecided_invariant_holds_a_release_unless_it_is_waived() {
    let without_refunds = |r: &mut Run| {
        let mut sample = Sample::new();
        sample.pay("card", 500);
        sample.pay_unknown_executed(500);
        r.books = sample.books();
    };
    let (verdict, text) = spoilt(without_refunds);
    assert_eq!((verdict.as_str(), text.as_str()), ("inconclusive", "undecided: `refund_bound`: there were no refunds"));
    let (verdict, text) = spoilt(|r| {
        without_refunds(r);
        r.scenario.invariants = Invariants::Waive(vec!["refund_bound".to_owned()]);
    });
    assert_eq!(
        (verdict.as_str(), text.as_str()),
        ("pass", "undecided (waived): `refund_bound`: there were no refunds")
    );
}

#[test]
fn a_waiver_does_not_excuse_a_violation() {
    let (verdict, _) = spoilt(|r| {
        r.scenario.invariants = Invariants::Waive(vec!["balance_is_fold".to_owned()]);
        r.books.platform_mut().balances[0].balance += 1;
        r.books.platform_mut().balances[1].balance -= 1;
    });
    assert_eq!(verdict, "fail");
}

#[test]
fn no_journeys_or_missing_ones_are_inconclusive_and_dropped_ones_a_caveat() {
    let (verdict, text) = spoilt(|r| r.measures.journeys.clear());
    assert_eq!(
        (verdict.as_str(), text.as_str()),
        ("inconclusive", "no journey was started: there is nothing to judge")
    );
    let (verdict, text) = spoilt(|r| r.facts.planned = 1_200);
    assert_eq!(verdict, "inconclusive");
    assert_eq!(text, "200 of 1200 planned journeys left no trace in the history");
    let (verdict, text) = spoilt(|r| r.measures.journeys[0].dropped = 4);
    assert_eq!(verdict, "pass");
    assert!(text.starts_with("4 of 1000 journeys were dropped"), "{text}");
}

/// A scenario that judges no money says so, and claims no invariant held, whatever the books are.
#[test]
fn money_that_is_not_judged_is_said_not_to_be() {
    let (verdict, text) = spoilt(|r| {
        r.scenario.invariants = Invariants::None;
        r.books.platform = None;
    });
    assert_eq!(verdict, "pass");
    assert!(text.starts_with("money was not judged: the target is a channel alone"), "{text}");
    let mut run = run();
    run.scenario.invariants = Invariants::None;
    assert!(run.judge().invariants.is_empty());
}
