use super::world::{RUN, World, on_each_release};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_is_repeated_until_it_is_acknowledged() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        world.merchant.answers.lock().unwrap().extend(["", "not success"]);
        world.pay("o1", "card", 10).await;
        world.until_quiet().await;
        assert_eq!(world.merchant.received.lock().unwrap().len(), 3);
        let rows = world.table("notifications").await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (&rows[0]["attempts"], &rows[0]["acknowledged"], &rows[0]["mark"]),
            (&3.into(), &true.into(), &RUN.into())
        );
        let between = rows[0]["last_us"].as_i64().unwrap() - rows[0]["first_us"].as_i64().unwrap();
        assert!(700_000 <= between, "after 0.2 s and then 0.5 s, took {between} us");
    })
    .await;
}
