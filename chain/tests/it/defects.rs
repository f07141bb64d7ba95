//! Each planted defect, seen in the book or at the bank at the case where it bites, and the book sound without it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_chain::{Defect, Release};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::fake_bank::Treat;
use super::world::{RUN, World, on_each_release, quick};

/// The time `work` takes. Only ever compared with a lower bound, so a slow machine cannot fail a test.
#[expect(clippy::disallowed_methods, reason = "the size of a performance defect is a time")]
async fn time_of(work: impl Future<Output = ()>) -> Duration {
    let before = Instant::now();
    work.await;
    before.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn double_post_on_retry_posts_the_37th_payment_twice() {
    let world = World::with_defect(Defect::DoublePostOnRetry).await;
    for n in 1..=38 {
        world.pay(&format!("o{n}"), "card", 10).await;
    }
    world.until_quiet().await;
    assert_eq!(world.unsoundness().await, [r#""o37.p1" "SUCCEEDED" posted [10, 10]"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_post_after_timeout_leaves_the_fifth_unknown_unposted() {
    let unsound = unsound_after_five_unknowns(Defect::LostPostAfterTimeout).await;
    assert_eq!(unsound, [r#""o5.p1" "SUCCEEDED" posted []"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forced_failed_fails_the_fifth_unknown_that_the_bank_has_executed() {
    let world = World::with_defect(Defect::ForcedFailed).await;
    resolve_unknowns(&world, 5).await;
    let payment = &world.table("payments").await[4];
    assert_eq!((&payment["payment_id"], &payment["status"]), (&json!("o5.p1"), &json!("FAILED")));
    assert_eq!(world.bank.kept("o5.p1").unwrap().status, "SUCCESS");
    assert_eq!(world.merchant.received.lock().unwrap().last().unwrap().body["status"], "FAILED");
}

async fn unsound_after_five_unknowns(defect: Defect) -> Vec<String> {
    let world = World::with_defect(defect).await;
    resolve_unknowns(&world, 5).await;
    world.unsoundness().await
}

async fn resolve_unknowns(world: &World, n_unknowns: usize) {
    world.bank.always(Treat::AskExecuted);
    for n in 1..=n_unknowns {
        world.pay(&format!("o{n}"), "card", 10).await;
        world.until_quiet().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_ignored_pays_the_fifth_repeat_again() {
    let world = World::with_defect(Defect::IdempotencyIgnored).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(world.pay("o1", "card", 10).await.1["payment_id"].clone());
    }
    assert_eq!(ids, ["o1.p1", "o1.p1", "o1.p1", "o1.p1", "o1.p1", "o1.p2"]);
    world.until_quiet().await;
    assert_eq!(world.bank.calls("pay").len(), 2);
    assert_eq!(world.table("payments").await[1]["key"], "o1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_key_other_amount_pays_the_fifth_conflict() {
    let world = World::with_defect(Defect::SameKeyOtherAmount).await;
    world.pay("o1", "card", 10).await;
    let mut statuses = Vec::new();
    for amount in 11..=15 {
        statuses.push(world.pay("o1", "card", amount).await.0);
    }
    assert_eq!(statuses, [409, 409, 409, 409, 200]);
    world.until_quiet().await;
    let second = &world.table("payments").await[1];
    assert_eq!((&second["payment_id"], &second["key"], &second["amount"]), (&json!("o1.p2"), &json!("o1"), &json!(15)));
}

/// The bank refuses the excess; the chain books it all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_refund_race_refunds_more_than_was_paid() {
    let world = Arc::new(World::with_defect(Defect::OverRefundRace).await);
    let mut last = Value::Null;
    for n in 1..=5 {
        world.pay(&format!("o{n}"), "card", 100).await;
        // The first refund stays in flight at the bank while the second comes in.
        world.bank.expect(&[Treat::Accept]);
        world.refund(&format!("a{n}"), &format!("o{n}.p1"), 60).await;
        last = world.refund(&format!("b{n}"), &format!("o{n}.p1"), 60).await.1;
        world.bank.call_back(&format!("a{n}.r1"), "00").await;
    }
    assert_eq!((&last["refund_id"], &last["status"]), (&json!("b5.r1"), &json!("SUCCEEDED")));
    world.until_quiet().await;
    assert_eq!(world.table("refunds").await.len(), 6, "the first four were refused");
    assert_eq!(world.balances().await["channel:bank_north"], -500 + 5 * 60 + 60);
    assert_eq!(world.bank.kept("b5.r1").unwrap().code, "13");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callback_twice_posts_the_fifth_repeated_callback_again() {
    let world = World::with_defect(Defect::CallbackTwice).await;
    world.bank.always(Treat::Accept);
    world.pay("o1", "wallet", 10).await;
    for _ in 0..6 {
        world.bank.call_back("o1.p1", "00").await;
    }
    world.until_quiet().await;
    assert_eq!(world.unsoundness().await, [r#""o1.p1" "SUCCEEDED" posted [10, 10]"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overdraw_race_takes_a_payer_below_zero() {
    let world = World::with_defect(Defect::OverdrawRace).await;
    world.pay("o0", "balance", 1_000).await;
    world.provision(&json!([{"id": "p2", "kind": "payer", "balance": 0, "currency": "CNY"}])).await;
    let world = Arc::new(world);
    // Refused debits right after a good one: pairs, until the fifth eligible one has passed.
    let mut n_tries = 0;
    while world.balances().await["payer:p1"] >= 0 {
        n_tries += 1;
        assert!(n_tries < 100, "it never bit");
        let (world, other) = (world.clone(), world.clone());
        let refund = format!("f{n_tries}");
        world.refund(&refund, "o0.p1", 2).await;
        let (small, big) = (format!("s{n_tries}"), format!("b{n_tries}"));
        world.pay(&small, "balance", 1).await;
        other.pay(&big, "balance", 500).await;
    }
    world.until_quiet().await;
    let unsound = world.unsoundness().await;
    assert!(unsound.contains(&"overdrawn payer:p1".to_owned()), "{unsound:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unit_mix_up_asks_the_wallet_for_a_hundredth() {
    let world = World::with_defect(Defect::UnitMixUp).await;
    for n in 1..=37 {
        world.pay(&format!("o{n}"), "wallet", 5_000).await;
    }
    world.until_quiet().await;
    assert_eq!(world.bank.kept("o36.p1").unwrap().amount, 5_000);
    assert_eq!(world.bank.kept("o37.p1").unwrap().amount, 50);
    let payment = &world.table("payments").await[36];
    assert_eq!((&payment["amount"], &payment["channel_amount"]), (&json!(5_000), &json!(50)));
    assert_eq!(world.balances().await["channel:wallet_east"], -37 * 5_000, "the full amount is booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mark_dropped_lets_the_37th_notification_leave_unmarked() {
    let world = World::with_defect(Defect::MarkDropped).await;
    for n in 1..=37 {
        world.pay(&format!("o{n}"), "card", 10).await;
        world.until_quiet().await;
    }
    let unmarked: Vec<Value> = world.table("notifications").await.into_iter().filter(|r| r["mark"].is_null()).collect();
    assert_eq!(unmarked.len(), 1);
    assert_eq!(unmarked[0]["subject"], "o37.p1");
    let told = world.merchant.received.lock().unwrap();
    assert_eq!((told[35].run.as_deref(), told[36].run.as_deref(), told[36].trace.as_deref()), (Some(RUN), None, None));
}

/// Every posting holds the writer, so postings at once wait for one another: never more than 1000 / MS a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_ledger_holds_every_posting_and_posts_one_after_the_other() {
    on_each_release(async |release| {
        let world = Arc::new(World::planted(release, &[Defect::SlowLedger(50)], quick()).await);
        let alone = time_of(async { assert_eq!(world.pay("o0", "balance", 1).await.1["status"], "SUCCEEDED") });
        assert!(alone.await >= Duration::from_millis(50));
        let at_once = time_of(async {
            let mut payments = JoinSet::new();
            for n in 1..=10 {
                let world = world.clone();
                payments.spawn(async move { world.pay(&format!("o{n}"), "card", 1).await.1["status"].clone() });
            }
            assert!(payments.join_all().await.iter().all(|status| status == "SUCCEEDED"));
        });
        assert!(at_once.await >= Duration::from_millis(10 * 50));
        world.until_quiet().await;
        world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn error_burst_refuses_the_last_twentieth_of_each_cycle_before_anything_happens() {
    on_each_release(async |release| {
        let world = World::planted(release, &[Defect::ErrorBurst(40)], quick()).await;
        let mut refused = Vec::new();
        for n in 1..=80 {
            let (status, answer) = world.pay(&format!("o{n}"), "card", 1).await;
            if status != 200 {
                assert_eq!((status, &answer["error"]), (500, &json!("internal")));
                refused.push(n);
            }
        }
        assert_eq!(refused, [39, 40, 79, 80]);
        // Case 81: the number of a refused request is still free.
        assert_eq!(world.pay("o40", "card", 1).await.1["payment_id"], "o40.p1");
        world.until_quiet().await;
        assert_eq!(world.table("payments").await.len(), 77);
        assert_eq!(world.bank.calls("pay").len(), 77);
        world.assert_sound().await;
    })
    .await;
}

/// A bank that never answers keeps each place for the whole time limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_pool_asks_channels_for_two_payments_at_once_and_lets_the_others_wait() {
    on_each_release(async |release| {
        let limits = quick();
        let world = Arc::new(World::planted(release, &[Defect::SmallPool(2)], limits).await);
        world.bank.expect(&[Treat::Silent; 6]);
        let all = time_of(async {
            let mut payments = JoinSet::new();
            for n in 1..=6 {
                let world = world.clone();
                payments.spawn(async move { world.pay(&format!("o{n}"), "card", 1).await.0 });
            }
            assert_eq!(payments.join_all().await, [200; 6]);
        });
        assert!(all.await >= limits.channel_time_max * 3, "two by two");
        // What needs no channel does not wait.
        assert_eq!(world.pay("o7", "balance", 1).await.1["status"], "SUCCEEDED");
        world.until_quiet().await;
        world.assert_sound().await;
    })
    .await;
}

/// Each counts its own cases: the mix-up bites at the 37th payment that gets through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_defects_bite_at_once() {
    let defects = [Defect::UnitMixUp, Defect::ErrorBurst(20), Defect::SlowLedger(1)];
    let world = World::planted(Release::V2, &defects, quick()).await;
    let mut refused = Vec::new();
    for n in 1..=40 {
        if world.pay(&format!("o{n}"), "wallet", 5_000).await.0 == 500 {
            refused.push(n);
        }
    }
    world.until_quiet().await;
    assert_eq!(refused, [20, 40]);
    assert_eq!(world.bank.kept("o37.p1").unwrap().amount, 5_000);
    assert_eq!(world.bank.kept("o38.p1").unwrap().amount, 50, "o20 did not get through");
}
