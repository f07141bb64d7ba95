//! The interface of a bank, for whoever writes an adapter to it: generated from its profile, so that it cannot lie.

mod record;
mod signature;

use std::fmt::Write;

use self::record::explain_records;
use self::signature::explain_signature;
use super::bank::Code;
use super::settlement::explain_settlement;
use crate::profile::{
    Acknowledgement, Answer, Callback, ChannelProfile, Closed, Face, FeeReturned, HandshakeFault, Operation, Over,
    Payout, Quota, Repeat, Way, When,
};
use crate::time::Span;
use crate::units::span_text;

/// How to talk to the bank of `profile`, as Markdown. What is left to chance is not told, but for what may happen.
pub fn explain(profile: &ChannelProfile) -> String {
    let mut text = format!("# {}\n\n", profile.name);
    calls(&mut text, profile);
    explain_signature(&mut text, profile);
    answers(&mut text, profile);
    handshakes(&mut text, profile);
    if let Some(callback) = &profile.callback {
        callbacks(&mut text, profile, callback);
    } else {
        line(&mut text, "\n## Callbacks\nNone: ask with `query`.");
    }
    rules(&mut text, profile);
    explain_settlement(&mut text, profile);
    text
}

fn line(text: &mut String, more: &str) {
    text.push_str(more);
    text.push('\n');
}

fn calls(text: &mut String, profile: &ChannelProfile) {
    let body = |operation| match operation {
        Operation::Pay => "`order_no, amount, currency, notify_url?, payer?`",
        Operation::Refund => "`order_no` (of the payment), `refund_no, amount, currency, notify_url?`",
        Operation::Query | Operation::Close => "`order_no` or `refund_no`",
        Operation::Reverse => "`order_no`",
        Operation::Payout => "`order_no` (of the payout), `amount, currency, notify_url?`",
    };
    let _ = writeln!(
        text,
        "## Calls\nHTTP `POST`, {}, amounts as integers in minor units, numbers of 1 to 128 characters.\n",
        match profile.face {
            Face::Json => "JSON",
            Face::Form => "a form (`application/x-www-form-urlencoded`, UTF-8), each field once",
            Face::Xml => "XML (UTF-8), `<call>` with an element for each field",
            Face::FixedWidth => "a record of fixed width",
        }
    );
    line(text, "| Path | Body |\n|---|---|");
    for operation in Operation::ALL.into_iter().filter(|&op| op != Operation::Payout || profile.payout.is_some()) {
        let _ = writeln!(text, "| `/{}/v1/{}` | {} |", profile.name, operation.word(), body(operation));
    }
    let _ = writeln!(
        text,
        "\nWithout `notify_url` the outcome is told to nobody. The statement of a day (UTC) is at \
         `GET /{}/v1/statement?day=YYYY-MM-DD`, CSV.",
        profile.name
    );
    explain_records(text, profile);
}

