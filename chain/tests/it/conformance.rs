//! What the gateway refuses, and how it says so.

use serde_json::{Value, json};

use super::fake_bank::sign;
use super::world::{World, on_each_release, send};

/// A request of `m1` with any body and headers, signed unless `signature` says otherwise.
async fn raw(world: &World, body: &[u8], mark: Option<&str>, signature: Option<&str>) -> (u16, String) {
    let right = sign("m1-secret", ["POST", "/v1/payments", "1700000000"], body);
    let signature = signature.unwrap_or(&right);
    let mut headers = vec![("x-merchant", "m1"), ("x-timestamp", "1700000000"), ("x-signature", signature)];
    headers.extend(mark.map(|run| ("x-stress-test", run)));
    let (status, _, answer) = send("POST", &world.url("/v1/payments"), &headers, body.to_vec()).await;
    let answer: Value = serde_json::from_slice(&answer).expect("every refusal is JSON");
    assert!(answer["message"].is_string());
    (status, answer["error"].as_str().unwrap().to_owned())
}

fn payment() -> Value {
    json!({"merchant_order_no": "o1", "payer": "p1", "payee": "m1", "amount": 10, "currency": "CNY", "method": "card"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_the_unmarked_are_turned_away() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        let body = payment().to_string().into_bytes();
        assert_eq!(raw(&world, &body, Some("r1"), Some("00")).await, (401, "signature".into()));
        assert_eq!(raw(&world, &body, Some("r1"), Some("")).await, (401, "signature".into()));
        assert_eq!(raw(&world, &body, None, None).await, (403, "unmarked".into()));
        assert_eq!(raw(&world, &body, Some("a run; or not"), None).await, (403, "unmarked".into()));
        let (status, ..) = send("GET", &world.url("/admin/v1/open"), &[("x-admin-token", "no")], vec![]).await;
        assert_eq!(status, 401);
        assert_eq!(world.table("payments").await.len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_invalid_and_too_much_is_too_large() {
    on_each_release(async |release| {
        let world = World::new(release).await;
        let with = |field: &str, value: Value| {
            let mut body = payment();
            body[field] = value;
            body.to_string().into_bytes()
        };
        let rows = [
            (b"".to_vec(), 422, "invalid"),
            (b"\xff\xfe{".to_vec(), 422, "invalid"),
            (b"[1,2".to_vec(), 422, "invalid"),
            (b"{}".to_vec(), 422, "invalid"),
            ("[".repeat(10_000).into_bytes(), 422, "invalid"),
            (with("amount", json!(0)), 422, "invalid"),
            (with("amount", json!(-5)), 422, "invalid"),
            (with("amount", json!(1.5)), 422, "invalid"),
            (with("amount", json!("10")), 422, "invalid"),
            (with("currency", json!("USD")), 422, "invalid"),
            (with("currency", json!("yuan")), 422, "invalid"),
            (with("method", json!("cash")), 422, "invalid"),
            (with("payee", json!("m2")), 422, "invalid"),
            (with("merchant_order_no", json!("a/../b")), 422, "invalid"),
            (with("merchant_order_no", json!("'; DROP TABLE payments; --")), 422, "invalid"),
            (with("payer", json!("p9")), 404, "unknown_account"),
            (with("payer", json!("m1")), 404, "unknown_account"),
            (vec![b' '; 64 * 1024 + 1], 413, "too_large"),
        ];
        for (body, status, code) in rows {
            let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
            assert_eq!(raw(&world, &body, Some("r1"), None).await, (status, code.into()), "{shown}");
        }
        assert_eq!(world.table("payments").await.len(), 0);
        assert_eq!(world.ask("GET", "/v1/payments/o1.p1", "").await.0, 404);
        assert_eq!(world.ask("GET", "/v1/payments/%2e%2e", "").await.0, 404);
        assert_eq!(world.ask("GET", "/v1/payments", "").await.0, 422);
        assert_eq!(world.ask("GET", "/v1/accounts/p9/balance", "").await.1["error"], "unknown_account");
        assert_eq!(world.ask("DELETE", "/v1/payments", "").await.1["error"], "method");
        assert_eq!(world.ask("GET", "/nowhere", "").await.1["error"], "not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_provided_once_and_survive_a_restart() {
    on_each_release(async |release| {
        let mut world = World::new(release).await;
        let more = json!([
            {"id": "p1", "kind": "payer", "balance": 5, "currency": "CNY"},
            {"id": "p2", "kind": "payer", "balance": 7, "currency": "CNY"},
            {"id": "p3", "kind": "payer", "balance": 0, "currency": "CNY"},
        ]);
        assert_eq!(world.provision(&more).await, json!({"created": 2, "existing": 1}));
        assert_eq!(world.provision(&more).await, json!({"created": 0, "existing": 3}));
        world.stop().await;
        world.start().await;
        assert_eq!(world.ask("GET", "/v1/accounts/p1/balance", "").await.1["balance"], 1_000);
        assert_eq!(world.ask("GET", "/v1/accounts/p3/balance", "").await.1["balance"], 0);
        let balances = world.balances().await;
        assert_eq!(balances["world:funding"], -(1_000_000 + 1_000 + 7));
        let health = world.admin("/admin/v1/health").await;
        assert_eq!((&health["status"], &health["release"]), (&json!("up"), &json!(release.to_string())));
        assert_eq!(health["roles"].as_array().unwrap().len(), 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_its_limit_the_chain_is_busy() {
    on_each_release(async |release| {
        let limits = plimsoll_chain::Limits { open_max: 1, ..super::world::quick() };
        let world = World::with(release, limits).await;
        world.bank.always(super::fake_bank::Treat::Accept);
        world.pay("o1", "wallet", 1).await;
        let (status, answer) = world.pay("o2", "wallet", 1).await;
        assert_eq!((status, &answer["error"]), (503, &json!("busy")));
        world.bank.call_back("o1.p1", "00").await;
        world.until_quiet().await;
        assert_eq!(world.pay("o2", "wallet", 1).await.0, 200);
    })
    .await;
}
