//! At the bank's door: who calls, and is it a call at all?

use hyper::HeaderMap;

use crate::id::RunId;
use crate::money::Currency;
use crate::profile::ChannelProfile;
use crate::signature::VerifyingKey;

use super::bank::Refusal;
use super::behaviour::Keys;
use super::sign::Signed;
use super::wire::{Ask, AskBody, Operation};

/// Characters of the longest order or refund number.
const NUMBER_CHARS_MAX: usize = 128;

/// A call as it came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawCall<'a> {
    pub(super) operation: Operation,
    pub(super) path: &'a str,
    pub(super) merchant: Option<&'a str>,
    pub(super) time: Option<&'a str>,
    pub(super) signature: Option<&'a str>,
    pub(super) mark: Option<&'a str>,
    pub(super) body: &'a [u8],
}

impl<'a> RawCall<'a> {
    /// A call to `path`, without its query.
    pub(super) fn of(operation: Operation, path: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            operation,
            path,
            merchant: header("x-bank-merchant"),
            time: header("x-bank-time"),
            signature: header("x-bank-sign"),
            mark: header("x-stress-test"),
            body,
        }
    }
}

/// What the bank says of a call with these headers that it could not read to its end, and why.
pub(super) fn unread(operation: Operation, headers: &HeaderMap, http: u16, why: &str) -> Refusal {
    let mark = RawCall::of(operation, "", headers, &[]).mark;
    Refusal {
        http,
        code: "30",
        message: why.to_owned(),
        operation: operation.word(),
        order_no: String::new(),
        refund_no: None,
        mark: mark.map(kept_mark),
    }
}

/// As much of a mark as goes into a record: that of a stranger may be anything.
fn kept_mark(mark: &str) -> String {
    mark.chars().take(NUMBER_CHARS_MAX).collect()
}

/// The call as one the bank can act on.
///
/// In order of precedence: without a mark, or with that of another run than `run`, it is refused with `A1`;
/// without the right merchant number and, where there are `keys`, signature with `A0`; if it cannot be understood with
/// `30`.
pub(super) fn check_call(
    profile: &ChannelProfile,
    keys: Option<&Keys>,
    run: Option<&RunId>,
    call: &RawCall<'_>,
    now_us: i64,
) -> Result<Ask, Box<Refusal>> {
    let (mut body, unreadable) = match profile.face.read_ask(call.body) {
        Ok(body) => (body, None),
        Err(why) => (AskBody::default(), Some(why)),
    };
    let refuse = |body: &AskBody, http, code, message: String| {
        // Only what fits an order number goes into the record: a stranger's body may be anything.
        let kept = |number: &Option<String>| number.clone().filter(|n| n.len() <= NUMBER_CHARS_MAX);
        Box::new(Refusal {
            http,
            code,
            message,
            operation: call.operation.word(),
            order_no: kept(&body.order_no).unwrap_or_default(),
            refund_no: kept(&body.refund_no),
            mark: call.mark.map(kept_mark),
        })
    };
    let marked = match call.mark.map(RunId::parse) {
        None => return Err(refuse(&body, 403, "A1", String::from("no mark"))),
        Some(None) => return Err(refuse(&body, 403, "A1", String::from("the mark names no run"))),
        Some(Some(marked)) => marked,
    };
    if run.is_some_and(|run| *run != marked) {
        return Err(refuse(&body, 403, "A1", String::from("the mark is of another run")));
    }
    if call.merchant != Some(profile.merchant_no.as_str()) {
        return Err(refuse(&body, 401, "A0", String::from("no such merchant")));
    }
    if keys.is_some_and(|keys| !is_signed(call, keys)) {
        return Err(refuse(&body, 401, "A0", String::from("signature")));
    }
    if !profile.signature_faults.takes_time(call.time.unwrap_or_default(), now_us) {
        return Err(refuse(&body, 401, "A0", String::from("the time is too far from the bank's")));
    }
    if let Some(why) = unreadable {
        return Err(refuse(&body, 400, "30", why));
    }
    take_ask(call.operation, &mut body, marked).map_err(|message| refuse(&body, 400, "30", message))
}

