//! Calls that end without a word on their outcome.

use super::super::bank::{Bank, Code, Decision, Reply};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;
use crate::profile::Way;
use crate::time::Span;

impl Bank {
    /// Whether a call is carried out, and how it looks if nothing is said on its outcome.
    pub(in crate::mock) fn shown(&self, luck: &Luck) -> (bool, Option<Way>) {
        let unknown = &self.profile.unknown;
        if !luck.takes(Draw::IsUnknown, unknown.share) {
            return (true, None);
        }
        let is_executed = luck.takes(Draw::IsExecuted, unknown.executed);
        let ways: Vec<(Way, f64)> =
            unknown.shows.iter().filter(|w| w.way.fits(is_executed)).map(|w| (w.way, w.weight)).collect();
        let way = luck.pick(Draw::Way, &ways).expect("a checked profile has a way that fits");
        (is_executed, Some(way))
    }

    /// What a caller sees of a call that ends without a word on its outcome, and its record.
    pub(in crate::mock) fn without_a_word(
        &mut self,
        ask: &Ask,
        way: Way,
        luck: &Luck,
        after: Span,
        now_us: i64,
    ) -> Decision {
        let (reply, status) = match way {
            Way::NoAnswer => (Reply::Hang, "hung"),
            Way::Http500 => (Reply::Page(500), "http_500"),
            Way::Http502 => (Reply::Page(502), "http_502"),
            Way::Http504 => (Reply::Page(504), "http_504"),
            Way::ResetBefore | Way::ResetAfter => (Reply::Reset, "reset"),
            Way::AskCode => return self.ask_later(ask, luck, after, now_us),
        };
        let record = self.call(ask, status, now_us);
        Decision { reply, after, records: vec![record], next: Vec::new() }
    }

    /// A code that means: ask.
    fn ask_later(&mut self, ask: &Ask, luck: &Luck, after: Span, now_us: i64) -> Decision {
        let codes = self.profile.unknown.ask_codes.iter();
        let codes: Vec<(Code, f64)> = codes.filter_map(|c| Some((Code::parse(&c.code)?, c.weight))).collect();
        let mut decision = self.plain(ask, Code::ASK, after, now_us);
        if let Some(code) = luck.pick(Draw::AskCode, &codes) {
            // It means the same as the usual one, so it is answered as that is.
            if let Reply::Answer { body, .. } = &mut decision.reply {
                code.as_str().clone_into(&mut body.code);
            }
            for record in &mut decision.records {
                code.as_str().clone_into(&mut record.status);
            }
        }
        decision
    }

    /// Whether a code means that nobody knows.
    pub(in crate::mock) fn is_ask(&self, code: Code) -> bool {
        code == Code::ASK || self.profile.unknown.ask_codes.iter().any(|c| c.code == code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{ask, bank, restore, share_of, shown};

    fn asking() -> serde_json::Value {
        let codes =
            json!([{ "code": "03", "weight": 2 }, { "code": "04", "weight": 1 }, { "code": "05", "weight": 1 }]);
        json!({ "unknown": {
            "share": "40 %", "executed": "50 %", "shows": [{ "as": "ask_code", "weight": 1 }], "ask_codes": codes
        } })
    }

    /// Aim: codes that mean *ask* come by weight. Method: 20,000 payments of one seed.
    #[test]
    fn codes_that_mean_ask_come_by_weight() {
        let mut bank = bank(&asking());
        let seen: Vec<String> =
            (0..20_000).map(|n| shown(&bank.handle(&ask(&format!("pay {n} 500")), 0).reply)).collect();
        let counted = |wanted: &str| share_of(20_000, |n| seen[usize::try_from(n).expect("small")] == wanted);
        counted("03 UNKNOWN").check(0.20, 3_885);
        counted("04 UNKNOWN").check(0.10, 2_026);
        counted("05 UNKNOWN").check(0.10, 2_037);
        counted("96 UNKNOWN").check(0.0, 0);
    }

    /// A bank that is started again takes them for what they mean, not for declines.
    #[test]
    fn what_they_hide_is_found_again_in_the_journal() {
        let mut first = bank(&asking());
        let journal: Vec<_> = (0..200).flat_map(|n| first.handle(&ask(&format!("pay {n} 500")), 0).records).collect();
        let mut second = bank(&asking());
        restore(&mut second, &journal);
        for n in 0..200 {
            let query = ask(&format!("query {n}"));
            assert_eq!(shown(&second.handle(&query, 1).reply), shown(&first.handle(&query, 1).reply), "{n}");
        }
    }
}
