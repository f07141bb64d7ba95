//! Banks that speak in forms and XML: what they say to good calls and to bad ones, and what they write down.

use serde_json::json;

use super::{exchange_text, journal, request, started};
use crate::ledger::RecordKind;

/// Aim: a malformed call is refused in the bank's own face and is on record, whatever the face. Method: each face gets
/// a good call, and one that is cut short or says a thing twice.
#[tokio::test(flavor = "multi_thread")]
async fn malformed_calls_are_refused_in_the_banks_own_words_and_recorded() {
    let record =
        |amount: &str| format!("C{:<128}{:<128}{amount:>19}{:<3}{:<256}{:<128}\r\n", "r0abc-1", "", "CNY", "", "");
    let (whole, without_zeros) = (record("0000000000000000500"), record("500"));
    let table = [
        (
            "fixed_width",
            whole.as_str(),
            without_zeros.as_str(),
            "text/plain; charset=gbk",
            ["A00SUCCESS   r0abc-1", "A30REFUSED   "],
        ),
        (
            "json",
            r#"{"order_no":"r0abc-1","amount":500,"currency":"CNY"}"#,
            r#"{"order_no":"r0abc-1","#,
            "application/json",
            [r#"{"code":"00","status":"SUCCESS","#, r#"{"code":"30","status":"REFUSED","#],
        ),
        (
            "form",
            "order_no=r0abc-1&amount=500&currency=CNY",
            "order_no=r0abc-1&order_no=r0abc-1",
            "application/x-www-form-urlencoded",
            ["code=00&status=SUCCESS&", "code=30&status=REFUSED&"],
        ),
        (
            "xml",
            "<call><order_no>r0abc-1</order_no><amount>500</amount><currency>CNY</currency></call>",
            "<call><order_no>r0abc-1</order_no>",
            "application/xml; charset=utf-8",
            ["<answer><code>00</code><status>SUCCESS</status>", "<answer><code>30</code><status>REFUSED</status>"],
        ),
    ];
    for (face, good, bad, media_type, begins) in table {
        let dir = tempfile::tempdir().expect("scratch");
        let server = started(dir.path(), &json!({ "face": face })).await;
        for (body, http, begins) in [(good, 200, begins[0]), (bad, 400, begins[1])] {
            let (status, said, text) = exchange_text(request(&server, "pay", body)).await;
            assert_eq!((status, said.as_str()), (http, media_type), "{face}");
            assert!(text.starts_with(begins), "{face}: {text}");
        }
        let records = journal(dir.path());
        let told: Vec<_> = records.iter().map(|r| (r.kind, r.status.as_str())).collect();
        let [(RecordKind::Call, _), effect, refused] = told[..] else { panic!("{face}: {told:?}") };
        assert_eq!((effect, refused), ((RecordKind::Effect, "SUCCESS"), (RecordKind::Call, "30")), "{face}");
    }
}
