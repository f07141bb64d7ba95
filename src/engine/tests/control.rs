//! Control steps: how often, which way, how long, and that the plan alone decides what chance decides.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::fake::{FakeSink, FakeTarget, setup, stop_hard};
use super::journeys::{ended, pay, walk};
use crate::engine::run_load;
use crate::history::{Exchange, Outcome};
use crate::time::Span;

const MS: u64 = 1_000_000;

/// Whatever is asked: the words in turn as `status`, the last one for ever; the status is 200 unless the word is a
/// number.
fn saying(words: &[&str]) -> Router {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    Router::new().fallback(answer).with_state((Arc::new(Mutex::new(0)), words.into()))
}

/// How often something was asked, and what is said.
type Saying = (Arc<Mutex<usize>>, Arc<[String]>);

async fn answer(State((turn, words)): State<Saying>) -> (StatusCode, axum::Json<Value>) {
    let mut turn = turn.lock().unwrap();
    let word = &words[(*turn).min(words.len() - 1)];
    *turn += 1;
    let status = word.parse().ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    (status, axum::Json(json!({ "status": word, "payment_id": "p1" })))
}

/// The paths asked for in turn, as `step.attempt`.
fn asked(sink: &FakeSink) -> Vec<String> {
    let mut exchanges = sink.exchanges();
    exchanges.sort_by_key(|x| x.sent_ns);
    exchanges.iter().map(|x| format!("{}.{}", x.step, x.attempt)).collect()
}

fn query() -> Value {
    json!({ "get": "/v1/payments/{{payment}}", "capture": { "state": "$.status" } })
}

/// Pays, asks up to `times` times, 10 ms apart, and says at the end how it came.
fn patient(times: u32) -> Value {
    json!({ "steps": [
        pay(&json!({})),
        { "repeat": { "times": times, "until": { "{{state}}": ["SUCCEEDED", "FAILED"] },
                      "steps": [{ "pause": "10ms" }, query()] } },
        { "if": { "{{state}}": "SUCCEEDED" }, "then": [{ "get": "/thanks" }], "else": [{ "get": "/complaint" }] },
    ] })
}

#[test]
fn rounds_end_when_it_is_as_wanted_and_each_is_another_attempt_of_its_steps() {
    // Steps counted through: pay, pause, query, thanks, complaint.
    let sink = walk(saying(&["PROCESSING", "PROCESSING", "PROCESSING", "SUCCEEDED"]), &patient(9));
    assert_eq!(asked(&sink), ["0.1", "2.1", "2.2", "2.3", "3.1"]);
    assert_eq!(ended(&sink), Outcome::Ok);
    let exchanges = sink.exchanges();
    let waits: Vec<u64> = exchanges.windows(2).map(|pair| pair[1].due_ns - pair[0].answered_ns).collect();
    assert_eq!(waits, [10 * MS, 10 * MS, 10 * MS, 0], "due when the pause is over, and at once after an answer");
}

#[test]
fn rounds_are_used_up_and_the_journey_goes_on() {
    let sink = walk(saying(&["PROCESSING"]), &patient(3));
    assert_eq!(asked(&sink), ["0.1", "2.1", "2.2", "2.3", "4.1"]);
    assert_eq!(ended(&sink), Outcome::Ok);
}

#[test]
fn a_request_made_in_every_round_stays_one_intent() {
    let steps = json!({ "steps": [{ "repeat": { "times": 3, "steps": [pay(&json!({}))] } }] });
    let sink = walk(saying(&["SUCCEEDED"]), &steps);
    let told: Vec<_> = sink.exchanges().iter().map(|x| (x.step, x.attempt, x.intent.clone())).collect();
    let one = Some("0000000.0".to_owned());
    assert_eq!(told, [(0, 1, one.clone()), (0, 2, one.clone()), (0, 3, one)]);
}

#[test]
fn attempts_are_counted_on_through_rounds_and_retries() {
    let retry = json!({ "attempts": 2, "back_off": { "constant": "1ms" } });
    let again = pay(&json!({ "retry": retry, "go_on": ["unexpected"], "expect": { "status": 200 } }));
    let steps = json!({ "steps": [{ "repeat": { "times": 2, "until": { "outcome": "ok" }, "steps": [again] } }] });
    let sink = walk(saying(&["503", "503", "503", "SUCCEEDED"]), &steps);
    assert_eq!(asked(&sink), ["0.1", "0.2", "0.3", "0.4"]);
    assert_eq!(ended(&sink), Outcome::Ok, "what is dealt with does not count against the journey");
}

/// Pays, and whatever comes of it, looks.
fn looking(when: &Value) -> Value {
    json!({ "steps": [
        pay(&json!({ "timeout": "50ms", "go_on": ["declined", "unexpected", "unknown", "not_sent"] })),
        { "if": when, "then": [{ "get": "/then" }], "else": [{ "get": "/else" }] },
    ] })
}

