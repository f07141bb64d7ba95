//! A chain with accounts, a fake bank behind it and a fake merchant in front of it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use plimsoll_chain::{ChainConfig, ChannelEndpoint, Defect, Limits, Method, Release, Running, Secret, start};
use serde_json::{Value, json};

use super::fake_bank::{FakeBank, KEY, sign};

pub(crate) const RUN: &str = "r1";
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TOKEN: &str = "admin-1";
const SECRET: &str = "m1-secret";
/// Everything a test waits for happens far sooner; a test that waits this long has failed.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// One exchange: status, headers, body.
pub(crate) async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> (u16, HeaderMap, Vec<u8>) {
    // Connections belong to a test's runtime, so each exchange has its own.
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = hyper::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.into_body().collect().await.unwrap().to_bytes().to_vec();
    (status, headers, body)
}

#[derive(Clone, Default)]
pub(crate) struct FakeMerchant {
    /// What it received: body, run, trace parent.
    pub(crate) received: Arc<Mutex<Vec<Told>>>,
    /// Answers to come; `success` when there are none.
    pub(crate) answers: Arc<Mutex<VecDeque<&'static str>>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) body: Value,
    pub(crate) run: Option<String>,
    pub(crate) trace: Option<String>,
}

async fn notified(State(merchant): State<FakeMerchant>, headers: HeaderMap, body: Bytes) -> &'static str {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let time = text("x-timestamp").unwrap();
    assert_eq!(text("x-signature"), Some(sign(SECRET, ["POST", "/notify", &time], &body)), "notifications are signed");
    let told =
        Told { body: serde_json::from_slice(&body).unwrap(), run: text("x-stress-test"), trace: text("traceparent") };
    merchant.received.lock().unwrap().push(told);
    merchant.answers.lock().unwrap().pop_front().unwrap_or("success")
}

pub(crate) struct World {
    pub(crate) chain: Option<Running>,
    pub(crate) bank: FakeBank,
    pub(crate) merchant: FakeMerchant,
    notify_url: String,
    dir: tempfile::TempDir,
    pub(crate) release: Release,
    defects: Vec<Defect>,
    limits: Limits,
}

/// Runs a test on each release, one after the other; what must hold of the interface must hold of both.
#[expect(clippy::print_stdout, reason = "a failed test shows which release it was")]
pub(crate) async fn on_each_release(test: impl AsyncFn(Release)) {
    for release in Release::ALL {
        println!("release {release}");
        test(release).await;
    }
}

impl World {
    pub(crate) async fn new(release: Release) -> World {
        World::with(release, quick()).await
    }

    pub(crate) async fn with(release: Release, limits: Limits) -> World {
        World::planted(release, &[], limits).await
    }

    pub(crate) async fn with_defect(defect: Defect) -> World {
        World::planted(Release::V1, &[defect], quick()).await
    }

    pub(crate) async fn planted(release: Release, defects: &[Defect], limits: Limits) -> World {
        let merchant = FakeMerchant::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let notify_url = format!("http://{}/notify", listener.local_addr().unwrap());
        let router = Router::new().route("/notify", post(notified)).with_state(merchant.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut world = World {
            chain: None,
            bank: FakeBank::start().await,
            merchant,
            notify_url,
            dir: tempfile::tempdir().unwrap(),
            release,
            defects: defects.to_vec(),
            limits,
        };
        world.start().await;
        world
            .provision(&json!([
                {"id": "m1", "kind": "merchant", "balance": 1_000_000, "currency": "CNY", "secret": SECRET,
                 "notify_url": world.notify_url},
                {"id": "p1", "kind": "payer", "balance": 1_000, "currency": "CNY"},
            ]))
            .await;
        world
    }

    pub(crate) async fn start(&mut self) {
        let channel = |name: &str, method| ChannelEndpoint {
            name: name.into(),
            method,
            base_url: format!("http://{}/{name}", self.bank.address),
            merchant_no: "plat-1".into(),
            key: Secret::new(KEY),
        };
        let config = ChainConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: self.store(),
            release: self.release,
            defects: self.defects.clone(),
            channels: vec![channel("bank_north", Method::Card), channel("wallet_east", Method::Wallet)],
            admin_token: Secret::new(TOKEN),
            limits: self.limits,
        };
        self.chain = Some(start(config).await.unwrap());
    }

