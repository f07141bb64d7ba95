//! Provisioning against a fake target that can misbehave in every way we refuse.

use std::sync::Mutex;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::money::Currency;
use crate::seed::Seed;
use crate::time::Span;

const MERCHANT: &str = "99020000000001";

/// What is wrong with the fake target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    None,
    NoEcho,
    EchoesSomethingElse,
    Starting,
    HealthIsHtml,
    HealthFails,
    WrongToken,
    KnowsOtherSecret,
    LosesAccounts,
    BusyTwice,
}

struct FakeTarget {
    fault: Fault,
    /// The accounts it opened, in order.
    opened: Mutex<Vec<Value>>,
    /// The headers of probes.
    probes: Mutex<Vec<HeaderMap>>,
    calls: Mutex<u32>,
}

async fn answer(State(target): State<Arc<FakeTarget>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let calls = {
        let mut calls = target.calls.lock().expect("not poisoned");
        *calls += 1;
        *calls
    };
    let path = parts.uri.path();
    let has_token = parts.headers.get("x-admin-token").is_some_and(|t| t == "token");
    if path.starts_with("/admin/") && (!has_token || target.fault == Fault::WrongToken) {
        return (StatusCode::UNAUTHORIZED, r#"{"error":"token"}"#).into_response();
    }
    match (path, target.fault) {
        (_, Fault::BusyTwice) if calls <= 2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        ("/admin/v1/health", Fault::HealthIsHtml) => "<html>Welcome to nginx</html>".into_response(),
        ("/admin/v1/health", Fault::HealthFails) => (StatusCode::INTERNAL_SERVER_ERROR, "out of\nluck").into_response(),
        ("/admin/v1/health", Fault::Starting) => Json(json!({ "status": "starting" })).into_response(),
        ("/admin/v1/health", _) => {
            let roles = json!([{ "role": "gateway", "address": "127.0.0.1:1" }]);
            Json(json!({ "status": "up", "release": "v1", "roles": roles })).into_response()
        }
        ("/admin/v1/accounts", fault) => {
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!(body["run"], "r0test");
            let accounts = body["accounts"].as_array().expect("accounts").clone();
            assert!(accounts.len() <= 1000, "at most 1,000 a call");
            let n = accounts.len() - usize::from(fault == Fault::LosesAccounts);
            target.opened.lock().expect("not poisoned").extend(accounts);
            Json(json!({ "created": n, "existing": 0 })).into_response()
        }
        ("/v1/payments", fault) => {
            target.probes.lock().expect("not poisoned").push(parts.headers);
            let (status, body) = if fault == Fault::KnowsOtherSecret {
                (StatusCode::UNAUTHORIZED, r#"{"error":"signature"}"#)
            } else {
                (StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#)
            };
            match fault {
                Fault::NoEcho => (status, body).into_response(),
                Fault::EchoesSomethingElse => (status, [("x-stress-test", "r0other")], body).into_response(),
                _ => (status, [("x-stress-test", "r0test")], body).into_response(),
            }
        }
        (other, _) => panic!("nobody should ask for {other}"),
    }
}

async fn start(fault: Fault) -> (String, Arc<FakeTarget>) {
    let target =
        Arc::new(FakeTarget { fault, opened: Mutex::default(), probes: Mutex::default(), calls: Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let app = Router::new().fallback(answer).with_state(target.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, target)
}

fn account(id: &str, kind: AccountKind) -> Arc<VirtualAccount> {
    let currency = Currency::parse("CNY").expect("valid");
    Arc::new(VirtualAccount { id: id.into(), group: "group".into(), kind, balance: 50_000, currency })
}

/// `n_payers` payers and two merchants behind them.
fn accounts(n_payers: u64) -> Vec<Arc<VirtualAccount>> {
    let payers = (0..n_payers).map(|n| account(&format!("9901{n:010}"), AccountKind::Payer));
    let merchants = [MERCHANT, "99020000000002"].map(|id| account(id, AccountKind::Merchant));
    payers.chain(merchants).collect()
}

fn secrets() -> Secrets {
    Secrets::derive(Seed(7), [MERCHANT, "99020000000002"])
}

async fn provision_at(url: &str, live: &[LiveRange]) -> Result<Provisioned, ProvisionError> {
    let admin = Admin::new(url, Secret::new("token".to_owned()), Span::from_secs(5)).expect("an address");
    let run = RunId::parse("r0test").expect("valid");
    let provisioner = Provisioner::new(admin, run, "http://127.0.0.1:9/");
    provisioner.provision(&accounts(2500), &secrets(), live, 1_763_600_000).await
}

/// The error with the target's address replaced, its cause and its help.
async fn refusal(fault: Fault) -> (String, usize) {
    let (url, target) = start(fault).await;
    let error = provision_at(&url, &[]).await.expect_err("refused");
    let n_opened = target.opened.lock().expect("not poisoned").len();
    (error.to_string().replace(&url, "TARGET"), n_opened)
}

#[tokio::test]
async fn every_account_is_opened_once_merchants_with_secret_and_endpoint() {
    let (url, target) = start(Fault::None).await;
    let provisioned = provision_at(&url, &[]).await.expect("provisions");
    assert_eq!((provisioned.created, provisioned.existing), (2502, 0));
    assert_eq!(provisioned.health.roles[0].role, "gateway");

    let opened = target.opened.lock().expect("not poisoned");
    let expected = json!({
        "id": MERCHANT, "kind": "merchant", "balance": 50_000, "currency": "CNY",
        "secret": secrets().get(MERCHANT).expect("derived").expose(),
        "notify_url": format!("http://127.0.0.1:9/notify/{MERCHANT}"),
    });
    assert_eq!(opened[0], expected, "one merchant first, for the probe");
    let payer = json!({ "id": "99010000000000", "kind": "payer", "balance": 50_000, "currency": "CNY" });
    assert_eq!(opened[1], payer);
    let mut ids: Vec<_> = opened.iter().map(|account| account["id"].as_str().expect("text")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2502);
}

/// The signature is checked against a digest computed by hand from its recipe (RFC 2104), not by our function.
#[tokio::test]
async fn the_probe_is_marked_and_signed() {
    let (url, target) = start(Fault::None).await;
    provision_at(&url, &[]).await.expect("provisions");
    let probes = target.probes.lock().expect("not poisoned");
    let probe = &probes[0];
    let header = |name: &str| probe.get(name).expect("is sent").to_str().expect("text").to_owned();
    assert_eq!(header("x-stress-test"), "r0test");
    assert_eq!(header("baggage"), "plimsoll.stress=1,plimsoll.run=r0test");
    assert_eq!(header("x-merchant"), MERCHANT);
    let traceparent = header("traceparent");
    let lengths: Vec<_> = traceparent.split('-').map(str::len).collect();
    assert_eq!(lengths, [2, 32, 16, 2], "{traceparent}");

    let secret = secrets();
    let key = secret.get(MERCHANT).expect("derived").expose().as_bytes();
    let pad = |with: u8| (0..64).map(|i| key.get(i).unwrap_or(&0) ^ with).collect::<Vec<u8>>();
    let text = "GET\n/v1/payments?merchant_order_no=r0test-probe\n1763600000\n";
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    assert_eq!(key.len(), 64, "one block: the recipe needs no hashing of the key");
    assert_eq!(header("x-signature"), hex::encode(outer));
    assert!(probe.get("x-admin-token").is_none(), "a merchant has no token");
}

#[tokio::test]
async fn a_target_that_is_busy_at_first_is_asked_again() {
    let (url, _) = start(Fault::BusyTwice).await;
    assert_eq!(provision_at(&url, &[]).await.expect("provisions").created, 2502);
}

#[tokio::test]
async fn without_the_echo_at_most_one_account_is_opened() {
    let missing = "the target does not echo the mark: header `x-stress-test` should be `r0test`, it is missing";
    assert_eq!(refusal(Fault::NoEcho).await, (missing.to_owned(), 1));
    let other = "the target does not echo the mark: header `x-stress-test` should be `r0test`, it is `r0other`";
    assert_eq!(refusal(Fault::EchoesSomethingElse).await, (other.to_owned(), 1));
}

#[tokio::test]
async fn a_target_that_is_not_up_or_says_no_is_refused_by_what_it_said() {
    let check = |fault| async move { refusal(fault).await };
    assert_eq!(check(Fault::Starting).await, ("the target says that it is `starting`, not `up`".to_owned(), 0));
    let no = "`TARGET/admin/v1/health` answered 500: out of luck";
    assert_eq!(check(Fault::HealthFails).await, (no.to_owned(), 0));
    let no = r#"`TARGET/admin/v1/health` answered 401: {"error":"token"}"#;
    assert_eq!(check(Fault::WrongToken).await, (no.to_owned(), 0));
    let no = format!("the target does not take the signature of virtual merchant `{MERCHANT}`");
    assert_eq!(check(Fault::KnowsOtherSecret).await, (no, 1));
    let no = "of 1 accounts sent, the target says it created 0 and knew 0";
    assert_eq!(check(Fault::LosesAccounts).await, (no.to_owned(), 1));
}

#[tokio::test]
async fn something_that_is_no_platform_is_told_apart() {
    let (text, n_opened) = refusal(Fault::HealthIsHtml).await;
    assert_eq!(
        text,
        "`TARGET/admin/v1/health` is not a payment platform plimsoll can drive: expected value at line 1 column 1 in \
         `<html>Welcome to nginx</html>`"
    );
    assert_eq!(n_opened, 0);

    // A server that greets with a line of its own, as mail and SSH servers do.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(b"220 mail.example ESMTP ready\r\n").await;
        }
    });
    let error = provision_at(&url, &[]).await.expect_err("refused");
    assert_eq!(
        error.to_string().replace(&url, "TARGET"),
        "`TARGET/admin/v1/health` is not a payment platform plimsoll can drive: it does not speak HTTP"
    );
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    // Listens, and never answers.
    let admin = Admin::new(&url, Secret::new(String::new()), Span::from_millis(50)).expect("an address");
    let error = admin.get("/").await.expect_err("no answer");
    assert_eq!(error.to_string().replace(&url, "TARGET"), "`TARGET/` did not answer within 50.0 ms");

    drop(listener);
    let error = provision_at(&url, &[]).await.expect_err("refused");
    let ProvisionError::Unreachable(cause) = &error else { panic!("{error:?}") };
    assert_eq!(cause.to_string().replace(&url, "TARGET"), "cannot reach `TARGET/admin/v1/health`");
    assert_eq!(error.help(), "start the target, or check `target.url` of the scenario");

    let bad = Admin::new("not an address", Secret::new(String::new()), Span::from_secs(1)).expect_err("refused");
    assert_eq!(bad.to_string(), "`not an address` is not the address of an HTTP server");
}

/// Both ends of a range belong to it, and a number is compared as a number, not as a text.
#[tokio::test]
async fn an_account_in_a_live_range_is_refused_before_anything_is_sent() {
    let (url, target) = start(Fault::None).await;
    let check = |live: &'static str| {
        let live = [LiveRange::parse("1..5").expect("valid"), LiveRange::parse(live).expect("valid")];
        check_numbers(&accounts(3), &live).map_err(|e| e.to_string())
    };
    assert_eq!(check("99010000000003..99019999999999"), Ok(()));
    assert_eq!(check("6..99009999999999"), Ok(()));
    let first = "virtual account `99010000000000` lies in the live range 6..99010000000000";
    assert_eq!(check("6..99010000000000"), Err(first.to_owned()));
    let last = "virtual account `99020000000002` lies in the live range 99020000000002..99020000000002";
    assert_eq!(check("99020000000002..99020000000002"), Err(last.to_owned()));

    let live = [LiveRange::parse("99010000000000..99010000000000").expect("valid")];
    let error = provision_at(&url, &live).await.expect_err("refused");
    assert!(matches!(error, ProvisionError::Overlap { .. }), "{error}");
    assert_eq!(*target.calls.lock().expect("not poisoned"), 0);

    let named = [account("alice", AccountKind::Payer)];
    let error = check_numbers(&named, &[]).expect_err("refused");
    assert_eq!(error.to_string(), "virtual account `alice` is not a number");
}

#[tokio::test]
async fn without_a_merchant_nothing_is_sent() {
    let (url, target) = start(Fault::None).await;
    let admin = Admin::new(&url, Secret::new("token".to_owned()), Span::from_secs(5)).expect("an address");
    let provisioner = Provisioner::new(admin, RunId::parse("r0test").expect("valid"), "http://127.0.0.1:9");
    let payers = [account("99010000000000", AccountKind::Payer)];
    let error = provisioner.provision(&payers, &Secrets::default(), &[], 0).await.expect_err("refused");
    assert_eq!(error.to_string(), "there is no virtual merchant among 1 accounts");
    assert_eq!(*target.calls.lock().expect("not poisoned"), 0);
}
