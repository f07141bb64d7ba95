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
        if !unknown.share.takes(luck.uniform(Draw::IsUnknown)) {
            return (true, None);
        }
        let is_executed = unknown.executed.takes(luck.uniform(Draw::IsExecuted));
        let ways: Vec<(Way, f64)> =
            unknown.shows.iter().filter(|w| w.way.fits(is_executed)).map(|w| (w.way, w.weight)).collect();
        let way = luck.pick(Draw::Way, &ways).expect("a checked profile has a way that fits");
        (is_executed, Some(way))
    }

    /// What a caller sees of a call that ends without a word on its outcome, and its record.
    pub(in crate::mock) fn without_a_word(&mut self, ask: &Ask, way: Way, after: Span, now_us: i64) -> Decision {
        let (reply, status) = match way {
            Way::NoAnswer => (Reply::Hang, "hung"),
            Way::Http500 => (Reply::Page(500), "http_500"),
            Way::Http502 => (Reply::Page(502), "http_502"),
            Way::Http504 => (Reply::Page(504), "http_504"),
            Way::ResetBefore | Way::ResetAfter => (Reply::Reset, "reset"),
            Way::AskCode => return self.plain(ask, Code::ASK, after, now_us),
        };
        let record = self.call(ask, status, now_us);
        Decision { reply, after, records: vec![record], next: Vec::new() }
    }
}
