//! What must hold in a profile and a schema cannot say.

use super::{Answer, ChannelProfile, Share, Times};
use crate::time::Span;

/// Something wrong in a profile, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer (RFC 6901) to the value, such as `/unknown/shows/0/weight`.
    pub pointer: String,
    /// What was expected and what was found.
    pub message: String,
    /// What to do about it, when that is clear.
    pub help: Option<String>,
}

/// Codes of the interface that cannot be codes of a decline.
const TAKEN: [&str; 11] = ["00", "01", "06", "13", "25", "30", "91", "94", "96", "A0", "A1"];

/// The most servers of a bank.
const SERVERS_MAX: u32 = 1_000;

/// The longest queue: each call in it holds a connection, of which a mock serves 8,192 at once.
const QUEUE_MAX: u32 = 8_000;

impl ChannelProfile {
    /// All problems of this profile, in file order of the sections; empty if it can be served.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Found(Vec::new());
        self.check_identity(&mut found);
        match &self.answer {
            Answer::Synchronous { after } => found.times("/answer/synchronous/after", after),
            Answer::Accepts { after, final_after } => {
                found.times("/answer/accepts/after", after);
                found.times("/answer/accepts/final_after", final_after);
            }
            Answer::Servers { n, service_time } => {
                if !(1..=SERVERS_MAX).contains(n) {
                    found.add("/answer/servers/n", format!("must be 1 to {SERVERS_MAX}, got {n}"));
                }
                found.times("/answer/servers/service_time", service_time);
                if matches!(service_time, Times::Constant(time) if time.0 == Span::ZERO) {
                    found.add("/answer/servers/service_time/constant", "must be greater than 0");
                }
            }
        }
        self.check_decline(&mut found);
        self.check_unknown(&mut found);
        if let Some(after) = &self.inquiry.after {
            found.times("/inquiry/after", after);
        }
        found.share("/inquiry/not_found_share", self.inquiry.not_found_share);
        self.check_callback(&mut found);
        found.share("/refund/decline_share", self.refund.decline_share);
        if self.fee.basis_points > 10_000 {
            found.add("/fee/basis_points", format!("must be at most 10000 (100 %), got {}", self.fee.basis_points));
        }
        if let Some(max) = self.limits.amount_max.filter(|&max| max <= 0) {
            found.add("/limits/amount_max", format!("must be greater than 0, got {max}"));
        }
        if self.limits.orders_max == 0 {
            found.add("/limits/orders_max", "must be greater than 0, got 0");
        }
        if self.limits.queue_max.is_some() && !matches!(self.answer, Answer::Servers { .. }) {
            found.add_help(
                "/limits/queue_max",
                "is of use only where servers answer, as nobody waits for one here",
                "leave it out, or write `answer: { servers: { n: 4, service_time: { constant: 5ms } } }`",
            );
        }
        if let Some(max) = self.limits.queue_max.filter(|&max| max > QUEUE_MAX) {
            found.add("/limits/queue_max", format!("must be at most {QUEUE_MAX}, got {max}"));
        }
        found.0
    }

    fn check_identity(&self, found: &mut Found) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if self.name.is_empty() || self.name.len() > 32 || !self.name.bytes().all(plain) {
            found.add(
                "/name",
                format!("must be 1 to 32 lower-case letters, digits and `_`, as it is part of paths and file names, got `{}`", self.name),
            );
        }
        if self.merchant_no.is_empty() || !self.merchant_no.bytes().all(|b| b.is_ascii_graphic()) {
            found.add("/merchant_no", format!("must be printable ASCII without spaces, got `{}`", self.merchant_no));
        }
        let super::Signature::HmacSha256 { key } = &self.signature;
        if key.as_bytes().is_empty() {
            found.add("/signature/hmac_sha256/key", "must not be empty");
        }
    }

    fn check_decline(&self, found: &mut Found) {
        found.share("/decline/share", self.decline.share);
        let declines = self.decline.share.0 > 0.0 || self.refund.decline_share.0 > 0.0;
        if declines && self.decline.codes.is_empty() {
            found.add_help(
                "/decline/codes",
                "must name at least one code, as some are declined",
                "add `codes: [{ code: \"51\", weight: 1 }]`",
            );
        }
        for (i, choice) in self.decline.codes.iter().enumerate() {
            let code = &choice.code;
            if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
                found.add(&format!("/decline/codes/{i}/code"), format!("must be two digits or capitals, got `{code}`"));
            } else if TAKEN.contains(&code.as_str()) {
                found.add(
                    &format!("/decline/codes/{i}/code"),
                    format!("`{code}` has another meaning in the interface and cannot be a decline"),
                );
            }
            found.weight(&format!("/decline/codes/{i}/weight"), choice.weight);
        }
    }

    fn check_unknown(&self, found: &mut Found) {
        let unknown = &self.unknown;
        found.share("/unknown/share", unknown.share);
        found.share("/unknown/executed", unknown.executed);
        for (i, way) in unknown.shows.iter().enumerate() {
            found.weight(&format!("/unknown/shows/{i}/weight"), way.weight);
        }
        if unknown.share.0 <= 0.0 {
            return;
        }
        for (is_executed, happens, whom) in
            [(true, unknown.executed.0 > 0.0, "carried out"), (false, unknown.executed.0 < 1.0, "not carried out")]
        {
            if happens && !unknown.shows.iter().any(|w| w.way.fits(is_executed)) {
                found.add_help(
                    "/unknown/shows",
                    format!("must have a way that fits calls {whom}"),
                    "`no_answer`, `http_500` and `ask_code` fit all calls",
                );
            }
        }
    }

    fn check_callback(&self, found: &mut Found) {
        let Some(callback) = &self.callback else { return };
        found.times("/callback/after", &callback.after);
        found.share("/callback/duplicate_share", callback.duplicate_share);
        found.share("/callback/lost_share", callback.lost_share);
        if callback.lost_share.0 > 0.0 && callback.retries.is_empty() {
            found.add_help(
                "/callback/retries",
                "must not be empty while first attempts are lost, or those outcomes are never told",
                "add a wait such as `500ms`",
            );
        }
        if callback.retries.len() > 32 {
            found.add("/callback/retries", format!("must be at most 32, got {}", callback.retries.len()));
        }
        if callback.acknowledged_within.0 == Span::ZERO {
            found.add("/callback/acknowledged_within", "must be greater than 0");
        }
        if callback.in_flight_max == 0 {
            found.add("/callback/in_flight_max", "must be greater than 0, got 0");
        }
    }
}

struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.into(), help: None });
    }

    fn add_help(&mut self, pointer: &str, message: impl Into<String>, help: &str) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.into(), help: Some(help.to_owned()) });
    }

    fn share(&mut self, pointer: &str, share: Share) {
        if !(0.0..=1.0).contains(&share.0) {
            self.add(pointer, format!("must be from 0 % to 100 %, got {} %", share.0 * 100.0));
        }
    }

    fn weight(&mut self, pointer: &str, weight: f64) {
        if !(weight > 0.0 && weight.is_finite()) {
            self.add(pointer, format!("must be greater than 0, got {weight}"));
        }
    }

    fn times(&mut self, pointer: &str, times: &Times) {
        match times {
            Times::Constant(_) => {}
            Times::Uniform { low, high } => {
                if low > high {
                    self.add(
                        &format!("{pointer}/uniform/low"),
                        format!("must not be above `high` {high:?}, got {low:?}"),
                    );
                }
            }
            Times::Lognormal { median, sigma } => {
                if median.0 == Span::ZERO {
                    self.add(&format!("{pointer}/lognormal/median"), "must be greater than 0");
                }
                if !(0.0..=5.0).contains(sigma) {
                    self.add(&format!("{pointer}/lognormal/sigma"), format!("must be from 0 to 5, got {sigma}"));
                }
            }
            Times::Exponential { mean } => {
                if mean.0 == Span::ZERO {
                    self.add(&format!("{pointer}/exponential/mean"), "must be greater than 0");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Pointers of the problems found after `pointer` of a sound profile is replaced by `value`.
    fn check(pointer: &str, value: Value) -> Vec<String> {
        let mut profile = json!({
            "name": "bank_north",
            "merchant_no": "88",
            "signature": { "hmac_sha256": { "key": "k" } },
            "answer": { "synchronous": { "after": { "lognormal": { "median": "12ms", "sigma": 0.5 } } } },
            "decline": { "share": "3 %", "codes": [{ "code": "51", "weight": 2 }] },
            "unknown": { "share": "1 %", "executed": "50 %", "shows": [{ "as": "no_answer", "weight": 1 }] },
            "inquiry": { "after": { "uniform": { "low": "1ms", "high": "2ms" } }, "visibility_lag": "150ms" },
            "callback": { "after": { "exponential": { "mean": "5ms" } }, "retries": ["1s"], "lost_share": "2 %" },
            "fee": { "basis_points": 60 },
            "limits": { "amount_max": 100 }
        });
        *profile.pointer_mut(pointer).expect("a place in the sound profile") = value;
        let profile: ChannelProfile = serde_json::from_value(profile).expect("reads");
        profile.check().into_iter().map(|p| p.pointer).collect()
    }

    #[test]
    fn a_sound_profile_has_no_problems() {
        assert_eq!(check("/merchant_no", json!("88")), [""; 0]);
        let servers = json!({ "servers": { "n": 4, "service_time": { "constant": "5ms" } } });
        assert_eq!(check("/answer", servers), [""; 0]);
    }

    #[test]
    fn every_rule_has_a_profile_that_breaks_it() {
        let table = [
            ("/name", json!("Bank North"), "/name"),
            ("/merchant_no", json!(""), "/merchant_no"),
            ("/signature/hmac_sha256/key", json!(""), "/signature/hmac_sha256/key"),
            ("/answer/synchronous/after/lognormal/sigma", json!(-1), "/answer/synchronous/after/lognormal/sigma"),
            ("/answer/synchronous/after/lognormal/median", json!("0s"), "/answer/synchronous/after/lognormal/median"),
            ("/decline/share", json!("101 %"), "/decline/share"),
            ("/decline/codes", json!([]), "/decline/codes"),
            ("/decline/codes/0/code", json!("511"), "/decline/codes/0/code"),
            ("/decline/codes/0/code", json!("96"), "/decline/codes/0/code"),
            ("/decline/codes/0/weight", json!(0), "/decline/codes/0/weight"),
            ("/unknown/share", json!("200 %"), "/unknown/share"),
            ("/unknown/executed", json!("200 %"), "/unknown/executed"),
            ("/unknown/shows", json!([]), "/unknown/shows"),
            ("/unknown/shows/0/as", json!("reset_before"), "/unknown/shows"),
            ("/unknown/shows/0/weight", json!(-1), "/unknown/shows/0/weight"),
            ("/inquiry/after/uniform/low", json!("3ms"), "/inquiry/after/uniform/low"),
            ("/callback/after/exponential/mean", json!("0ms"), "/callback/after/exponential/mean"),
            ("/callback/lost_share", json!("101 %"), "/callback/lost_share"),
            ("/callback/retries", json!([]), "/callback/retries"),
            ("/fee/basis_points", json!(10_001), "/fee/basis_points"),
            ("/limits/amount_max", json!(0), "/limits/amount_max"),
            ("/limits", json!({ "queue_max": 5 }), "/limits/queue_max"),
            ("/answer", json!({ "servers": { "n": 0, "service_time": { "constant": "1ms" } } }), "/answer/servers/n"),
            (
                "/answer",
                json!({ "servers": { "n": 1, "service_time": { "constant": "0s" } } }),
                "/answer/servers/service_time/constant",
            ),
            (
                "/answer",
                json!({ "servers": { "n": 1, "service_time": { "exponential": { "mean": "0s" } } } }),
                "/answer/servers/service_time/exponential/mean",
            ),
        ];
        for (pointer, value, expected) in table {
            let found = check(pointer, value.clone());
            assert!(found.iter().any(|p| p == expected), "{pointer} = {value}: {found:?}");
        }
    }
}
