//! Network faults: what becomes of an answer on the wire.

use super::super::bank::{Bank, Decision, Reply};
use super::super::luck::{Draw, Luck};
use super::super::wire::Ask;
use crate::profile::WireFault;
use crate::time::Span;

/// What breaks an answer on its way. Its text is in the journal in place of the code, unless the answer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// The connection is closed half-way through the body.
    Cut,
    /// The bytes come one by one over this time.
    Dribble(Span),
    /// The answer comes; the connection is dead afterwards.
    DeadAfter,
}

impl Bank {
    /// Lets an answer break as chance says; what is no answer, or none of a chosen operation, stays as it is.
    ///
    /// The last record of kind call in `decision` is the answer's.
    pub(in crate::mock) fn on_the_wire(&self, ask: &Ask, luck: &Luck, mut decision: Decision) -> Decision {
        let Some(network) = &self.profile.network else { return decision };
        let is_answer = matches!(&decision.reply, Reply::Answer { http: 200, breakage: None, .. });
        if !is_answer || !network.operations.contains(&ask.operation) || !luck.takes(Draw::IsBroken, network.share) {
            return decision;
        }
        let faults: Vec<(&WireFault, f64)> = network.shows.iter().map(|s| (&s.fault, s.weight)).collect();
        let fault = luck.pick(Draw::Break, &faults).expect("a checked profile has a way to break");
        let status = match (fault, &mut decision.reply) {
            (WireFault::Reset, reply) => {
                *reply = Reply::Reset;
                Some("reset")
            }
            (WireFault::CutBody, Reply::Answer { breakage, .. }) => {
                *breakage = Some(Breakage::Cut);
                Some("cut")
            }
            (WireFault::Dribble { over }, Reply::Answer { breakage, .. }) => {
                *breakage = Some(Breakage::Dribble(over.0));
                Some("dribbled")
            }
            (WireFault::HalfOpen, Reply::Answer { breakage, .. }) => {
                *breakage = Some(Breakage::DeadAfter);
                None
            }
            _ => None,
        };
        let call = decision.records.iter_mut().find(|r| r.kind == crate::ledger::RecordKind::Call);
        if let (Some(status), Some(call)) = (status, call) {
            status.clone_into(&mut call.status);
        }
        decision
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::bank::sample::{ask, bank, effects, play, share_of, shown};

    fn network(share: &str, shows: &Value) -> Value {
        json!({ "network": { "share": share, "shows": shows, "operations": ["pay", "refund"] } })
    }

    #[test]
    fn what_breaks_on_the_wire_was_done_and_can_be_asked_for() {
        let ways = [
            (json!("reset"), "reset", "reset"),
            (json!("cut_body"), "00 SUCCESS cut", "cut"),
            (json!({ "dribble": { "over": "2s" } }), "00 SUCCESS dribbled over 2s", "dribbled"),
            (json!("half_open"), "00 SUCCESS dead after", "00"),
        ];
        for (way, seen, written) in ways {
            let mut bank = bank(&network("100 %", &json!([{ "as": way, "weight": 1 }])));
            let decision = bank.handle(&ask("pay 1 500"), 0);
            assert_eq!((shown(&decision.reply).as_str(), decision.records[0].status.as_str()), (seen, written));
            assert_eq!(effects(&decision.records), ["pay SUCCESS 500"]);
            play(&mut bank, "1 query 1 => 00 SUCCESS");
        }
    }

    /// Aim: answers break at their share and by weight. Method: 20,000 payments of one seed.
    #[test]
    fn answers_break_at_their_share() {
        let shows = json!([
            { "as": "reset", "weight": 1 },
            { "as": "cut_body", "weight": 3 },
            { "as": { "dribble": { "over": "2s" } }, "weight": 2 },
            { "as": "half_open", "weight": 2 }
        ]);
        for (seen, share, count) in [
            ("reset", 0.01, 202),
            ("00 SUCCESS cut", 0.03, 642),
            ("00 SUCCESS dribbled over 2s", 0.02, 392),
            ("00 SUCCESS dead after", 0.02, 383),
            ("00 SUCCESS", 0.92, 18_381),
        ] {
            let mut bank = bank(&network("8 %", &shows));
            share_of(20_000, |n| shown(&bank.handle(&ask(&format!("pay {n} 500")), 0).reply) == seen)
                .check(share, count);
        }
    }
}
