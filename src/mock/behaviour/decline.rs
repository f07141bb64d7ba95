//! Declines: how an order ends that the bank carries out.

use super::super::bank::{Bank, Code, Outcome};
use super::super::luck::{Draw, Luck};
use super::super::wire::{Ask, Operation};

impl Bank {
    /// How an order ends that is carried out: what the rules refuse, then what chance declines.
    pub(in crate::mock) fn outcome(&self, ask: &Ask, luck: &Luck, now_us: i64) -> Outcome {
        let (refused, share) = match ask.operation {
            Operation::Refund => (self.refund_refused(ask, now_us), self.profile.refund.decline_share),
            Operation::Payout => self.payout_refused(ask),
            _ => (self.limit_reached(ask, now_us), self.profile.decline.share),
        };
        if let Some(code) = refused {
            return Outcome::Fail(code);
        }
        if !luck.takes(Draw::IsDeclined, share) {
            return Outcome::Success;
        }
        let codes = self.profile.decline.codes.iter();
        let codes: Vec<(Code, f64)> = codes.filter_map(|c| Some((Code::parse(&c.code)?, c.weight))).collect();
        Outcome::Fail(luck.pick(Draw::Code, &codes).expect("a checked profile that declines has codes"))
    }
}
