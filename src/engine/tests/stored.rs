//! A run with the real store beneath it: what is read back is what happened.

use axum::Router;
use axum::routing::post;
use serde_json::json;

use super::fake::{FakeTarget, run_id, setup};
use crate::engine::{Clock, LoadEnd, run_load};
use crate::history::{Event, Outcome, client_views};
use crate::ledger::ClientOutcome;
use crate::store::{RunDir, read_events, read_intents, start_history, start_intents};
use crate::time::Span;

#[test]
fn a_stored_run_reads_back_with_every_intent_answered() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = RunDir::create(scratch.path(), &run_id()).unwrap();
    let pay = json!({ "steps": [{
        "post": "/v1/payments",
        "intent": { "kind": "pay", "key": "{{order_no}}", "amount": "{{amount}}", "from": "{{payer.id}}", "to": "{{merchant.id}}" },
        "capture": { "payment": "$.payment_id" },
    }] });
    let answer = || async { axum::Json(json!({ "payment_id": "p1", "status": "SUCCEEDED" })) };
    let target = FakeTarget::start(Router::new().route("/v1/payments", post(answer)));
    let mut s = setup(target.origin(), &pay, 300, Span::from_millis(1));
    let (recorder, history) = start_history(&dir).unwrap();
    // The start lies ahead, so that the first intents are written when it comes.
    let clock = Clock::starting_in(Span::from_millis(100));
    let planned = s.plan.journeys(&run_id()).map(|j| (j.due, j.number, j.intents));
    let writer = start_intents(&dir, planned, Span::from_secs(1), move || clock.now()).unwrap();
    s.config.clock = clock;
    s.config.sink = std::sync::Arc::new(recorder);
    s.config.intents = Box::new(writer.watermark());

    let report = run_load(s.config).unwrap();
    assert_eq!((report.end, report.n_ended, report.n_lost), (LoadEnd::Completed, 300, 0));
    writer.finish().unwrap();
    assert_eq!(history.finish().unwrap().lost, 0);
    let events: Vec<Event> = read_events(&dir).unwrap().map(Result::unwrap).collect();
    let n_ok = events.iter().filter(|e| matches!(e, Event::Ended { outcome: Outcome::Ok, .. })).count();
    assert_eq!(n_ok, 300);
    let intents = read_intents(&dir).unwrap().map(Result::unwrap).collect();
    let book = client_views(intents, events);
    assert_eq!(book.views.len(), 300);
    for view in &book.views {
        assert_eq!((view.outcome, view.attempts), (ClientOutcome::Ok, 1));
        assert_eq!(view.target_ids, ["p1"]);
    }
}
