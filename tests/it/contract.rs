//! Every profile of `mocks/` against a client that knows `plimsoll mock explain` alone: it shares no line with what writes and
//! signs there, and leaves signing to `openssl`.

mod explained;
mod openssl;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use reqwest::Client;
use serde_json::Value;

use self::explained::{Acknowledgement, Explained};
use self::openssl::{Recipe, has_openssl};
use crate::program::{Served, root};

/// How many orders each bank is asked for.
const ORDERS: u32 = 6;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Rounds in which an order must come to its outcome, and between them.
const ROUNDS: u32 = 100;
const ROUND: Duration = Duration::from_millis(50);

/// Aim: what a bank says of itself is enough to write an adapter, and is true. Method: each profile is explained, its worked
/// examples are verified, its refusals met, and orders are taken to their outcome by whatever it says may happen on the way;
/// inquiry, callback and journal must agree.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_explanation_alone_is_understood_and_understands() {
    if !has_openssl() {
        return;
    }
    let (mut recipes, mut faces) = (BTreeSet::new(), BTreeSet::new());
    for name in profiles() {
        let bank = Arc::new(Explained::read(&name));
        recipes.insert(bank.recipe);
        faces.insert(bank.written.kind());
        check_examples(&bank);
        let journal = bank.scratch.path().join("journal");
        let journal_dir = journal.display().to_string();
        let served = Served::start(&["mock", "serve", &format!("mocks/{name}.yaml"), "--journal", &journal_dir], &[]);
        open_for_business(&bank, &served).await;
        check_refusals(&bank, &served).await;
        let (url, seen) = endpoint(Arc::clone(&bank)).await;
        let mut ended = BTreeMap::new();
        for n in 1..=ORDERS {
            let order = format!("r0abc-{n:07}p");
            let code = outcome(&bank, &served, &order, &url).await;
            ended.insert(order, code);
        }
        if bank.acknowledgement.is_some() {
            check_callbacks(&name, &ended, &seen).await;
        }
        drop(served);
        check_journal(&name, &ended, &std::fs::read_to_string(journal.join(format!("{name}.journal.jsonl"))));
    }
    assert_eq!(recipes, BTreeSet::from([Recipe::Hmac, Recipe::Md5, Recipe::Rsa2, Recipe::Pss]));
    assert_eq!(faces, BTreeSet::from(["JSON", "XML", "a form", "records"]));
}

/// The names of all profiles, in order.
fn profiles() -> BTreeSet<String> {
    let files = std::fs::read_dir(root().join("mocks")).expect("a directory");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
    names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect()
}

/// The worked examples are written as the face says, and signed as the recipe says, by whom it says.
fn check_examples(bank: &Explained) {
    let fields = [("order_no", "r0abc-0000001p.p1"), ("amount", "1200"), ("currency", "CNY")];
    let written = bank.written.call(&fields.map(|(name, value)| (name, value.to_owned())));
    let expected = if bank.recipe.is_shared() { 1 } else { 2 };
    assert_eq!(bank.examples.len(), expected, "{}", bank.name);
    for example in &bank.examples {
        assert_eq!(example.body, written, "{}", bank.name);
        let text = format!("POST\n{}\n{}\n{}", example.path, example.time, example.body);
        let is_right = if example.is_by_bank {
            bank.is_banks(&text, &example.signature)
        } else {
            bank.is_platforms(&text, &example.signature)
        };
        assert!(is_right, "{}: {example:?}", bank.name);
    }
}

/// A bank that is closed now and then is kept open, so that nothing hangs on the time of day.
async fn open_for_business(bank: &Explained, served: &Served) {
    if bank.is_closed_now_and_then {
        let place = format!("http://{}/_plimsoll/faults/{}/maintenance", served.address, bank.name);
        let told = Client::new().put(place).body("null").send().await.expect("an answer");
        assert_eq!(told.status().as_u16(), 200);
    }
}

/// HTTP status and body of the answer to a call with this body, its signature changed so; `None` if there is no whole answer.
async fn call(
    bank: &Explained,
    served: &Served,
    operation: &str,
    body: String,
    change: impl Fn(String) -> String,
) -> Option<(u16, String)> {
    let path = format!("/{}/v1/{operation}", bank.name);
    let time = now_s().to_string();
    let signature = change(bank.sign(&format!("POST\n{path}\n{time}\n{body}")));
    let request = Client::new()
        .post(format!("http://{}{path}", served.address))
        .timeout(PATIENCE)
        .header("x-bank-merchant", &bank.merchant)
        .header("x-bank-time", time)
        .header("x-bank-sign", signature)
        .header("x-stress-test", "r0abc");
    let answer = request.body(body).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.text().await.ok()?))
}

/// What is not signed as the recipe says is refused with `A0`, and what is not written as it says with `30`.
async fn check_refusals(bank: &Explained, served: &Served) {
    let code = |answer: Option<(u16, String)>| {
        let (status, body) = answer.expect("a refusal is answered");
        (status, bank.written.field("answer", &body, "code"))
    };
    let changes: [fn(String) -> String; 3] = [
        |_| String::new(),
        // Another character of the alphabet of every way of writing.
        |signature| format!("{}{}", if signature.starts_with('0') { '1' } else { '0' }, &signature[1..]),
        |signature| {
            let other = signature.to_lowercase();
            if other == signature { signature.to_uppercase() } else { other }
        },
    ];
    let good = bank.written.call(&order("r0abc-9999999p", None));
    for (n, change) in changes.into_iter().enumerate() {
        let told = code(call(bank, served, "pay", good.clone(), change).await);
        assert_eq!(told, (401, String::from("A0")), "{} {n}", bank.name);
    }
    for wrong in ["{\"order_no\":", "order no=1", "<call><order_no>", "<other/>", "amount=x", "", &good[1..]] {
        let told = code(call(bank, served, "pay", wrong.to_owned(), |signature| signature).await);
        assert_eq!(told, (400, String::from("30")), "{} {wrong}", bank.name);
    }
}

