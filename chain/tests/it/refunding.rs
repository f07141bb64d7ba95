use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::fake_bank::Treat;
use super::world::{World, on_each_release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_go_back_where_the_money_came_from() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.pay("o1", "card", 100).await;
        world.pay("o2", "balance", 100).await;
        let (_, to_card) = world.refund("f1", "o1.p1", 40).await;
        let (_, to_payer) = world.refund("f2", "o2.p1", 30).await;
        assert_eq!(
            to_card,
            json!({"refund_id": "f1.r1", "refund_no": "f1", "payment_id": "o1.p1", "status": "SUCCEEDED", "amount": 40,
            "currency": "CNY"})
        );
        assert_eq!(to_payer["status"], "SUCCEEDED");
        assert_eq!(world.ask("GET", "/v1/refunds/f1.r1", "").await, (200, to_card));
        world.until_quiet().await;
        let balances = world.balances().await;
        assert_eq!(balances["channel:bank_north"], -60);
        assert_eq!(balances["payer:p1"], 1_000 - 100 + 30);
        assert_eq!(balances["merchant:m1"], 1_000_000 + 200 - 70);
        assert_eq!(world.states("f1.r1").await, ["1 CREATED", "2 SUBMITTED", "3 SUCCEEDED"]);
        world.assert_sound().await;
        let told = world.merchant.received.lock().unwrap();
        let refund = told.iter().find(|told| told.body["refund_id"] == "f1.r1").unwrap();
        assert_eq!(
            refund.body,
            json!({"event": "refund", "payment_id": "o1.p1", "refund_id": "f1.r1", "merchant_order_no": "o1",
            "refund_no": "f1", "status": "SUCCEEDED", "amount": 40, "currency": "CNY"})
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_refunds_that_together_exceed_one_is_refused() {
    on_each_release(async |release| {
        let world = Arc::new(World::new(release).await);
        for (order_no, method) in [("a", "card"), ("b", "balance")] {
            world.pay(order_no, method, 100).await;
            let mut refunds = JoinSet::new();
            for n in 0..2 {
                let world = world.clone();
                refunds.spawn(async move {
                    world.refund(&format!("f-{order_no}-{n}"), &format!("{order_no}.p1"), 60).await
                });
            }
            let mut answers = refunds.join_all().await;
            answers.sort_by_key(|(status, _)| *status);
            assert_eq!((answers[0].0, &answers[0].1["status"]), (200, &json!("SUCCEEDED")));
            assert_eq!((answers[1].0, &answers[1].1["error"]), (409, &json!("exceeds_captured")));
        }
        world.until_quiet().await;
        assert_eq!(world.table("refunds").await.len(), 2);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_failed_makes_room_again_and_leaves_no_posting() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.pay("o1", "card", 100).await;
        world.bank.expect(&[Treat::Decline("05")]);
        let (_, failed) = world.refund("f1", "o1.p1", 100).await;
        assert_eq!((&failed["status"], &failed["reason"]), (&json!("FAILED"), &json!("05")));
        let (_, done) = world.refund("f2", "o1.p1", 100).await;
        assert_eq!(done["status"], "SUCCEEDED");
        world.until_quiet().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_succeeded_payments_of_ones_own_can_be_refunded_and_only_with_cover() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.bank.expect(&[Treat::Decline("51")]);
        world.pay("o1", "card", 100).await;
        world.pay("o2", "card", 5_000_000).await;
        world.bank.expect(&[Treat::Accept]);
        world.pay("o3", "wallet", 100).await;
        let error = async |refund_no: &str, payment: &str, amount| {
            let (status, answer) = world.refund(refund_no, payment, amount).await;
            (status, answer["error"].as_str().unwrap().to_owned())
        };
        assert_eq!(error("f1", "o1.p1", 1).await, (409, "not_refundable".into()));
        assert_eq!(error("f2", "o3.p1", 1).await, (409, "not_refundable".into()));
        assert_eq!(error("f3", "o9.p1", 1).await, (404, "not_found".into()));
        assert_eq!(error("f4", "o2.p1", 5_000_001).await, (409, "exceeds_captured".into()));
        assert_eq!(error("f5", "o2.p1", 90_000_000).await, (409, "merchant_funds".into()));
        assert_eq!(world.table("refunds").await.len(), 0);
        world.bank.call_back("o3.p1", "00").await;
        world.until_quiet().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_without_an_answer_is_resolved_by_inquiry() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.pay("o1", "card", 100).await;
        world.bank.expect(&[Treat::AskExecuted]);
        let (_, first_word) = world.refund("f1", "o1.p1", 100).await;
        assert_eq!(first_word["status"], "PROCESSING");
        world.until_quiet().await;
        assert_eq!(world.states("f1.r1").await, ["1 CREATED", "2 SUBMITTED", "3 UNKNOWN", "4 SUCCEEDED"]);
        assert_eq!(world.bank.calls("query"), [json!({"refund_no": "f1.r1"})]);
        world.assert_sound().await;
    })
    .await;
}
