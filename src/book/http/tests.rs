//! The platform's book from stubs that page well and badly.

use std::sync::Mutex;

use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;
use crate::virtual_account::Secret;

fn posting(seq: u64) -> Value {
    json!({
        "seq": seq, "entry_id": format!("e{seq}"), "subject": "p", "account": "payer:99", "side": "debit",
        "amount": 1, "currency": "CNY", "balance_after": 5, "at_us": 1
    })
}

/// Gives out rows 1 to `rows`, at most `page_rows` a page however many are asked for.
struct Pages {
    rows: u64,
    page_rows: u64,
}

fn query(request: &Request, name: &str) -> u64 {
    let value = request.url.query_pairs().find(|(key, _)| key == name).expect("is in the query").1;
    value.parse().expect("a number")
}

impl Respond for Pages {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let after = query(request, "after");
        let end = self.rows.min(after + query(request, "limit").min(self.page_rows));
        let rows: Vec<_> = (after + 1..=end).map(posting).collect();
        let next = (end < self.rows).then_some(end);
        ResponseTemplate::new(200).set_body_json(json!({ "rows": rows, "next": next }))
    }
}

/// A target whose tables are empty but for `postings`, which `respond` answers.
async fn target(respond: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    for table in ["payments", "refunds", "states", "balances", "notifications"] {
        let empty = ResponseTemplate::new(200).set_body_json(json!({ "rows": [], "next": null }));
        let asked = Mock::given(method("GET")).and(path(format!("/admin/v1/book/{table}")));
        asked.and(header("x-admin-token", "token")).respond_with(empty).mount(&server).await;
    }
    let asked = Mock::given(method("GET")).and(path("/admin/v1/book/postings"));
    asked.and(header("x-admin-token", "token")).respond_with(respond).mount(&server).await;
    server
}

fn reader(server: &MockServer) -> BookReader {
    let admin = Admin::new(&server.uri(), Secret::new("token".to_owned()), Span::from_secs(5)).expect("an address");
    BookReader::new(admin)
}

async fn refusal(respond: impl Respond + 'static) -> String {
    let server = target(respond).await;
    reader(&server).with_table_rows_max(2_500).read().await.expect_err("refused").to_string()
}

const PLACE: &str = "table `postings` of the platform's book after position";

#[tokio::test]
async fn a_book_of_many_pages_is_read_whole_and_in_order() {
    for (rows, page_rows) in [(0, 10), (1, 10), (999, 1000), (1000, 1000), (1001, 1000), (2400, 7)] {
        let server = target(Pages { rows, page_rows }).await;
        let book = reader(&server).read().await.expect("reads");
        let seqs: Vec<_> = book.postings.iter().map(|posting| posting.seq.unsigned_abs()).collect();
        assert_eq!(seqs, (1..=rows).collect::<Vec<_>>(), "{rows} rows by {page_rows}");
    }
}

#[tokio::test]
async fn a_position_that_does_not_move_is_not_followed_for_ever() {
    let stuck = |request: &Request| {
        let after = query(request, "after");
        ResponseTemplate::new(200).set_body_json(json!({ "rows": [posting(after + 1)], "next": 1 }))
    };
    let expected = "the target does not get on in table `postings` of the platform's book after position 1: its next \
                    position is 1";
    assert_eq!(refusal(stuck).await, expected);
}

#[tokio::test]
async fn a_book_beyond_the_bound_is_refused_with_the_bound() {
    let expected = format!("{PLACE} 2000 is beyond the 2500 rows of one table that may be read");
    assert_eq!(refusal(Pages { rows: 1_000_000, page_rows: 1000 }).await, expected);
}

#[tokio::test]
async fn a_refusal_and_an_answer_of_another_shape_name_table_and_position() {
    let refused = |_: &Request| ResponseTemplate::new(403).set_body_string("no\tentry");
    assert_eq!(refusal(refused).await, format!("the target refused {PLACE} 0: 403 no entry"));

    let garbage = format!("the target's answer for {PLACE} 0 is not as the interface says: ");
    let no_next = |_: &Request| ResponseTemplate::new(200).set_body_json(json!({ "rows": [] }));
    assert_eq!(refusal(no_next).await, garbage.clone() + "missing field `next` at line 1 column 11");
    let html = |_: &Request| ResponseTemplate::new(200).set_body_string("<html>");
    assert_eq!(refusal(html).await, garbage + "expected value at line 1 column 1");
}

/// Busy for its first answers, then well.
struct BusyFirst {
    left: Mutex<u32>,
}

impl Respond for BusyFirst {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut left = self.left.lock().expect("not poisoned");
        if *left > 0 {
            *left -= 1;
            return ResponseTemplate::new(503);
        }
        Pages { rows: 3, page_rows: 10 }.respond(request)
    }
}

#[tokio::test]
async fn a_busy_target_is_asked_again_but_not_for_ever() {
    let server = target(BusyFirst { left: Mutex::new(3) }).await;
    assert_eq!(reader(&server).read().await.expect("reads").postings.len(), 3);

    let always = |_: &Request| ResponseTemplate::new(503).set_body_string("busy");
    assert_eq!(refusal(always).await, format!("the target refused {PLACE} 0: 503 busy"));
}

/// Answers with so many open payments, one less each time, and starts over once with a notification.
struct Draining {
    left: Mutex<Vec<u64>>,
}

impl Respond for Draining {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut left = self.left.lock().expect("not poisoned");
        let payments = if left.len() > 1 { left.remove(0) } else { left[0] };
        ResponseTemplate::new(200).set_body_json(json!({ "payments": payments, "refunds": 0, "notifications": 0 }))
    }
}

async fn quiesce(answers: Vec<u64>, limit: Span) -> Quiescence {
    let server = MockServer::start().await;
    let asked = Mock::given(method("GET")).and(path("/admin/v1/open"));
    asked.respond_with(Draining { left: Mutex::new(answers) }).mount(&server).await;
    reader(&server).quiesce(limit).await.expect("answers")
}

#[tokio::test]
async fn a_target_is_quiet_when_it_says_so_twice_in_a_row() {
    let quiet = Quiescence { is_quiet: true, open: OpenCounts::default() };
    assert_eq!(quiesce(vec![2, 0, 1, 0, 0], Span::from_secs(20)).await, quiet);
    let open = OpenCounts { payments: 3, ..OpenCounts::default() };
    assert_eq!(quiesce(vec![5, 4, 3], Span::from_millis(450)).await, Quiescence { is_quiet: false, open });
    let flickering = [0, 1].repeat(40);
    assert!(!quiesce(flickering, Span::from_millis(500)).await.is_quiet);
}
