//! Everything at once: all methods, every misbehaviour of the bank, repeats, refunds, repeated callbacks, and a stop in
//! the middle. Whatever happened, the books must agree.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_chain::Limits;
use serde_json::json;
use tokio::task::JoinSet;

use super::fake_bank::Treat;
use super::world::{World, on_each_release, quick};

const N_ORDERS: usize = 240;
const TREATMENTS: [Treat; 7] = [
    Treat::Success,
    Treat::Decline("51"),
    Treat::AskExecuted,
    Treat::Accept,
    Treat::ErrorExecuted,
    Treat::AskNotExecuted,
    Treat::Success,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_agree_after_a_storm_with_a_stop_in_the_middle() {
    on_each_release(async |release| {
        let limits = Limits { callback_wait_max: Duration::from_millis(200), ..quick() };
        let mut world = World::with(release, limits).await;
        world.bank.expect(&TREATMENTS.repeat(N_ORDERS));
        for half in 0..2 {
            let sharing = Arc::new(world);
            let mut journeys = JoinSet::new();
            for n in (0..N_ORDERS).filter(|n| n % 2 == half) {
                let world = sharing.clone();
                journeys.spawn(async move { journey(&world, n).await });
            }
            journeys.join_all().await;
            world = Arc::into_inner(sharing).expect("all journeys have ended");
            if half == 0 {
                // Unknown and accepted orders are under way now; the next start must take them up.
                world.stop().await;
                world.start().await;
            }
        }
        // Accepted orders whose callback was not sent end at the bank, and the chain finds out.
        for (table, id) in [("payments", "payment_id"), ("refunds", "refund_id")] {
            for order in world.table(table).await {
                let number = order[id].as_str().unwrap();
                if world.bank.kept(number).is_some_and(|kept| kept.status == "PROCESSING") {
                    world.bank.end_silently(number, "00");
                }
            }
        }
        world.until_quiet().await;
        world.assert_sound().await;
        assert_bank_agrees(&world).await;
        assert_refunds_within_payments(&world).await;
        assert_told_once(&world).await;
    })
    .await;
}

/// A payment asked for twice at once; if it went to a wallet, two callbacks; then two refunds that together exceed it.
async fn journey(world: &World, n: usize) {
    let (order_no, method) = (format!("o{n}"), ["card", "wallet", "balance"][n % 3]);
    let amount = 10 + i64::try_from(n).unwrap();
    let (first, second) = tokio::join!(world.pay(&order_no, method, amount), world.pay(&order_no, method, amount));
    assert_eq!((first.0, second.0), (200, 200));
    assert_eq!(first.1["payment_id"], second.1["payment_id"]);
    let id = format!("{order_no}.p1");
    if n.is_multiple_of(2) && world.bank.kept(&id).is_some_and(|kept| kept.status == "PROCESSING") {
        let code = if n.is_multiple_of(4) { "00" } else { "61" };
        tokio::join!(world.bank.call_back(&id, code), world.bank.call_back(&id, code));
    }
    let (one, other) = (format!("f{n}a"), format!("f{n}b"));
    let (one, other) = tokio::join!(world.refund(&one, &id, amount - 4), world.refund(&other, &id, amount - 4));
    // Both may pass if the first failed before the second came in; the bound is checked at the end.
    assert!([one.0, other.0].iter().all(|status| [200, 409].contains(status)), "{one:?} {other:?}");
}

/// What went through a channel succeeded here exactly if it succeeded there, with the same amount.
async fn assert_bank_agrees(world: &World) {
    for (table, id) in [("payments", "payment_id"), ("refunds", "refund_id")] {
        for order in world.table(table).await.iter().filter(|order| !order["channel"].is_null()) {
            let kept = world.bank.kept(order[id].as_str().unwrap());
            let at_bank = kept.filter(|kept| kept.status == "SUCCESS").map(|kept| json!(kept.amount));
            let here = (order["status"] == "SUCCEEDED").then(|| order["amount"].clone());
            assert_eq!(here, at_bank, "{order}");
        }
    }
}

async fn assert_refunds_within_payments(world: &World) {
    let refunds = world.table("refunds").await;
    assert!(refunds.iter().any(|refund| refund["status"] == "SUCCEEDED"), "the storm has refunds");
    for payment in world.table("payments").await {
        let of_payment =
            refunds.iter().filter(|r| r["payment_id"] == payment["payment_id"] && r["status"] == "SUCCEEDED");
        let refunded: i64 = of_payment.map(|refund| refund["amount"].as_i64().unwrap()).sum();
        assert!(refunded <= payment["amount"].as_i64().unwrap(), "{payment}");
    }
}

/// Every order's end was told, as it is in the book, and acknowledged.
async fn assert_told_once(world: &World) {
    let mut expected: Vec<(String, String)> = Vec::new();
    for (table, id) in [("payments", "payment_id"), ("refunds", "refund_id")] {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        expected.extend(world.table(table).await.iter().map(|order| (text(&order[id]), text(&order["status"]))));
    }
    let notices = world.table("notifications").await;
    assert!(notices.iter().all(|notice| notice["acknowledged"] == true));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut told: Vec<_> = notices.iter().map(|notice| (text(&notice["subject"]), text(&notice["status"]))).collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(world.table("payments").await.len(), N_ORDERS);
}
