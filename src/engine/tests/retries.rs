//! Requests made again: how often, when, with what, and that they are attempts of one intent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::fake::{FakeTarget, Setup, setup, stop_hard};
use super::journeys::{ended, pay, walk};
use crate::engine::run_load;
use crate::history::{Exchange, Outcome, client_views};
use crate::ledger::ClientOutcome;
use crate::time::Span;
use crate::transport::Origin;

type Bodies = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
enum Say {
    Nothing,
    Answer(u16, Value),
}

/// Answers the `n`-th request, from 0, as `answers[n]` says, and later ones like the last.
fn answers(answers: &[Say]) -> (Router, Bodies) {
    let (answers, bodies) = (answers.to_vec(), Bodies::default());
    let seen = Arc::clone(&bodies);
    let router = Router::new().fallback(move |body: String| {
        let n = {
            let mut seen = seen.lock().unwrap();
            seen.push(body);
            seen.len() - 1
        };
        let answer = answers[n.min(answers.len() - 1)].clone();
        async move {
            let Say::Answer(status, body) = answer else { return std::future::pending::<Response>().await };
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
    });
    (router, bodies)
}

fn succeeded() -> Say {
    Say::Answer(200, json!({ "payment_id": "p1", "status": "SUCCEEDED" }))
}

fn busy() -> Say {
    Say::Answer(503, json!({ "error": "busy" }))
}

fn journey(retry: &Value) -> Value {
    json!({ "steps": [pay(&json!({ "timeout": "60ms", "retry": retry }))] })
}

/// How long after the end of the attempt before it each further one was due.
fn waits(exchanges: &[Exchange]) -> Vec<u64> {
    exchanges.windows(2).map(|pair| pair[1].due_ns - pair[0].answered_ns).collect()
}

const MS: u64 = 1_000_000;

#[test]
fn what_is_not_answered_in_time_is_asked_again_as_another_attempt_of_one_intent() {
    let (router, bodies) = answers(&[Say::Nothing, Say::Nothing, succeeded()]);
    let target = FakeTarget::start(router);
    let policy = json!({ "attempts": 4, "on": ["timeout"], "back_off": { "constant": "30ms" } });
    let Setup { config, plan, sink, .. } = setup(target.origin(), &journey(&policy), 1, Span::from_millis(1));
    let report = run_load(config).unwrap();
    let exchanges = sink.exchanges();
    let told: Vec<_> = exchanges.iter().map(|x| (x.step, x.attempt, x.outcome, x.reason.as_deref())).collect();
    assert_eq!(
        told,
        [
            (0, 1, Outcome::Unknown, Some("timeout")),
            (0, 2, Outcome::Unknown, Some("timeout")),
            (0, 3, Outcome::Ok, None)
        ]
    );
    assert_eq!(waits(&exchanges), [30 * MS, 30 * MS], "due when the wait is over, not when that was noticed");
    assert!(exchanges.iter().all(|x| x.due_ns <= x.sent_ns && x.intent.as_deref() == Some("0000000.0")));
    assert!(exchanges[..2].iter().all(|x| (59 * MS..500 * MS).contains(&(x.answered_ns - x.sent_ns))));
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0].contains("r0test-0000000p") && bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(
        (report.n_failed, report.lag.n()),
        (0, 1),
        "the journey came to a good end; lag is of its first request"
    );
    let intents = plan.journeys(&super::fake::run_id()).flat_map(|journey| journey.intents).collect();
    let book = client_views(intents, sink.all());
    let [view] = book.views.as_slice() else { panic!("{} intents", book.views.len()) };
    assert_eq!(
        (view.attempts, view.outcome, view.target_ids.as_slice()),
        (3, ClientOutcome::Ok, &["p1".to_owned()][..])
    );
}