/// The codes this bank can answer with, in order, each with its HTTP status and what it means.
fn codes(profile: &ChannelProfile) -> Vec<(String, u16, &'static str, String)> {
    let mut codes = Vec::new();
    let mut add = |code: Code, http: u16, means: &str| {
        codes.push((code.as_str().to_owned(), http, code.status(), means.to_owned()));
    };
    add(Code::SUCCESS, 200, "done");
    if matches!(profile.answer, Answer::Accepts { .. })
        || profile.refund.final_after.is_some()
        || profile.payout.is_some()
    {
        add(Code::PROCESSING, 200, "accepted; the outcome follows");
    }
    add(Code::CLOSED, 200, "closed: there will be no outcome");
    add(Code::REVERSED, 200, "reversed");
    add(Code::NOT_POSSIBLE, 200, "not possible, or not any more; final for a refund");
    add(Code::BEYOND_CAPTURED, 200, "refund beyond what was captured, or of an unknown payment; final");
    let payouts_return = profile.payout.as_ref().is_some_and(|payout| payout.returned.is_some());
    if profile.refund.fails_after_success.is_some() || payouts_return {
        add(Code::RETURNED, 200, "a refund or payout that was told as done and came back");
    }
    add(Code::NOT_FOUND, 200, "no such number, or not yet: ask again before you give up");
    if profile.limits.amount_max.is_some()
        || profile.limits.payer_day.is_some()
        || profile.limits.merchant_day.is_some()
        || profile.payout.as_ref().is_some_and(|payout| payout.amount_max.is_some())
    {
        add(Code::ABOVE_LIMIT, 200, "above the limit; final");
    }
    if [profile.limits.payer_day, profile.limits.merchant_day].iter().flatten().any(|l| l.count_max.is_some()) {
        add(Code::TOO_OFTEN, 200, "too often in one day; final");
    }
    let again = match profile.idempotency.repeat {
        Repeat::FirstAnswer => "used before, with another amount or too long ago; the first use stands: ask",
        Repeat::Refuse => "used before; the first use stands: ask",
    };
    add(Code::OTHER_AMOUNT, 200, again);
    add(Code::UNAVAILABLE, 503, "the bank cannot now; nothing was done");
    if profile.unknown.shows.iter().any(|w| w.way == Way::AskCode) {
        let own = profile.unknown.ask_codes.iter().filter_map(|ask| Code::parse(&ask.code));
        let own: Vec<Code> = own.collect();
        for code in if own.is_empty() { vec![Code::ASK] } else { own } {
            codes.push((code.as_str().to_owned(), 200, Code::ASK.status(), String::from("outcome not known: ask")));
        }
    }
    for decline in &profile.decline.codes {
        if let Some(code) = Code::parse(&decline.code).filter(|c| codes.iter().all(|known| known.0 != c.as_str())) {
            let means = format!("{}; final", code.message().unwrap_or("declined"));
            codes.push((code.as_str().to_owned(), 200, code.status(), means));
        }
    }
    for (code, http, means) in
        [("30", 400, "malformed"), ("A0", 401, "signature, merchant or time"), ("A1", 403, "no mark")]
    {
        codes.push((code.to_owned(), http, "REFUSED", means.to_owned()));
    }
    codes.sort();
    codes
}

fn answers(text: &mut String, profile: &ChannelProfile) {
    let written = match profile.face {
        Face::Json => "",
        Face::Form => ", as a form",
        Face::Xml => ", as elements of `<answer>`",
        Face::FixedWidth => ", as a record",
    };
    let _ =
        writeln!(text, "\n## Answers\n`{{code, status, order_no, refund_no?, txn?, amount?, message?}}`{written}\n");
    line(text, "| code | HTTP | status | Means |\n|---|---|---|---|");
    for (code, http, status, means) in codes(profile) {
        let _ = writeln!(text, "| `{code}` | {http} | `{status}` | {means} |");
    }
    let mut ways: Vec<&str> = profile.unknown.shows.iter().map(|w| word(w.way)).collect();
    if !profile.degradation.is_empty() {
        ways.push("HTTP 503 without a code");
    }
    if profile.network.is_some() {
        ways.push("a broken connection or body");
    }
    if !ways.is_empty() {
        let _ = writeln!(
            text,
            "\nA call may also end with {}. It may have been done or not: only `query` tells. Neither a time-out nor any of \
             these is a failure.",
            ways.join(", ")
        );
    }
}

/// Handshakes that fail, which no call comes through.
fn handshakes(text: &mut String, profile: &ChannelProfile) {
    let Some(handshake) = &profile.handshake else { return };
    let ways: Vec<&str> = handshake.shows.iter().map(|way| fault_word(way.fault)).collect();
    let _ = writeln!(
        text,
        "\nOver TLS this bank has an address of its own, and a handshake there may end with {}. Nothing was heard then: call again.",
        ways.join(", ")
    );
}

fn fault_word(fault: HandshakeFault) -> &'static str {
    match fault {
        HandshakeFault::Refused => "a refusal",
        HandshakeFault::Reset => "a reset",
        HandshakeFault::Silence => "silence",
        HandshakeFault::Expired => "an expired certificate",
        HandshakeFault::Stranger => "a certificate that nobody vouches for",
    }
}

fn word(way: Way) -> &'static str {
    match way {
        Way::NoAnswer => "silence",
        Way::Http500 => "HTTP 500",
        Way::Http502 => "HTTP 502",
        Way::Http504 => "HTTP 504",
        Way::ResetBefore => "a reset before anything was done",
        Way::ResetAfter => "a reset after it was done",
        Way::AskCode => "a code that means *ask*",
    }
}

