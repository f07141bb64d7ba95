use plimsoll_chain::Release;
use serde_json::{Value, json};

use super::fake_bank::Treat;
use super::world::{RUN, TRACE, World, on_each_release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_payment_succeeds_is_booked_and_told() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        let (status, answer) = world.pay("o1", "card", 700).await;
        assert_eq!(status, 200);
        assert_eq!(
            answer,
            json!({"payment_id": "o1.p1", "merchant_order_no": "o1", "status": "SUCCEEDED", "amount": 700,
            "currency": "CNY", "channel": "bank_north"})
        );
        world.until_quiet().await;
        assert_eq!(world.states("o1.p1").await, world.way(&["SUCCEEDED"]));
        let payment = &world.table("payments").await[0];
        assert_eq!((&payment["channel_amount"], &payment["channel_txn"]), (&json!(700), &json!("t-o1.p1")));
        assert_eq!((&payment["key"], &payment["mark"]), (&json!("o1"), &json!(RUN)));
        assert_eq!(payment["version"], world.way(&["SUCCEEDED"]).len());
        assert_eq!(world.balances().await["channel:bank_north"], -700);
        assert_eq!(world.balances().await["merchant:m1"], 1_000_700);
        world.assert_sound().await;

        let told = world.merchant.received.lock().unwrap().clone();
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].body,
            json!({"event": "payment", "payment_id": "o1.p1", "merchant_order_no": "o1", "status": "SUCCEEDED",
            "amount": 700, "currency": "CNY"})
        );
        assert_eq!(told[0].run.as_deref(), Some(RUN));
        assert!(told[0].trace.as_ref().unwrap().contains(TRACE), "the trace id is kept to the last hop");
        assert_eq!(world.bank.marks("pay"), [Some(RUN.to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_is_an_answer_and_moves_nothing() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.expect(&[Treat::Decline("51")]);
        let (status, answer) = world.pay("o1", "card", 700).await;
        assert_eq!((status, &answer["status"], &answer["reason"]), (200, &json!("FAILED"), &json!("51")));
        world.until_quiet().await;
        assert_eq!(world.balances().await["merchant:m1"], 1_000_000);
        assert_eq!(world.merchant.received.lock().unwrap()[0].body["status"], "FAILED");
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_payment_is_accepted_and_ends_by_callback() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.always(Treat::Accept);
        let (_, first) = world.pay("o1", "wallet", 50).await;
        assert_eq!((&first["status"], &first["channel"]), (&json!("PROCESSING"), &json!("wallet_east")));
        let (_, second) = world.pay("o2", "wallet", 60).await;
        assert_eq!(second["status"], "PROCESSING");
        assert_eq!(world.bank.call_back("o1.p1", "00").await, (200, "success".to_owned()));
        assert_eq!(world.bank.call_back("o2.p1", "61").await, (200, "success".to_owned()));
        world.until_quiet().await;
        let (_, first) = world.ask("GET", "/v1/payments/o1.p1", "").await;
        let (_, second) = world.ask("GET", "/v1/payments?merchant_order_no=o2", "").await;
        assert_eq!((&first["status"], &second["status"]), (&json!("SUCCEEDED"), &json!("FAILED")));
        assert_eq!(second["reason"], "61");
        let states = world.states("o1.p1").await;
        assert_eq!(states, world.way(&["ACCEPTED", "SUCCEEDED"]));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_payment_is_final_at_once() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        let (_, paid) = world.pay("o1", "balance", 900).await;
        let (_, refused) = world.pay("o2", "balance", 101).await;
        assert_eq!(paid["status"], "SUCCEEDED");
        assert_eq!(paid.get("channel"), None);
        assert_eq!((&refused["status"], &refused["reason"]), (&json!("FAILED"), &json!("insufficient_balance")));
        let (_, balance) = world.ask("GET", "/v1/accounts/p1/balance", "").await;
        assert_eq!(balance, json!({"account": "p1", "balance": 100, "currency": "CNY"}));
        world.until_quiet().await;
        assert_eq!(world.bank.calls("pay"), Vec::<Value>::new());
        world.assert_sound().await;
    })
    .await;
}

/// Twenty debits of 100 at one instant on a balance of 1,000: ten pass, whoever they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_debits_at_once_cannot_overdraw() {
    on_each_release(async |release| {
        let world = std::sync::Arc::new(World::new(release).await);
        let mut debits = tokio::task::JoinSet::new();
        for n in 0..20 {
            let world = world.clone();
            debits.spawn(async move { world.pay(&format!("o{n}"), "balance", 100).await.1["status"].clone() });
        }
        let ends = debits.join_all().await;
        assert_eq!(ends.iter().filter(|end| **end == "SUCCEEDED").count(), 10);
        assert_eq!(ends.iter().filter(|end| **end == "FAILED").count(), 10);
        world.until_quiet().await;
        assert_eq!(world.balances().await["payer:p1"], 0);
        world.assert_sound().await;
    })
    .await;
}

/// A release stops with a payment under way; the other one takes the store over. Each order keeps the way it was taken
/// in by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_finished_by_another_release_than_it_began_with() {
    on_each_release(async |release| {
        let mut world = World::new(release).await;
        world.bank.refuse_inquiries(true);
        world.bank.expect(&[Treat::AskExecuted]);
        world.pay("o1", "card", 10).await;
        let before = world.way(&["UNKNOWN", "SUCCEEDED"]);
        world.stop().await;
        world.release = if release == Release::V1 { Release::V2 } else { Release::V1 };
        world.start().await;
        world.bank.refuse_inquiries(false);
        world.pay("o2", "card", 10).await;
        world.until_quiet().await;
        assert_eq!(world.states("o1.p1").await, before);
        assert_eq!(world.states("o2.p1").await, world.way(&["SUCCEEDED"]));
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_says_by_the_cause_of_its_first_state_which_way_it_takes() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.pay("o1", "card", 10).await;
        world.until_quiet().await;
        let rows = world.table("states").await;
        let causes: Vec<&str> = rows.iter().map(|row| row["cause"].as_str().unwrap()).collect();
        let expected: &[&str] = match release {
            Release::V1 => &["request", "route", "submit", "channel answer"],
            Release::V2 => &["screened request", "risk check", "route", "submit", "channel answer"],
        };
        assert_eq!(causes, expected);
    })
    .await;
}