#[test]
fn waits_double_up_to_their_bound_and_the_last_attempt_tells_how_the_step_ended() {
    let policy = json!({ "attempts": 5, "back_off": { "doubling": { "first": "10ms", "max": "25ms" } } });
    let (router, bodies) = answers(&[busy()]);
    let sink = walk(router, &journey(&policy));
    assert_eq!(waits(&sink.exchanges()), [10 * MS, 20 * MS, 25 * MS, 25 * MS]);
    assert_eq!(bodies.lock().unwrap().len(), 5);
    assert!(sink.exchanges().iter().all(|x| x.reason.as_deref() == Some("busy") && x.status == 503));
    assert_eq!(ended(&sink), Outcome::Unexpected);
}

#[test]
fn answers_that_settle_the_matter_and_those_not_listed_are_not_asked_again() {
    let declined = Say::Answer(200, json!({ "payment_id": "p1", "status": "FAILED" }));
    let table = [
        (json!(["5xx"]), succeeded(), Outcome::Ok),
        (json!([200, "5xx"]), declined, Outcome::Declined),
        (json!([502, 504, "timeout", "reset", "not_sent"]), busy(), Outcome::Unexpected),
    ];
    for (on, answer, outcome) in table {
        let (router, bodies) = answers(&[answer]);
        let policy = json!({ "attempts": 3, "on": on, "back_off": { "constant": "1ms" } });
        let sink = walk(router, &journey(&policy));
        assert_eq!((ended(&sink), bodies.lock().unwrap().len()), (outcome, 1), "{on}");
    }
    // The same answer under its own status is.
    let (router, bodies) = answers(&[busy(), succeeded()]);
    let policy = json!({ "attempts": 3, "on": [503], "back_off": { "constant": "1ms" } });
    assert_eq!((ended(&walk(router, &journey(&policy))), bodies.lock().unwrap().len()), (Outcome::Ok, 2));
}

#[test]
fn what_could_not_be_sent_is_tried_again_and_never_counts_as_an_attempt() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let origin = Origin::resolve(&format!("http://{address}")).unwrap();
    let policy = json!({ "attempts": 3, "on": ["not_sent"], "back_off": { "constant": "1ms" } });
    let Setup { config, plan, sink, .. } = setup(origin, &journey(&policy), 1, Span::from_millis(1));
    run_load(config).unwrap();
    let attempts: Vec<_> = sink.exchanges().iter().map(|x| (x.attempt, x.outcome)).collect();
    assert_eq!(attempts, [(1, Outcome::NotSent), (2, Outcome::NotSent), (3, Outcome::NotSent)]);
    let intents = plan.journeys(&super::fake::run_id()).flat_map(|journey| journey.intents).collect();
    let view = &client_views(intents, sink.all()).views[0];
    assert_eq!((view.attempts, view.outcome), (0, ClientOutcome::NotSent));
}

/// What the seed draws: the same in two runs, another for each journey and attempt, within its bounds.
#[test]
fn drawn_waits_follow_from_the_plan_alone() {
    let policy = json!({ "attempts": 3, "back_off": { "constant": "20ms" }, "jitter": "50 %" });
    let run = || {
        let (router, _) = answers(&[busy()]);
        let target = FakeTarget::start(router);
        let s = setup(target.origin(), &journey(&policy), 4, Span::from_millis(1));
        run_load(s.config).unwrap();
        let exchanges = s.sink.exchanges();
        exchanges.chunks(3).flat_map(waits).collect::<Vec<u64>>()
    };
    let drawn = run();
    assert_eq!(drawn.len(), 8);
    assert_eq!(drawn, run());
    assert!(drawn.iter().all(|wait| (10 * MS..=20 * MS).contains(wait)), "{drawn:?}");
    let mut different = drawn.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 8, "{drawn:?}");
}

#[test]
fn a_hard_stop_ends_the_wait_for_another_attempt() {
    let (router, bodies) = answers(&[busy()]);
    let target = FakeTarget::start(router);
    let policy = json!({ "attempts": 20, "back_off": { "constant": "30s" } });
    let s = setup(target.origin(), &journey(&policy), 1, Span::from_millis(1));
    let sink = Arc::clone(&s.sink);
    let report = stop_hard(s.config, s.stop, move || !sink.exchanges().is_empty());
    assert_eq!((bodies.lock().unwrap().len(), report.n_given_up, ended(&s.sink)), (1, 1, Outcome::Unexpected));
}