fn callbacks(text: &mut String, profile: &ChannelProfile, callback: &Callback) {
    let acknowledged = match &callback.acknowledged_by {
        Acknowledgement::Body(body) => format!("status 200 and the body `{body}`"),
        Acknowledgement::Any2xx => String::from("any status from 200 to 299"),
    };
    let waits: Vec<String> = callback.waits().map(span_text).collect();
    let _ = write!(
        text,
        "\n## Callbacks\n\
         `POST <notify_url>` `{{order_no, refund_no?, txn, status, code, amount, currency}}`,{} status `SUCCESS` or `FAIL`, \
         {} Acknowledged by {acknowledged} within {}; otherwise again after \
         {}, then never.\n",
        match profile.face {
            Face::Json => "",
            Face::Form => " as a form,",
            Face::Xml => " as elements of `<callback>`,",
            Face::FixedWidth => " as a record,",
        },
        match profile.signature.scheme() {
            None => "not signed.",
            Some(scheme) if scheme.is_shared() => "signed as calls are, with the path of your address.",
            Some(_) => "signed as calls are, but with the bank's key, and with the path of your address.",
        },
        span_text(callback.acknowledged_within.0),
        if waits.is_empty() { String::from("nothing") } else { waits.join(", ") },
    );
    let faults = &profile.signature_faults;
    let may = [
        (callback.duplicate_share.0 > 0.0, "twice at the same moment"),
        (callback.lost_share.0 > 0.0, "late, as the first attempt was lost"),
        (callback.reordered.is_some(), "after a later one"),
        (callback.wrong_amount_share.0 > 0.0, "with a wrong amount"),
        (callback.conflicting_share.0 > 0.0, "with the contrary, later"),
        (faults.wrong_key_share.0 > 0.0 || faults.missing_share.0 > 0.0, "without a good signature"),
        (faults.stale.is_some(), "with a time long gone"),
        (profile.close.outcome_follows.0 > 0.0, "of an order that was told to be closed"),
    ];
    let may: Vec<&str> = may.iter().filter(|(is_so, _)| *is_so).map(|&(_, what)| what).collect();
    if !may.is_empty() {
        let _ = writeln!(text, "An outcome may be told {}.", may.join(", "));
    }
}

fn rules(text: &mut String, profile: &ChannelProfile) {
    line(text, "\n## Rules");
    let refund = &profile.refund;
    if !refund.partial {
        line(text, "- A payment can be given back only whole.");
    }
    if let Some(max) = refund.count_max {
        let _ = writeln!(text, "- At most {max} refunds of one payment.");
    }
    if let Some(age) = refund.age_max {
        let _ = writeln!(text, "- A payment can be given back for {}.", span_text(age.0));
    }
    if let Some(within) = profile.reversal.within {
        let _ = writeln!(text, "- A payment can be reversed for {}.", span_text(within.0));
    }
    let fee = &profile.fee;
    if fee.basis_points > 0 || fee.fixed > 0 || fee.min > 0 {
        let max = fee.max.map_or_else(String::new, |max| format!(", at most {max}"));
        let returned = match refund.fee_returned {
            FeeReturned::Never => "not given back",
            FeeReturned::InProportion => "given back in proportion with refunds",
            FeeReturned::WithAll => "given back when all is refunded",
        };
        let _ = writeln!(
            text,
            "- The fee of a captured payment is {} basis points and {} minor units, at least {}{max}; {returned}.",
            fee.basis_points, fee.fixed, fee.min
        );
    }
    if let Some(payout) = &profile.payout {
        payouts(text, payout);
    }
    if let Some(max) = profile.limits.amount_max {
        let _ = writeln!(text, "- A payment is at most {max} minor units.");
    }
    if let Some(quota) = &profile.quota {
        let _ = writeln!(text, "- At most {}.", quota_words(*quota));
    }
    if let Some(quota) = &profile.inquiry.quota {
        let _ = writeln!(text, "- Inquiries apart: at most {}.", quota_words(*quota));
    }
    for window in &profile.maintenance {
        let words: Vec<&str> = window.operations.iter().map(|op| op.word()).collect();
        let calls = match window.calls {
            Closed::Refuse => "are refused",
            Closed::Hang | Closed::HalfOpen => "get no answer",
        };
        let _ = writeln!(text, "- Closed {}: {} {calls}.", when_words(&window.when), words.join(", "));
    }
    let lag = profile.inquiry.visibility_lag.0;
    let when = if lag == Span::ZERO { "as soon as".to_owned() } else { format!("{} after", span_text(lag)) };
    let _ = writeln!(text, "- `query` finds an order {when} it was taken in.");
}

