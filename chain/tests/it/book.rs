use serde_json::{Value, json};

use super::world::{World, on_each_release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_contiguous_and_end_with_null() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        for n in 0..7 {
            world.pay(&format!("o{n}"), "balance", 1).await;
        }
        world.until_quiet().await;
        for table in ["payments", "refunds", "states", "postings", "balances", "notifications"] {
            let whole = world.table(table).await;
            let mut paged: Vec<Value> = Vec::new();
            let mut after = json!(0);
            while !after.is_null() {
                let page = world.admin(&format!("/admin/v1/book/{table}?after={after}&limit=3")).await;
                let rows = page["rows"].as_array().unwrap();
                assert!(rows.len() <= 3);
                paged.extend(rows.iter().cloned());
                after = page["next"].clone();
            }
            assert_eq!(paged, whole, "{table}");
        }
        assert_eq!(world.table("payments").await.len(), 7);
        assert_eq!(world.table("states").await.len(), 7 * world.way(&["SUCCEEDED"]).len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_have_the_columns_of_the_interface() {
    on_each_release(async |release| {
    let world = World::new(release).await;
    world.pay("o1", "card", 10).await;
    world.refund("f1", "o1.p1", 10).await;
    world.until_quiet().await;
    let expected = [
        (
            "payments",
            "payment_id key merchant payer payee amount currency method channel channel_amount channel_txn status version mark created_us updated_us",
        ),
        (
            "refunds",
            "refund_id key payment_id merchant amount currency channel channel_txn status version mark created_us updated_us",
        ),
        ("states", "seq subject version state cause mark at_us"),
        ("postings", "seq entry_id subject account side amount currency balance_after mark at_us"),
        ("balances", "account kind currency opening balance run"),
        ("notifications", "seq subject merchant status amount currency attempts acknowledged mark first_us last_us"),
    ];
    for (table, columns) in expected {
        let row = world.table(table).await[0].as_object().unwrap().clone();
        assert_eq!(row.keys().map(String::as_str).collect::<Vec<_>>().join(" "), columns, "{table}");
    }
    })
    .await;
}
