//! Bodies that are not JSON, and answers read by header and pattern.

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::fake::SECRET;
use super::journeys::{Seen, ended, hmac_by_hand, keep, walk};
use crate::history::Outcome;

#[test]
fn forms_and_text_are_sent_with_their_types_and_signed_as_sent() {
    let seen = Seen::default();
    let router = Router::new().fallback(keep).with_state(Arc::clone(&seen));
    let sink = walk(
        router,
        &json!({ "steps": [
            { "post": "/form", "form": { "order": "{{order_no}}", "amount": "{{amount}}", "memo": "a & b", "n": 1 } },
            { "post": "/xml", "raw": "<pay><no>{{order_no}}</no></pay>", "content_type": "text/xml" },
            { "post": "/xml", "xml": "<pay no=\"{{order_no}}\"><amount>{{amount}}</amount></pay>" },
            { "post": "/text", "raw": "{{order_no}}|{{amount}}\n" },
            { "post": "/json", "json": { "amount": "{{amount}}" } },
        ] }),
    );
    assert_eq!(ended(&sink), Outcome::Ok);
    let seen = seen.lock().unwrap();
    let sent: Vec<(&str, &str)> =
        seen.iter().map(|(_, _, headers, body)| (headers["content-type"].to_str().unwrap(), body.as_str())).collect();
    assert_eq!(
        sent,
        [
            ("application/x-www-form-urlencoded", "order=r0test-0000000p&amount=1250&memo=a+%26+b&n=1"),
            ("text/xml", "<pay><no>r0test-0000000p</no></pay>"),
            ("application/xml; charset=utf-8", "<pay no=\"r0test-0000000p\"><amount>1250</amount></pay>"),
            ("text/plain; charset=utf-8", "r0test-0000000p|1250\n"),
            ("application/json", r#"{"amount":1250}"#),
        ]
    );
    for (method, uri, headers, body) in seen.iter() {
        let time = headers["x-timestamp"].to_str().unwrap();
        let expected = hmac_by_hand(SECRET.as_bytes(), format!("{method}\n{uri}\n{time}\n{body}").as_bytes());
        assert_eq!(headers["x-signature"], expected.as_str(), "{uri}");
    }
}

/// An old bank: its answers are XML, and a header says where to ask on.
async fn old_bank(uri: Uri) -> Response {
    let code = if uri.path() == "/pay" { "01" } else { "00" };
    ([("x-flow", "f7")], format!("<answer><code>{code}</code><no>n9</no></answer>")).into_response()
}

#[test]
fn values_of_headers_and_patterns_are_known_to_later_steps() {
    let sink = walk(
        Router::new().fallback(old_bank),
        &json!({ "steps": [
            { "post": "/pay", "raw": "<pay/>",
              "capture": { "code": { "regex": "<code>(\\d+)</code>" }, "flow": { "header": "x-flow" } } },
            { "await": { "get": "/ask/{{flow}}", "until": { "status": 200 }, "within": "1s",
                         "capture": { "code": { "regex": "<code>(\\d+)</code>" }, "no": { "regex": "<no>[^<]+" } } } },
            { "if": { "{{code}}": "00" }, "then": [{ "get": "/done/{{no}}" }], "else": [{ "get": "/never" }] },
        ] }),
    );
    let steps: Vec<u16> = sink.exchanges().iter().map(|x| x.step).collect();
    assert_eq!((steps, ended(&sink)), (vec![0, 1, 2], Outcome::Ok));
}

#[test]
fn answers_in_xml_are_read_by_path() {
    let sink = walk(
        Router::new().fallback(old_bank),
        &json!({ "steps": [
            { "post": "/pay", "xml": "<pay/>", "expect": { "/answer/code": ["00", "01"] },
              "capture": { "code": "/answer/code", "no": "/answer/no/text()" } },
            { "await": { "get": "/ask/{{no}}", "until": { "/answer/code": "00" }, "within": "1s", "capture": { "code": "/answer/code" } } },
            { "if": { "{{code}}": "00" }, "then": [{ "post": "/pay", "xml": "<pay/>", "expect": { "/answer/code": "00" } }] },
        ] }),
    );
    let told: Vec<_> = sink.exchanges().into_iter().map(|x| (x.step, x.outcome, x.reason)).collect();
    let unexpected = Some("unexpected /answer/code".to_owned());
    assert_eq!(told, [(0, Outcome::Ok, None), (1, Outcome::Ok, None), (2, Outcome::Unexpected, unexpected)]);
}

#[test]
fn a_header_that_is_not_there_ends_the_journey() {
    let capture = json!({ "code": { "regex": "<code>" }, "other": { "header": "x-other" } });
    let steps = json!({ "steps": [{ "post": "/pay", "raw": "x", "capture": capture }, { "get": "/never" }] });
    let sink = walk(Router::new().fallback(old_bank), &steps);
    let told: Vec<_> = sink.exchanges().into_iter().map(|x| (x.step, x.outcome, x.reason)).collect();
    assert_eq!(told, [(0, Outcome::Unexpected, Some("missing other".to_owned()))]);
}