    pub(crate) async fn stop(&mut self) {
        self.chain.take().unwrap().stop().await;
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.chain.as_ref().unwrap().gateway)
    }

    pub(crate) async fn provision(&self, accounts: &Value) -> Value {
        let body = json!({"run": RUN, "accounts": accounts}).to_string().into_bytes();
        let url = self.url("/admin/v1/accounts");
        let (status, _, body) = send("POST", &url, &[("x-admin-token", TOKEN)], body).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// A signed, marked request of merchant `m1`.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let signature = sign(SECRET, [method, path, "1700000000"], body.as_bytes());
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let headers = [
            ("x-merchant", "m1"),
            ("x-timestamp", "1700000000"),
            ("x-signature", &signature),
            ("x-stress-test", RUN),
            ("traceparent", &parent),
        ];
        let (status, headers, body) = send(method, &self.url(path), &headers, body.as_bytes().to_vec()).await;
        assert_eq!(headers.get("x-stress-test").unwrap(), RUN, "every answer names the run");
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    pub(crate) async fn pay(&self, order_no: &str, method: &str, amount: i64) -> (u16, Value) {
        let body = json!({"merchant_order_no": order_no, "payer": "p1", "payee": "m1", "amount": amount,
            "currency": "CNY", "method": method});
        self.ask("POST", "/v1/payments", &body.to_string()).await
    }

    pub(crate) async fn refund(&self, refund_no: &str, payment_id: &str, amount: i64) -> (u16, Value) {
        let body = json!({"refund_no": refund_no, "payment_id": payment_id, "amount": amount, "currency": "CNY"});
        self.ask("POST", "/v1/refunds", &body.to_string()).await
    }

    pub(crate) async fn admin(&self, path: &str) -> Value {
        let (status, _, body) = send("GET", &self.url(path), &[("x-admin-token", TOKEN)], Vec::new()).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) async fn table(&self, table: &str) -> Vec<Value> {
        let page = self.admin(&format!("/admin/v1/book/{table}?limit=10000")).await;
        assert!(page["next"].is_null());
        page["rows"].as_array().unwrap().clone()
    }

    /// Waits until `is_so` of a table, looking again and again.
    pub(crate) async fn until(&self, table: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let look = async {
            loop {
                let rows = self.table(table).await;
                if is_so(&rows) {
                    return rows;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        match tokio::time::timeout(WAIT_MAX, look).await {
            Ok(rows) => rows,
            Err(elapsed) => panic!("never so, {elapsed}: {table}: {:#?}", self.table(table).await),
        }
    }

    /// Waits until everything is final and told.
    pub(crate) async fn until_quiet(&self) {
        let look = async {
            while self.admin("/admin/v1/open").await != json!({"payments": 0, "refunds": 0, "notifications": 0}) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(WAIT_MAX, look).await.expect("everything ends");
    }

    /// The states of a payment or refund, in order, with the causes.
    pub(crate) async fn states(&self, subject: &str) -> Vec<String> {
        let rows = self.table("states").await;
        let of_subject = rows.iter().filter(|row| row["subject"] == subject);
        of_subject.map(|row| format!("{} {}", row["version"], row["state"].as_str().unwrap())).collect()
    }

    /// The states of a payment through a channel or from balance that goes on from `SUBMITTED` by these, as
    /// [`World::states`] tells them.
    pub(crate) fn way(&self, from_submitted: &[&str]) -> Vec<String> {
        let before: &[&str] = match self.release {
            Release::V1 => &["CREATED", "ROUTED", "SUBMITTED"],
            Release::V2 => &["CREATED", "RISK_CHECKED", "ROUTED", "SUBMITTED"],
        };
        before.iter().chain(from_submitted).enumerate().map(|(n, state)| format!("{} {state}", n + 1)).collect()
    }

    /// Ledger balances by account.
    pub(crate) async fn balances(&self) -> BTreeMap<String, i64> {
        let rows = self.table("balances").await;
        rows.iter().map(|r| (r["account"].as_str().unwrap().to_owned(), r["balance"].as_i64().unwrap())).collect()
    }

    /// What must hold of any quiet book of a sound chain: entries balance, balances are the sum of their postings and
    /// sum to zero, no payer is below zero, every succeeded order has exactly one entry of its amount and no other
    /// order has one.
    pub(crate) async fn assert_sound(&self) {
        assert_eq!(self.unsoundness().await, Vec::<String>::new());
    }

    pub(crate) async fn unsoundness(&self) -> Vec<String> {
        let mut found = Vec::new();
        let (postings, balances) = (self.table("postings").await, self.balances().await);
        let delta = |p: &Value| p["amount"].as_i64().unwrap() * if p["side"] == "debit" { -1 } else { 1 };
        let mut by_entry: BTreeMap<String, i64> = BTreeMap::new();
        let mut by_account: BTreeMap<String, i64> = BTreeMap::new();
        let mut debits: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for posting in &postings {
            let text = |field: &str| posting[field].as_str().unwrap().to_owned();
            *by_entry.entry(text("entry_id")).or_default() += delta(posting);
            let balance = by_account.entry(text("account")).or_default();
            *balance += delta(posting);
            if posting["balance_after"] != *balance {
                found.push(format!("balance after {posting}"));
            }
            if posting["side"] == "debit" {
                debits.entry(text("subject")).or_default().push(posting["amount"].as_i64().unwrap());
            }
        }
        found.extend(by_entry.iter().filter(|(_, sum)| **sum != 0).map(|(entry, _)| format!("unbalanced {entry}")));
        found.extend(
            balances.iter().filter(|(a, b)| a.starts_with("payer:") && **b < 0).map(|(a, _)| format!("overdrawn {a}")),
        );
        if by_account != balances {
            found.push(format!("balances {balances:?} are not the fold {by_account:?}"));
        }
        if balances.values().sum::<i64>() != 0 {
            found.push("money made or lost".to_owned());
        }
        for (table, id) in [("payments", "payment_id"), ("refunds", "refund_id")] {
            for order in self.table(table).await {
                let posted = debits.get(order[id].as_str().unwrap()).cloned().unwrap_or_default();
                let expected =
                    if order["status"] == "SUCCEEDED" { vec![order["amount"].as_i64().unwrap()] } else { vec![] };
                if posted != expected {
                    found.push(format!("{} {} posted {posted:?}", order[id], order["status"]));
                }
            }
        }
        found
    }
}

/// The standard limits, with shorter waits where a test would only wait.
pub(crate) fn quick() -> Limits {
    Limits { channel_time_max: Duration::from_millis(300), ..Limits::STANDARD }
}