/// The fields of an order.
fn order(number: &str, notify_url: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields =
        vec![("order_no", number.to_owned()), ("amount", String::from("1200")), ("currency", String::from("CNY"))];
    fields.extend(notify_url.map(|url| ("notify_url", url.to_owned())));
    fields
}

/// Takes an order to its outcome: asks for it, asks what became of it, and asks for it again under the same number where the
/// bank may never have heard of it. Gives the code of the outcome.
async fn outcome(bank: &Explained, served: &Served, number: &str, url: &str) -> String {
    let operation = if bank.pays_out { "payout" } else { "pay" };
    let url = bank.acknowledgement.as_ref().map(|_| url);
    let mut tick = tokio::time::interval(ROUND);
    for round in 0..ROUNDS {
        tick.tick().await;
        // Every tenth time, as a number that is not found may be on its way.
        let is_asked_for = round % 10 == 0;
        let answer = if is_asked_for {
            call(bank, served, operation, bank.written.call(&order(number, url)), |signature| signature).await
        } else {
            let fields = [("order_no", number.to_owned())];
            call(bank, served, "query", bank.written.call(&fields), |signature| signature).await
        };
        let code = answer.as_ref().map(|(_, body)| bank.written.field("answer", body, "code")).unwrap_or_default();
        let Some((status, body)) = answer.filter(|_| code.len() == 2) else {
            assert!(bank.has_unknown, "{}: {number} is without an answer, and nobody said so", bank.name);
            continue;
        };
        assert!(bank.codes.contains(&(status, code.clone())), "{}: {status} {code} is not told of", bank.name);
        let status = bank.written.field("answer", &body, "status");
        if !["PROCESSING", "NOT_FOUND", "UNKNOWN", "REFUSED"].contains(&status.as_str()) {
            assert_eq!(bank.written.field("answer", &body, "order_no"), number, "{}", bank.name);
            assert_eq!(bank.written.field("answer", &body, "amount"), "1200", "{}", bank.name);
            return code;
        }
    }
    panic!("{}: {number} came to no outcome", bank.name);
}

type Seen = Arc<Mutex<BTreeSet<(String, String)>>>;

/// A platform's address for callbacks; and the number and code of each that came in and bore the bank's signature of what it
/// says. Those are acknowledged, the others are not.
async fn endpoint(bank: Arc<Explained>) -> (String, Seen) {
    let seen = Seen::default();
    let take = async |State((bank, seen)): State<(Arc<Explained>, Seen)>, headers: HeaderMap, body: Bytes| {
        let body = String::from_utf8_lossy(&body).into_owned();
        if !is_good(&bank, &headers, &body) {
            return (StatusCode::UNAUTHORIZED, String::new());
        }
        let field = |name: &str| bank.written.field("callback", &body, name);
        seen.lock().expect("no panic").insert((field("order_no"), field("code")));
        let said = match &bank.acknowledgement {
            Some(Acknowledgement::Body(body)) => body.clone(),
            Some(Acknowledgement::Any2xx) | None => String::new(),
        };
        (StatusCode::OK, said)
    };
    let router = axum::Router::new().route("/told", axum::routing::post(take)).with_state((bank, Arc::clone(&seen)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/told", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seen)
}

/// Each outcome is told, sooner or later, under the bank's signature.
async fn check_callbacks(name: &str, ended: &BTreeMap<String, String>, seen: &Seen) {
    let looking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let told = seen.lock().expect("no panic");
            if ended.iter().all(|(order, code)| told.contains(&(order.clone(), code.clone()))) {
                return;
            }
        }
    };
    let came = tokio::time::timeout(Duration::from_mins(1), looking).await;
    assert!(came.is_ok(), "{name}: of {ended:?} came {:?}", seen.lock().expect("no panic"));
}

/// Whether a callback bears the bank's signature of what it says, and of nothing else.
fn is_good(bank: &Explained, headers: &HeaderMap, body: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let text = format!("POST\n/told\n{}\n{body}", header("x-bank-time"));
    let other = text.replace("1200", "1201");
    let is_good_of_other = other != text && bank.is_banks(&other, header("x-bank-sign"));
    !is_good_of_other && bank.is_banks(&text, header("x-bank-sign"))
}

/// Each order has one effect in the book, whatever came in between.
fn check_journal(name: &str, ended: &BTreeMap<String, String>, journal: &std::io::Result<String>) {
    let journal = journal.as_ref().expect("a journal");
    let records: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    for (order, code) in ended {
        let of_order = |r: &&Value| r["kind"] == "effect" && r["order_no"] == order.as_str();
        let effects: Vec<_> = records.iter().filter(of_order).collect();
        let status = if code == "00" { "SUCCESS" } else { "FAIL" };
        let Some(first) = effects.first() else { panic!("{name}: {order} has no effect") };
        assert_eq!((&first["status"], &first["amount"]), (&Value::from(status), &Value::from(1200)), "{name}: {order}");
        assert!(effects[1..].iter().all(|r| r["status"] == "RETURNED"), "{name}: {effects:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a client outside of the program, with a clock of its own")]
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