fn is_signed(call: &RawCall<'_>, keys: &Keys) -> bool {
    let Some((time, signature)) = call.time.zip(call.signature) else { return false };
    let signed = Signed { method: "POST", path: call.path, time, body: call.body };
    let with = |key: &VerifyingKey| signed.is_signed(key, keys.encoding, signature);
    with(&keys.calls) || keys.former.as_ref().is_some_and(with)
}

/// What is asked for. It is taken out of `body`, unless that is an error.
fn take_ask(operation: Operation, body: &mut AskBody, run: RunId) -> Result<Ask, String> {
    for number in [&body.order_no, &body.refund_no, &body.payer].into_iter().flatten() {
        if number.is_empty() || number.len() > NUMBER_CHARS_MAX || number.chars().any(char::is_control) {
            return Err(format!("a number or payer must be 1 to {NUMBER_CHARS_MAX} printable characters"));
        }
    }
    if operation == Operation::Refund && body.refund_no.is_none() {
        return Err(String::from("`refund_no` is missing"));
    }
    let needs_order =
        matches!(operation, Operation::Pay | Operation::Refund | Operation::Payout) || body.refund_no.is_none();
    if needs_order && body.order_no.is_none() {
        return Err(String::from("`order_no` is missing"));
    }
    if operation == Operation::Reverse && body.refund_no.is_some() {
        return Err(String::from("a refund cannot be reversed"));
    }
    if matches!(operation, Operation::Query | Operation::Close | Operation::Reverse) {
        return Ok(Ask {
            operation,
            order_no: body.order_no.take().unwrap_or_default(),
            refund_no: body.refund_no.take(),
            amount: 0,
            currency: None,
            notify_url: None,
            payer: None,
            run,
        });
    }
    let amount = body.amount.filter(|&amount| amount > 0).ok_or("`amount` must be greater than 0 minor units")?;
    let currency =
        body.currency.as_deref().and_then(Currency::parse).ok_or("`currency` must be three capital letters")?;
    if let Some(url) = &body.notify_url {
        let parsed = url.parse::<hyper::Uri>().ok();
        if parsed.is_none_or(|uri| uri.scheme_str() != Some("http") || uri.host().is_none()) {
            return Err(String::from("`notify_url` must be an http address"));
        }
    }
    Ok(Ask {
        operation,
        order_no: body.order_no.take().unwrap_or_default(),
        refund_no: body.refund_no.take().filter(|_| operation == Operation::Refund),
        amount,
        currency: Some(currency),
        notify_url: body.notify_url.take(),
        payer: body.payer.take().filter(|_| operation == Operation::Pay),
        run,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sign::sample::sign;
    use super::*;
    use crate::profile::Key;
    use crate::signature::{Encoding, Scheme, SigningKey};

    fn profile() -> ChannelProfile {
        serde_json::from_value(serde_json::json!({
            "name": "bank",
            "merchant_no": "88",
            "signature": { "hmac_sha256": { "key": "k" } },
            "answer": { "synchronous": { "after": { "constant": "10ms" } } }
        }))
        .expect("reads")
    }

    /// The code a call is refused with, or the operation that is asked for.
    fn check(operation: Operation, merchant: &str, mark: Option<&str>, key: &str, body: &str) -> String {
        let path = "/bank/v1/any";
        let signature = sign(&Key::new(key), "POST", path, "1763600000", body.as_bytes());
        let call = RawCall {
            operation,
            path,
            merchant: Some(merchant),
            time: Some("1763600000"),
            signature: Some(&signature),
            mark,
            body: body.as_bytes(),
        };
        let key = |text| SigningKey::parse(Scheme::HmacSha256, text).expect("a text that is not empty");
        let (encoding, current, old) = (Encoding::Hex, key("k"), key("old"));
        let keys = Keys { encoding, calls: current.verifying(), former: Some(old.verifying()), current };
        match check_call(&profile(), Some(&keys), RunId::parse("r0abc").as_ref(), &call, 1_763_600_000_000_000) {
            Ok(ask) => ask.operation.word().to_owned(),
            Err(refusal) => format!("{} {} {}", refusal.http, refusal.code, refusal.order_no),
        }
    }

    /// One row a rule, in order of precedence: what is wrong first decides.
    #[test]
    fn calls_are_refused_by_mark_then_signature_then_form() {
        use Operation::{Close, Pay, Query, Refund, Reverse};
        let good = r#"{"order_no":"o1","amount":5,"currency":"CNY"}"#;
        let mark = Some("r0abc");
        let table = [
            (Pay, "88", None, "wrong", good, "403 A1 o1"),
            (Pay, "88", Some("No Run"), "wrong", good, "403 A1 o1"),
            (Pay, "88", Some("r9xyz"), "k", good, "403 A1 o1"),
            (Pay, "88", mark, "wrong", good, "401 A0 o1"),
            (Pay, "89", mark, "k", good, "401 A0 o1"),
            (Pay, "88", mark, "wrong", "{", "401 A0 "),
            (Pay, "88", mark, "k", "{", "400 30 "),
            (Pay, "88", mark, "k", "[]", "400 30 "),
            (Pay, "88", mark, "k", r#"{"amount":5,"currency":"CNY"}"#, "400 30 "),
            (Pay, "88", mark, "k", r#"{"order_no":"","amount":5,"currency":"CNY"}"#, "400 30 "),
            (Pay, "88", mark, "k", r#"{"order_no":"o1","currency":"CNY"}"#, "400 30 o1"),
            (Pay, "88", mark, "k", r#"{"order_no":"o1","amount":0,"currency":"CNY"}"#, "400 30 o1"),
            (Pay, "88", mark, "k", r#"{"order_no":"o1","amount":-5,"currency":"CNY"}"#, "400 30 o1"),
            (Pay, "88", mark, "k", r#"{"order_no":"o1","amount":5.5,"currency":"CNY"}"#, "400 30 "),
            (Pay, "88", mark, "k", r#"{"order_no":"o1","amount":5,"currency":"cny"}"#, "400 30 o1"),
            (
                Pay,
                "88",
                mark,
                "k",
                r#"{"order_no":"o1","amount":5,"currency":"CNY","notify_url":"ftp://x"}"#,
                "400 30 o1",
            ),
            (Refund, "88", mark, "k", good, "400 30 o1"),
            (Query, "88", mark, "k", "{}", "400 30 "),
            (Pay, "88", mark, "k", good, "pay"),
            (Pay, "88", mark, "old", good, "pay"),
            (Refund, "88", mark, "k", r#"{"order_no":"o1","refund_no":"f1","amount":5,"currency":"CNY"}"#, "refund"),
            (Query, "88", mark, "k", r#"{"order_no":"o1"}"#, "query"),
            (Close, "88", mark, "k", r#"{"refund_no":"f1"}"#, "close"),
            (Reverse, "88", mark, "k", r#"{"order_no":"o1"}"#, "reverse"),
            (Reverse, "88", mark, "k", r#"{"order_no":"o1","refund_no":"f1"}"#, "400 30 o1"),
        ];
        for (operation, merchant, mark, key, body, expected) in table {
            assert_eq!(check(operation, merchant, mark, key, body), expected, "{operation:?} {mark:?} {key} {body}");
        }
    }

    /// Where nothing is signed, mark, merchant and form are looked at all the same.
    #[test]
    fn without_a_signature_a_call_needs_none() {
        let body = br#"{"order_no":"o1","amount":5,"currency":"CNY"}"#;
        let check = |merchant, mark| {
            let call = RawCall {
                operation: Operation::Pay,
                path: "/bank/v1/pay",
                merchant,
                time: None,
                signature: None,
                mark,
                body,
            };
            check_call(&profile(), None, None, &call, 0).map(|ask| ask.order_no).map_err(|refusal| refusal.code)
        };
        assert_eq!(check(Some("88"), Some("r0abc")), Ok(String::from("o1")));
        assert_eq!(check(Some("89"), Some("r0abc")), Err("A0"));
        assert_eq!(check(Some("88"), None), Err("A1"));
    }
}
