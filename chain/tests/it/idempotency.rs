use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::fake_bank::Treat;
use super::world::{World, on_each_release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_twenty_times_at_once_is_one_payment() {
    on_each_release(async |release| {
        let world = Arc::new(World::new(release).await);
        for (order_no, method) in [("card1", "card"), ("balance1", "balance")] {
            let mut requests = JoinSet::new();
            for _ in 0..20 {
                let world = world.clone();
                requests.spawn(async move { world.pay(order_no, method, 100).await });
            }
            for (status, answer) in requests.join_all().await {
                assert_eq!((status, &answer["payment_id"]), (200, &json!(format!("{order_no}.p1"))));
            }
            let (_, now) = world.pay(order_no, method, 100).await;
            assert_eq!(now["status"], "SUCCEEDED");
        }
        world.until_quiet().await;
        assert_eq!(world.table("payments").await.len(), 2);
        assert_eq!(world.bank.calls("pay").len(), 1);
        assert_eq!(world.merchant.received.lock().unwrap().len(), 2);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_key_with_two_amounts_exactly_one_wins() {
    on_each_release(async |release| {
        let world = Arc::new(World::new(release).await);
        for n in 0..10 {
            let mut requests = JoinSet::new();
            for amount in [10, 11] {
                let world = world.clone();
                requests.spawn(async move { (amount, world.pay(&format!("o{n}"), "card", amount).await) });
            }
            let mut answers = requests.join_all().await;
            answers.sort_by_key(|(_, (status, _))| *status);
            let [(won, (first, _)), (_, (second, conflict))] = answers.try_into().unwrap();
            assert_eq!((first, second, &conflict["error"]), (200, 409, &json!("key_conflict")));
            assert_eq!(world.bank.kept(&format!("o{n}.p1")).unwrap().amount, won);
        }
        world.until_quiet().await;
        assert_eq!(world.table("payments").await.len(), 10);
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_while_the_first_is_under_way_is_answered_at_once() {
    on_each_release(async |release| {
        let world = Arc::new(World::new(release).await);
        world.bank.always(Treat::Silent);
        let first = tokio::spawn({
            let world = world.clone();
            async move { world.pay("o1", "card", 10).await }
        });
        world.until("payments", |rows| rows.len() == 1).await;
        let (status, repeat) = world.pay("o1", "card", 10).await;
        assert_eq!((status, &repeat["status"], &repeat["payment_id"]), (200, &json!("PROCESSING"), &json!("o1.p1")));
        assert_eq!(first.await.unwrap().1["status"], "PROCESSING");
        world.until_quiet().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_number_is_a_key_too() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.pay("o1", "card", 100).await;
        let (_, first) = world.refund("f1", "o1.p1", 30).await;
        assert_eq!((&first["refund_id"], &first["status"]), (&json!("f1.r1"), &json!("SUCCEEDED")));
        assert_eq!(world.refund("f1", "o1.p1", 30).await, (200, first));
        let (status, conflict) = world.refund("f1", "o1.p1", 31).await;
        assert_eq!((status, &conflict["error"]), (409, &json!("key_conflict")));
        world.until_quiet().await;
        assert_eq!(world.bank.calls("refund").len(), 1);
        world.assert_sound().await;
    })
    .await;
}