fn payouts(text: &mut String, payout: &Payout) {
    line(text, "- Payouts share their numbers with payments, and cannot be refunded or reversed.");
    if let Some(max) = payout.amount_max {
        let _ = writeln!(text, "- A payout is at most {max} minor units.");
    }
    if payout.returned.is_some() {
        line(text, "- A payout that was done may come back days later, and is then told by a second callback.");
    }
    let fee = &payout.fee;
    if fee.basis_points > 0 || fee.fixed > 0 || fee.min > 0 {
        let max = fee.max.map_or_else(String::new, |max| format!(", at most {max}"));
        let returned = if payout.fee_returned { "given back if it comes back" } else { "not given back" };
        let _ = writeln!(
            text,
            "- The fee of a payout that is done is {} basis points and {} minor units, at least {}{max}; {returned}.",
            fee.basis_points, fee.fixed, fee.min
        );
    }
}

fn quota_words(quota: Quota) -> String {
    let over = match quota.over {
        Over::Refuse => "503 with `91`",
        Over::Http429 => "429 with `91`",
        Over::Drop => "silence",
        Over::Queue { .. } => "a wait",
    };
    format!("{} calls a second, {} at once; beyond that {over}", quota.rate.per_second(), quota.burst)
}

fn when_words(when: &When) -> String {
    match when {
        When::Always => String::from("always"),
        When::Run { from, lasts, every } => {
            let again = every.map_or_else(String::new, |every| format!(", every {}", span_text(every.0)));
            format!("for {} from {} after the first call{again}", span_text(lasts.0), span_text(from.0))
        }
        When::Daily { from, to, utc_offset } => format!("daily from {from:?} to {to:?} (UTC{utc_offset:?})"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile(differs: &serde_json::Value) -> ChannelProfile {
        let mut profile = json!({
            "name": "bank_north",
            "merchant_no": "88",
            "signature": { "hmac_sha256": { "key": "north-mock-key-not-a-secret" } },
            "answer": { "synchronous": { "after": { "constant": "10ms" } } }
        });
        for (field, value) in differs.as_object().expect("an object") {
            profile[field] = value.clone();
        }
        serde_json::from_value(profile).expect("reads")
    }

    /// The signature is that of `mocks/README.md`, which openssl gave.
    #[test]
    fn the_worked_example_is_right() {
        let text = explain(&profile(&json!({})));
        assert!(text.contains("677dccfcba3d85fc21dd09270e024056689cccd13f7b94b3f9e34b90bcd93fa5"), "{text}");
    }

    /// Codes of the table in `text`, in order.
    fn told(text: &str) -> Vec<&str> {
        text.lines()
            .filter_map(|l| l.strip_prefix("| `")?.split_once("` | "))
            .filter(|(c, _)| c.len() == 2)
            .map(|(c, _)| c)
            .collect()
    }

    #[test]
    fn only_codes_that_can_come_are_told() {
        let text = explain(&profile(&json!({})));
        assert_eq!(told(&text), ["00", "06", "08", "12", "13", "25", "30", "91", "94", "A0", "A1"]);
        let text = explain(&profile(&json!({
            "answer": { "accepts": { "after": { "constant": "1ms" }, "final_after": { "constant": "1ms" } } },
            "decline": { "share": "1 %", "codes": [{ "code": "51", "weight": 1 }, { "code": "61", "weight": 1 }] },
            "unknown": { "share": "1 %", "executed": "100 %", "shows": [{ "as": "ask_code", "weight": 1 }] },
            "limits": { "amount_max": 5, "payer_day": { "count_max": 3 } },
            "refund": { "fails_after_success": { "share": "1 %", "after": { "constant": "1s" } } }
        })));
        let all =
            ["00", "01", "06", "08", "12", "13", "15", "25", "30", "51", "61", "65", "91", "94", "96", "A0", "A1"];
        assert_eq!(told(&text), all);
    }

    #[test]
    fn schedules_are_those_of_the_runs_clock() {
        let callback = json!({ "after": { "constant": "1ms" }, "retries": ["1h", "2h"], "time_scale": 3600 });
        let text = explain(&profile(&json!({ "callback": callback })));
        assert!(text.contains("within 5s; otherwise again after 1s, 2s, then never."), "{text}");
    }
}
