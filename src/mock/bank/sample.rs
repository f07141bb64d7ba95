//! Banks, calls and histories for tests.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::behaviour::Breakage;
use super::super::wire::{Ask, Operation};
use super::{Bank, Next, Reply, Subject, Unfinished};
use crate::id::RunId;
use crate::ledger::{ChannelRecord, RecordKind};
use crate::money::Currency;
use crate::profile::ChannelProfile;
use crate::seed::Seed;
use crate::units::span_text;

pub(in crate::mock) const RUN: &str = "r0abc";

/// A bank of this profile, given as what differs from one at which nothing ever goes wrong.
pub(in crate::mock) fn bank(differs: &Value) -> Bank {
    let mut profile = json!({
        "name": "bank",
        "merchant_no": "88",
        "signature": { "hmac_sha256": { "key": "k" } },
        "answer": { "synchronous": { "after": { "constant": "10ms" } } },
        "fee": { "basis_points": 60 }
    });
    for (field, value) in differs.as_object().expect("an object") {
        profile[field] = value.clone();
    }
    let profile: ChannelProfile = serde_json::from_value(profile).expect("reads");
    assert_eq!(profile.check(), []);
    Bank::new(Arc::new(profile), Seed(7), None)
}

pub(in crate::mock) fn wallet() -> Value {
    json!({
        "answer": { "accepts": { "after": { "constant": "5ms" }, "final_after": { "constant": "100ms" } } },
        "callback": { "after": { "constant": "3ms" }, "retries": ["1s"] }
    })
}

/// Takes up a whole journal; gives what is yet to be done.
pub(in crate::mock) fn restore(bank: &mut Bank, journal: &[ChannelRecord]) -> Vec<Unfinished> {
    for record in journal {
        bank.take_up(record);
    }
    let mut unfinished = Vec::new();
    bank.unfinished(|more| unfinished.push(more));
    unfinished
}

/// A call as text: `pay 1 500`, `pay 1 500 ann` (of payer ann), `refund 1 a 200` (refund `a` of payment 1), `query 1`, `query -a`, `close 1`,
/// `close -a`. Numbers become order and refund numbers of the run.
pub(in crate::mock) fn ask(text: &str) -> Ask {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |tag: &str| format!("{RUN}-{tag}");
    let amount = |word: &str| word.parse().expect("an amount");
    let cny = Currency::parse("CNY");
    let base = Ask {
        operation: Operation::parse(words[0]).expect("an operation"),
        order_no: String::new(),
        refund_no: None,
        amount: 0,
        currency: None,
        notify_url: Some(String::from("http://127.0.0.1:1/notify")),
        payer: None,
        run: RunId::parse(RUN).expect("valid"),
    };
    match words[..] {
        ["pay" | "payout", order, minor] => {
            Ask { order_no: number(order), amount: amount(minor), currency: cny, ..base }
        }
        ["pay", order, minor, payer] => {
            Ask { order_no: number(order), amount: amount(minor), currency: cny, payer: Some(payer.to_owned()), ..base }
        }
        ["refund", order, refund, minor] => Ask {
            order_no: number(order),
            refund_no: Some(number(refund)),
            amount: amount(minor),
            currency: cny,
            ..base
        },
        ["query" | "close" | "reverse", tag] => match tag.strip_prefix('-') {
            Some(refund) => Ask { refund_no: Some(number(refund)), ..base },
            None => Ask { order_no: number(tag), ..base },
        },
        _ => panic!("cannot read `{text}`"),
    }
}

pub(in crate::mock) fn shown(reply: &Reply) -> String {
    match reply {
        Reply::Answer { http, body, breakage } => {
            let http = if *http == 200 { String::new() } else { format!("{http} ") };
            let broken = match breakage {
                None => String::new(),
                Some(Breakage::Cut) => String::from(" cut"),
                Some(Breakage::Dribble(over)) => format!(" dribbled over {}", span_text(*over)),
                Some(Breakage::DeadAfter) => String::from(" dead after"),
            };
            format!("{http}{} {}{broken}", body.code, body.status)
        }
        Reply::Page(http) => format!("page {http}"),
        Reply::Hang => String::from("hang"),
        Reply::Dead => String::from("dead"),
        Reply::Reset => String::from("reset"),
    }
}

pub(in crate::mock) fn effects(records: &[ChannelRecord]) -> Vec<String> {
    let effects = records.iter().filter(|r| r.kind == RecordKind::Effect);
    effects.map(|r| format!("{} {} {}", r.operation, r.status, r.amount)).collect()
}

/// Plays a history: each line is `<ms> <call> => <answer>[; <effects>]`. What falls due in between is finished
/// at its time, and its effects stand in a line `<ms> => <effects>`.
pub(in crate::mock) fn play(bank: &mut Bank, history: &str) {
    let mut due: Vec<(i64, Subject)> = Vec::new();
    for line in history.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("=>").expect("an arrow");
        let (at_ms, call) = asked.trim().split_once(' ').unwrap_or((asked.trim(), ""));
        let now_us = at_ms.parse::<i64>().expect("milliseconds") * 1_000;
        let mut got = Vec::new();
        due.sort_by_key(|&(at_us, _)| at_us);
        while due.first().is_some_and(|&(at_us, _)| at_us <= now_us) {
            let (then_us, subject) = due.remove(0);
            let (records, _) = bank.finish(&subject, then_us);
            let ended = effects(&records);
            assert!(call.is_empty() || ended.is_empty(), "before `{line}` came {ended:?}");
            got.extend(ended);
        }
        if !call.is_empty() {
            let decision = bank.handle(&ask(call), now_us);
            got.push(shown(&decision.reply));
            got.extend(effects(&decision.records));
            for next in decision.next {
                if let Next::Finish { subject, at_us } = next {
                    due.push((at_us, subject));
                }
            }
        }
        assert_eq!(got.join("; "), expected.trim(), "{line}");
    }
}

/// From each call's arrival at `ms` to its answer in milliseconds, or its code if that is not success.
pub(in crate::mock) fn answered_after(bank: &mut Bank, calls: &[(i64, &str)]) -> Vec<String> {
    let one = |&(ms, call): &(i64, &str)| {
        let decision = bank.handle(&ask(call), ms * 1_000);
        match shown(&decision.reply).as_str() {
            "00 SUCCESS" => format!("{}", decision.after.as_micros() / 1_000),
            other => format!("{} {other}", decision.after.as_micros() / 1_000),
        }
    };
    calls.iter().map(one).collect()
}

/// How many of `n` things, counted from 0, something is true of.
pub(in crate::mock) struct Counted {
    n: u32,
    count: u32,
}

/// Counts for how many of `0..n` `is_so`.
pub(in crate::mock) fn share_of(n: u32, mut is_so: impl FnMut(u32) -> bool) -> Counted {
    Counted { n, count: (0..n).map(|i| u32::from(is_so(i))).sum() }
}

impl Counted {
    /// The count is exactly `expected`, which is what this seed gives by a second program (`ChaCha8` and the keys of
    /// `seed` and `luck`, written anew in C), and that is within four standard deviations of the binomial with
    /// `share`: no seed's luck would be taken for the rule.
    #[track_caller]
    pub(in crate::mock) fn check(&self, share: f64, expected: u32) {
        let (n, count) = (f64::from(self.n), f64::from(self.count));
        let (mean, deviation) = (n * share, (n * share * (1.0 - share)).sqrt());
        assert!((count - mean).abs() <= 4.0 * deviation, "{count}, the share says {mean:.0} ± {deviation:.1}");
        assert_eq!(self.count, expected, "another count than this seed gave before");
    }
}
