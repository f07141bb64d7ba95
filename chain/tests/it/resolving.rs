use std::time::Duration;

use plimsoll_chain::Limits;
use serde_json::json;

use super::fake_bank::Treat;
use super::world::{RUN, World, on_each_release, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_payment_that_was_executed_succeeds_by_inquiry() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.expect(&[Treat::AskExecuted, Treat::ErrorExecuted]);
        for order_no in ["o1", "o2"] {
            assert_eq!(world.pay(order_no, "card", 10).await.1["status"], "PROCESSING");
        }
        world.until_quiet().await;
        for id in ["o1.p1", "o2.p1"] {
            assert_eq!(world.states(id).await, world.way(&["UNKNOWN", "SUCCEEDED"]));
        }
        assert!(world.bank.marks("query").iter().all(|mark| mark.as_deref() == Some(RUN)));
        assert_eq!(world.bank.calls("pay").len(), 2, "asked after, not paid again");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_payment_that_was_not_executed_fails_only_after_a_confirmed_close() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.expect(&[Treat::AskNotExecuted, Treat::Silent]);
        for order_no in ["o1", "o2"] {
            assert_eq!(world.pay(order_no, "card", 10).await.1["status"], "PROCESSING");
        }
        world.until_quiet().await;
        for id in ["o1.p1", "o2.p1"] {
            assert_eq!(world.states(id).await, world.way(&["UNKNOWN", "FAILED"]));
            assert_eq!(world.bank.kept(id).unwrap().status, "CLOSED");
        }
        assert_eq!(world.bank.calls("query").len(), 6, "three times not found each");
        assert_eq!(world.bank.calls("close").len(), 2);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accepted_payment_without_a_callback_is_asked_after() {
    on_each_release(async |release| {
        let world = World::with(release, Limits { callback_wait_max: Duration::from_millis(50), ..quick() }).await;
        world.bank.expect(&[Treat::Accept]);
        world.pay("o1", "wallet", 10).await;
        // The inquiries find it still processing; that changes nothing.
        while world.bank.calls("query").len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(world.table("payments").await[0]["status"], "ACCEPTED");
        // No callback comes, so only an inquiry can tell.
        world.bank.end_silently("o1.p1", "00");
        world.until_quiet().await;
        assert_eq!(world.table("payments").await[0]["status"], "SUCCEEDED");
        assert_eq!(world.table("states").await.last().unwrap()["cause"], "inquiry");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_callback_has_one_effect() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.expect(&[Treat::Accept]);
        world.pay("o1", "wallet", 10).await;
        for _ in 0..3 {
            assert_eq!(world.bank.call_back("o1.p1", "00").await, (200, "success".to_owned()));
        }
        world.until_quiet().await;
        assert_eq!(world.merchant.received.lock().unwrap().len(), 1);
        assert_eq!(world.states("o1.p1").await, world.way(&["ACCEPTED", "SUCCEEDED"]));
        world.assert_sound().await;
    })
    .await;
}

/// Callbacks at once with each other and with the inquiries of an accepted payment that waits no time at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_racing_inquiries_have_one_effect() {
    on_each_release(async |release| {
        let world = World::with(release, Limits { callback_wait_max: Duration::ZERO, ..quick() }).await;
        world.bank.always(Treat::Accept);
        for n in 0..20 {
            let (order_no, id) = (format!("o{n}"), format!("o{n}.p1"));
            world.pay(&order_no, "wallet", 10).await;
            if n % 2 == 0 {
                // Half of them around the moment of the first inquiry.
                tokio::time::sleep(Duration::from_millis(98)).await;
            }
            let [first, second] = [world.bank.call_back(&id, "00"), world.bank.call_back(&id, "00")];
            let (first, second) = tokio::join!(first, second);
            assert_eq!((first.0, second.0), (200, 200));
        }
        world.until_quiet().await;
        assert_eq!(world.merchant.received.lock().unwrap().len(), 20);
        assert_eq!(world.balances().await["merchant:m1"], 1_000_200);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_is_not_the_banks_or_does_not_fit_changes_nothing() {
    on_each_release(async |release| {
    let world = World::new(release).await;
    world.bank.expect(&[Treat::Accept]);
    world.pay("o1", "wallet", 10).await;
    let url = world.bank.kept("o1.p1").unwrap().notify_url;
    let mut body =
        json!({"order_no": "o1.p1", "txn": "t", "status": "SUCCESS", "code": "00", "amount": 10, "currency": "CNY"});
    assert_eq!(world.bank.send_callback(&url, &body, "another key").await.0, 401);
    body["amount"] = json!(11);
    assert_ne!(world.bank.send_callback(&url, &body, super::fake_bank::KEY).await.0, 200);
    body["order_no"] = json!("o9.p1");
    assert_ne!(world.bank.send_callback(&url, &body, super::fake_bank::KEY).await.0, 200);
    assert_eq!(world.table("payments").await[0]["status"], "ACCEPTED");
    assert_eq!(world.balances().await["merchant:m1"], 1_000_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_takes_up_what_was_unknown_accepted_or_untold() {
    on_each_release(async |release| {
        let mut world = World::new(release).await;
        world.bank.refuse_inquiries(true);
        world.bank.expect(&[Treat::AskExecuted, Treat::Accept, Treat::AskNotExecuted]);
        world.pay("o1", "card", 10).await;
        world.pay("o2", "wallet", 20).await;
        world.pay("o3", "card", 30).await;
        world.merchant.answers.lock().unwrap().extend(["no"; 2]);
        world.pay("o4", "balance", 40).await;
        world.stop().await;
        world.bank.refuse_inquiries(false);
        // Its callback goes to where the chain was; the chain must ask.
        world.bank.end_silently("o2.p1", "00");
        world.start().await;
        world.until_quiet().await;
        let ends: Vec<_> = world.table("payments").await.iter().map(|p| p["status"].clone()).collect();
        assert_eq!(ends, ["SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED"]);
        assert_eq!(world.bank.calls("pay").len(), 3);
        let told = world.table("notifications").await;
        assert_eq!(told.len(), 4);
        assert!(told.iter().all(|row| row["acknowledged"] == true && row["mark"] == RUN));
        world.assert_sound().await;
    })
    .await;
}
