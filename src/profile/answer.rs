//! When a bank answers, and when it knows the outcome.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Found;
use super::{Share, Times};
use crate::time::Span;

/// When the outcome of a payment or refund is known.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The answer says whether it was done.
    Synchronous {
        /// From the call's arrival to the answer.
        after: Times,
    },
    /// The answer says that it was accepted; the outcome follows.
    Accepts {
        /// From the call's arrival to the answer.
        after: Times,
        /// From the call's arrival to the outcome.
        final_after: Times,
        /// Share of orders that are done in the moment, so that the answer tells the outcome.
        #[serde(default)]
        synchronous_share: Share,
    },
    /// The answer says whether it was done, and comes when one of `n` servers has done it. Calls that find all
    /// servers busy wait in one queue, first come, first served: a bank of known capacity, `n` calls for each
    /// mean service time. What the bank refuses at once takes no server.
    Servers {
        /// How many calls are served at once, 1 to 1000.
        n: u32,
        /// How long a server is busy with one call; drawn for each order from the run's seed.
        service_time: Times,
    },
}

/// The most servers of a bank.
const SERVERS_MAX: u32 = 1_000;

impl Answer {
    pub(super) fn check(&self, found: &mut Found) {
        match self {
            Self::Synchronous { after } => after.check("/answer/synchronous/after", found),
            Self::Accepts { after, final_after, synchronous_share } => {
                found.share("/answer/accepts/synchronous_share", *synchronous_share);
                after.check("/answer/accepts/after", found);
                final_after.check("/answer/accepts/final_after", found);
            }
            Self::Servers { n, service_time } => {
                if !(1..=SERVERS_MAX).contains(n) {
                    found.add("/answer/servers/n", format!("must be 1 to {SERVERS_MAX}, got {n}"));
                }
                service_time.check("/answer/servers/service_time", found);
                if matches!(service_time, Times::Constant(time) if time.0 == Span::ZERO) {
                    found.add("/answer/servers/service_time/constant", "must be greater than 0");
                }
            }
        }
    }
}
