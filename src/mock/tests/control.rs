//! Control while running, as an operator uses it.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};

use super::super::*;
use super::{RUN, call, config, exchange, get, journal, pay, profile, started};
use crate::ledger::RecordKind;

async fn ask(server: &MockServer, method: Method, place: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(format!("http://{}/_plimsoll/{place}", server.address));
    exchange(request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_switched_on_and_off_and_both_are_in_the_journal() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let pays = async |order: &str| call(&server, "pay", &pay(&format!("{RUN}-{order}"))).await.0;
    assert_eq!(pays("1").await, 200);
    let closed = r#"[{"when":"always","calls":"refuse"}]"#;
    let (status, now) = ask(&server, Method::PUT, "faults/bank/maintenance", closed).await;
    assert_eq!((status, &now[0]["calls"]), (200, &json!("refuse")));
    assert_eq!(pays("2").await, 503);
    let (_, all) = get(&server, "/_plimsoll/faults").await;
    assert_eq!(all["bank"]["switched"], json!(["maintenance"]));
    assert_eq!(all["bank"]["behaviours"]["fee"]["basis_points"], 60);
    assert_eq!(ask(&server, Method::DELETE, "faults/bank/maintenance", "").await, (200, json!([])));
    assert_eq!(pays("2").await, 200);
    let controls: Vec<String> = journal(dir.path())
        .into_iter()
        .filter(|r| r.kind == RecordKind::Control)
        .map(|r| format!("{} {}", r.operation, r.status))
        .collect();
    assert_eq!(controls, [r#"maintenance [{"when":"always","calls":"refuse"}]"#, "maintenance profile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_section_changes_nothing_and_says_what_is_wrong() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let table = [
        ("faults/bank/fee", r#"{"basis_points":20000}"#, 400),
        ("faults/bank/fee", r#"{"points":1}"#, 400),
        ("faults/bank/fee", "{", 400),
        ("faults/bank/weather", "{}", 404),
        ("faults/shop/fee", "{}", 404),
        ("nowhere", "{}", 404),
    ];
    for (place, body, expected) in table {
        assert_eq!(ask(&server, Method::PUT, place, body).await.0, expected, "{place} {body}");
    }
    let (_, told) = ask(&server, Method::PUT, "faults/bank/fee", r#"{"basis_points":20000}"#).await;
    let problem =
        json!({ "pointer": "/fee/basis_points", "message": "must be at most 10000 (100 %), got 20000", "help": null });
    assert_eq!(told, json!({ "problems": [problem] }));
    assert_eq!(ask(&server, Method::POST, "faults/bank/fee", "{}").await.0, 405);
    assert_eq!(get(&server, "/_plimsoll/faults/bank").await.1["switched"], json!([]));
    assert_eq!(journal(dir.path()).len(), 0);
}

/// A key that is given by control is used and never shown: not in the answer, the list of behaviours, or the journal.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_switched_on_is_in_no_answer_and_no_journal() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let rotation = r#"{"rotation":{"key":"hunter2","after":"0s"}}"#;
    let (status, now) = ask(&server, Method::PUT, "faults/bank/signature_faults", rotation).await;
    assert_eq!((status, &now["rotation"]["key"]), (200, &json!("***")));
    assert_eq!(call(&server, "pay", &pay("r0abc-1")).await.0, 401, "the new key is in force");
    let (_, all) = get(&server, "/_plimsoll/faults").await;
    server.stop().await;
    let file = std::fs::read_to_string(journal_path(dir.path(), "bank")).expect("a journal");
    assert!(file.contains(r#""kind":"control""#) && !file.contains("hunter2"), "{file}");
    assert!(!all.to_string().contains("hunter2"), "{all}");
}

/// A bank that had no callbacks can get them, and its keeper a journal in pages that add up to the file.
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_page_by_page_while_it_grows() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    for order in 0..5 {
        call(&server, "pay", &pay(&format!("{RUN}-{order}"))).await;
    }
    let (mut offset, mut seqs, mut ends) = (0, Vec::new(), Vec::new());
    for _ in 0..4 {
        let (status, page) = get(&server, &format!("/_plimsoll/journal/bank?offset={offset}&limit=4")).await;
        assert_eq!(status, 200);
        offset = page["next_offset"].as_u64().expect("an offset");
        ends.push(page["is_end"].as_bool().expect("a flag"));
        seqs.extend(page["records"].as_array().expect("a list").iter().map(|r| r["seq"].as_u64().expect("a number")));
    }
    assert_eq!((seqs, ends), ((1..=10).collect(), vec![false, false, true, true]));
    call(&server, "query", &json!({ "order_no": "r0abc-1" })).await;
    let (_, page) = get(&server, &format!("/_plimsoll/journal/bank?offset={offset}")).await;
    assert_eq!(page["records"][0]["operation"], "query");
    for wrong in ["offset=3", "offset=99999999", "offset=-1", "limit=many"] {
        assert_eq!(get(&server, &format!("/_plimsoll/journal/bank?{wrong}")).await.0, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_control_answers_whoever_has_it_and_nobody_else() {
    let dir = tempfile::tempdir().expect("scratch");
    let mut config = config(dir.path(), vec![profile(&json!({}))]);
    config.control = Control::Token(TokenDigest::of("not-a-secret-but-long"));
    let server = serve(config).await.expect("serves");
    let with = async |token: Option<&str>, place: &str| {
        let mut request = Request::get(format!("http://{}/_plimsoll/{place}", server.address));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        exchange(request.body(Full::default()).expect("a request")).await.0
    };
    for place in ["faults", "journal/bank"] {
        assert_eq!(with(None, place).await, 401, "{place}");
        assert_eq!(with(Some("Bearer not-a-secret"), place).await, 401, "{place}");
        assert_eq!(with(Some("not-a-secret-but-long"), place).await, 401, "{place}");
        assert_eq!(with(Some("Bearer not-a-secret-but-long"), place).await, 200, "{place}");
    }
    assert_eq!(with(None, "health").await, 200, "health is for all");
}

/// A file of today can be had as of the day after tomorrow, and not now; who asks wrongly is told how.
#[tokio::test(flavor = "multi_thread")]
async fn settlement_files_are_had_as_of_a_moment_and_wrong_questions_are_answered() {
    let dir = tempfile::tempdir().expect("scratch");
    let server = started(dir.path(), &json!({})).await;
    let (status, none) = get(&server, "/_plimsoll/settlement/bank/2026-03-02").await;
    assert_eq!((status, &none["error"]), (404, &json!("the profile of `bank` has no `settlement`")));
    ask(&server, Method::PUT, "faults/bank/settlement", r#"{"format":"backtick_csv"}"#).await;
    let (status, file) = get(&server, "/_plimsoll/settlement/bank/2026-03-02?at=1772496000").await;
    assert_eq!((status, file.as_str().map(|text| text.lines().count())), (200, Some(3)), "{file}");
    let (status, digest) = get(&server, "/_plimsoll/settlement/bank/2026-03-02/digest?at=1772496000").await;
    assert_eq!((status, &digest["name"]), (200, &json!("bank_20260302.csv")));
    let (status, early) = get(&server, "/_plimsoll/settlement/bank/2026-03-02?at=1772495999").await;
    let told = json!({ "error": "the file of 2026-03-02 is not there", "expected_at": "2026-03-03T00:00:00Z" });
    assert_eq!((status, early), (404, told));
    assert_eq!(get(&server, "/_plimsoll/settlement/bank/9000-01-01").await.0, 404);
    for wrong in ["yesterday", "2026-02-30", "2026-03-02?at=now", "2026-03-02/digest?at=1.5"] {
        assert_eq!(get(&server, &format!("/_plimsoll/settlement/bank/{wrong}")).await.0, 400, "{wrong}");
    }
    for nowhere in ["bank", "shop/2026-03-02", "bank/2026-03-02/sha1"] {
        assert_eq!(get(&server, &format!("/_plimsoll/settlement/{nowhere}")).await.0, 404, "{nowhere}");
    }
}
