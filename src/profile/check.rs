//! What must hold in a profile and a schema cannot say.

use super::Share;

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

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Found(Vec<Problem>);

impl Found {
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0
    }

    pub(super) fn add(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.into(), help: None });
    }

    pub(super) fn add_help(&mut self, pointer: &str, message: impl Into<String>, help: &str) {
        self.0.push(Problem { pointer: pointer.to_owned(), message: message.into(), help: Some(help.to_owned()) });
    }

    pub(super) fn share(&mut self, pointer: &str, share: Share) {
        if !(0.0..=1.0).contains(&share.0) {
            self.add(pointer, format!("must be from 0 % to 100 %, got {share}"));
        }
    }

    pub(super) fn weight(&mut self, pointer: &str, weight: f64) {
        if !(weight > 0.0 && weight.is_finite()) {
            self.add(pointer, format!("must be greater than 0, got {weight}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::profile::ChannelProfile;

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

    fn quantiles(points: &[(&str, &str)]) -> Value {
        let points: Vec<Value> = points.iter().map(|(at, time)| json!({ "at": at, "time": time })).collect();
        json!({ "quantiles": points })
    }

    #[test]
    fn a_sound_profile_has_no_problems() {
        assert_eq!(check("/merchant_no", json!("88")), [""; 0]);
        let servers = json!({ "servers": { "n": 4, "service_time": { "constant": "5ms" } } });
        assert_eq!(check("/answer", servers), [""; 0]);
        let measured = quantiles(&[("0 %", "1ms"), ("50 %", "5ms"), ("99 %", "5ms"), ("100 %", "1s")]);
        let mixture = json!({ "mixture": [{ "weight": 9, "times": measured }] });
        assert_eq!(check("/inquiry/after", mixture), [""; 0]);
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
            ("/inquiry/after", json!({ "gamma": { "mean": "5ms", "shape": 0 } }), "/inquiry/after/gamma/shape"),
            ("/inquiry/after", json!({ "mixture": [] }), "/inquiry/after/mixture"),
            (
                "/inquiry/after",
                json!({ "mixture": [{ "weight": 1, "times": { "gamma": { "mean": "0s", "shape": 2 } } }] }),
                "/inquiry/after/mixture/0/times/gamma/mean",
            ),
            ("/inquiry/after", quantiles(&[("0 %", "1ms"), ("99 %", "2ms")]), "/inquiry/after/quantiles"),
            (
                "/inquiry/after",
                quantiles(&[("0 %", "1ms"), ("50 %", "2ms"), ("50 %", "3ms"), ("100 %", "4ms")]),
                "/inquiry/after/quantiles/2/at",
            ),
            ("/inquiry/after", quantiles(&[("0 %", "2ms"), ("100 %", "1ms")]), "/inquiry/after/quantiles/1/time"),
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