#[test]
fn conditions_look_at_the_outcome_the_status_and_values() {
    let table = [
        (json!({ "outcome": "declined" }), "FAILED", "1.1"),
        (json!({ "outcome": ["unknown", "unexpected"] }), "FAILED", "2.1"),
        (json!({ "outcome": "unexpected", "status": [502, 503] }), "503", "1.1"),
        (json!({ "outcome": "unexpected", "status": [502, 504] }), "503", "2.1"),
        (json!({ "{{payment}}": "p1", "{{amount}}": 1250, "{{method}}": ["card", "wallet"] }), "SUCCEEDED", "1.1"),
        (json!({ "{{payment}}": "p1", "{{amount}}": 1251 }), "SUCCEEDED", "2.1"),
    ];
    for (when, word, way) in table {
        let sink = walk(saying(&[word, "SUCCEEDED"]), &looking(&when));
        assert_eq!(asked(&sink), ["0.1", way], "{when} after {word}");
        assert_eq!(ended(&sink), Outcome::Ok, "{when} after {word}");
    }
}

#[test]
fn a_value_that_is_not_there_is_none_of_those_asked_for() {
    let router = Router::new().fallback(|uri: Uri| async move {
        if uri.path() == "/v1/payments" {
            std::future::pending::<()>().await;
        }
        axum::Json(json!({}))
    });
    let sink = walk(router, &looking(&json!({ "outcome": "unknown", "{{payment}}": "p1" })));
    assert_eq!(asked(&sink), ["0.1", "2.1"]);
    assert_eq!(ended(&sink), Outcome::Ok, "unknown, and dealt with");
}

#[test]
fn what_is_not_dealt_with_ends_the_journey_as_before() {
    let steps = json!({ "steps": [pay(&json!({ "go_on": ["unknown"] })), { "get": "/never" }] });
    let sink = walk(saying(&["FAILED"]), &steps);
    assert_eq!((asked(&sink), ended(&sink)), (vec!["0.1".to_owned()], Outcome::Declined));
    let inside = json!({ "steps": [
        pay(&json!({})),
        { "repeat": { "times": 5, "steps": [{ "if": { "outcome": "ok" }, "then": [{ "get": "/x" }] }] } },
        { "get": "/never" },
    ] });
    let sink = walk(saying(&["SUCCEEDED", "SUCCEEDED", "503"]), &inside);
    assert_eq!(
        (asked(&sink), ended(&sink)),
        (vec!["0.1".to_owned(), "1.1".to_owned(), "1.2".to_owned()], Outcome::Unexpected)
    );
}

/// Journeys of three ways, with a pause that is drawn; which step each took, and how long it paused.
fn ways_taken(words: &[&str]) -> Vec<(u64, u16, u64)> {
    let retry = json!({ "attempts": 3, "back_off": { "constant": "1ms" }, "jitter": "100 %" });
    let ask = |path: &str| json!({ "get": path });
    let journey = json!({ "steps": [
        pay(&json!({ "retry": retry })),
        { "pause": { "uniform": { "low": "1ms", "high": "5ms" } } },
        { "choose": [
            { "weight": 3, "steps": [ask("/most")] },
            { "weight": 1, "steps": [ask("/some")] },
            { "weight": 0, "steps": [ask("/none")] },
        ] },
    ] });
    let target = FakeTarget::start(saying(words));
    let s = setup(target.origin(), &journey, 200, Span::from_micros(500));
    run_load(s.config).unwrap();
    let exchanges = s.sink.exchanges();
    let of = |journey: u64| exchanges.iter().filter(move |x| x.journey == journey).collect::<Vec<&Exchange>>();
    (0..200)
        .filter_map(|journey| {
            let [.., paid, chosen] = of(journey)[..] else { return None };
            Some((journey, chosen.step, chosen.due_ns - paid.answered_ns))
        })
        .collect()
}

#[test]
fn ways_and_pauses_follow_from_the_plan_whatever_the_target_does() {
    let taken = ways_taken(&["SUCCEEDED"]);
    assert_eq!(taken.len(), 200);
    assert_eq!(taken, ways_taken(&["503", "SUCCEEDED", "503", "503", "SUCCEEDED"]), "retries before move nothing");
    // Steps counted through: pay, pause, most, some, none. Binomial(200, 0.75): 150 with standard deviation 6.
    let n_of = |step| taken.iter().filter(|(_, taken, _)| *taken == step).count();
    assert!((125..=175).contains(&n_of(2)) && n_of(2) + n_of(3) == 200, "{} {}", n_of(2), n_of(3));
    let pauses = taken.iter().map(|(_, _, pause)| *pause);
    assert!(pauses.clone().all(|pause| (MS..=5 * MS).contains(&pause)));
    let mean = pauses.sum::<u64>() / 200;
    // Uniform from 1 to 5 ms: mean 3 ms, standard error 1.155 ms / √200 = 82 µs.
    assert!((2_600_000..3_400_000).contains(&mean), "{mean}");
}

#[test]
fn a_hard_stop_ends_rounds_although_unknown_is_dealt_with() {
    let router = Router::new().fallback(|uri: Uri| async move {
        if uri.path() != "/v1/payments" {
            std::future::pending::<()>().await;
        }
        axum::Json(json!({ "status": "PROCESSING", "payment_id": "p1" }))
    });
    let target = FakeTarget::start(router);
    let journey = json!({ "steps": [
        pay(&json!({})),
        { "repeat": { "times": 1000, "steps": [{ "get": "/silence", "go_on": ["unknown"] }] } },
    ] });
    let s = setup(target.origin(), &journey, 1, Span::from_millis(1));
    let sink = Arc::clone(&s.sink);
    let report = stop_hard(s.config, s.stop, move || !sink.exchanges().is_empty());
    assert_eq!((asked(&s.sink).len(), report.n_given_up, ended(&s.sink)), (2, 1, Outcome::Unknown));
}
