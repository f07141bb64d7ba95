//! Handshakes that fail: which, and how.

use super::super::luck::{Draw, Luck};
use crate::profile::{Handshake, HandshakeFault};
use crate::seed::Seed;

impl Handshake {
    /// How the handshake of connection `nth` (from 1) to `channel` fails that comes at `now_us`, where windows count from
    /// `start_us` (both Unix microseconds); `None` if it does not.
    pub(in crate::mock) fn fault(
        &self,
        (seed, channel): (Seed, &str),
        nth: u64,
        now_us: i64,
        start_us: i64,
    ) -> Option<HandshakeFault> {
        self.when.held_us(now_us, start_us)?;
        // A connection is nobody's order yet, so its luck hangs on its turn.
        let luck = Luck::of(seed, channel, "handshake", &nth.to_string(), 1);
        if !self.share.takes(luck.uniform(Draw::IsHandshakeBroken)) {
            return None;
        }
        let ways: Vec<_> = self.shows.iter().map(|way| (way.fault, way.weight)).collect();
        Some(luck.pick(Draw::HandshakeBreak, &ways).expect("a checked profile has a way to fail"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::share_of;
    use super::*;

    fn handshake(section: &Value) -> Handshake {
        serde_json::from_value(section.clone()).expect("reads")
    }

    /// Aim: handshakes fail at their share and by weight. Method: 20,000 connections of one seed.
    #[test]
    fn handshakes_fail_at_their_share() {
        let shows = json!([
            { "as": "refused", "weight": 1 }, { "as": "expired", "weight": 2 }, { "as": "silence", "weight": 1 }
        ]);
        let rules = handshake(&json!({ "share": "10 %", "shows": shows }));
        let counted = |seen: Option<HandshakeFault>| {
            share_of(20_000, |n| rules.fault((Seed(7), "bank"), u64::from(n), 0, 0) == seen)
        };
        counted(None).check(0.90, 18_047);
        counted(Some(HandshakeFault::Refused)).check(0.025, 476);
        counted(Some(HandshakeFault::Expired)).check(0.05, 981);
        counted(Some(HandshakeFault::Silence)).check(0.025, 496);
    }

    #[test]
    fn handshakes_fail_in_their_window_alone() {
        let when = json!({ "run": { "from": "10s", "lasts": "5s" } });
        let shows = json!([{ "as": "reset", "weight": 1 }]);
        let rules = handshake(&json!({ "when": when, "share": "100 %", "shows": shows }));
        let at = |s: i64| rules.fault((Seed(7), "bank"), 1, (1_000 + s) * 1_000_000, 1_000_000_000);
        for (s, fault) in [(0, None), (9, None), (10, Some(HandshakeFault::Reset)), (15, None)] {
            assert_eq!(at(s), fault, "{s}");
        }
    }
}
