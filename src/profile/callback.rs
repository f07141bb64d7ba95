//! Callbacks: when and how often an outcome is told, what acknowledges, and what goes wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{Share, SpanText, Times};
use crate::time::Span;

/// Callbacks: the bank's later, unasked notice of an outcome.
///
/// A share is one of outcomes, drawn for each order from the run's seed; an outcome can meet several misfortunes at
/// once. Whatever goes wrong with a first attempt, the later ones of the schedule are right.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// From the final outcome to the first attempt.
    pub after: Times,
    /// The wait before each further attempt, counted from the failure of the one before. After the last, the
    /// bank gives up.
    pub retries: Vec<SpanText>,
    /// The waits of `retries` are shortened so many times: 60 presses an hour into a minute. Default 1.
    #[serde(default = "Callback::default_time_scale")]
    pub time_scale: f64,
    /// What counts as an acknowledgement. Default: status 200 and the body `success`.
    #[serde(default)]
    pub acknowledged_by: Acknowledgement,
    /// How long an attempt waits for its acknowledgement.
    #[serde(default = "Callback::default_acknowledged_within")]
    pub acknowledged_within: SpanText,
    /// Share of outcomes told twice at the same moment.
    #[serde(default)]
    pub duplicate_share: Share,
    /// Share of outcomes whose first attempt is never sent.
    #[serde(default)]
    pub lost_share: Share,
    /// Outcomes whose first attempt is held back, so that later ones overtake them.
    #[serde(default)]
    pub reordered: Option<Reordered>,
    /// Share of outcomes whose first attempt states an amount that is wrong by one minor unit, well signed.
    #[serde(default)]
    pub wrong_amount_share: Share,
    /// Share of outcomes of which the opposite is told once more when they are acknowledged or given up, well signed:
    /// `FAIL` with the code `05` after `SUCCESS`, `SUCCESS` after `FAIL`.
    #[serde(default)]
    pub conflicting_share: Share,
    /// How many attempts of this channel may be on the wire at once; others wait.
    #[serde(default = "Callback::default_in_flight_max")]
    pub in_flight_max: u32,
}

/// Outcomes that are told late.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reordered {
    /// Share of outcomes.
    pub share: Share,
    /// How much later than its moment the first attempt is made.
    pub by: Times,
}

/// What counts as an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Acknowledgement {
    /// Status 200 and this text as the body, white space around it left out.
    Body(String),
    /// Any status of 200 to 299, whatever the body.
    #[serde(rename = "any_2xx")]
    Any2xx,
}

impl Default for Acknowledgement {
    fn default() -> Self {
        Self::Body(String::from("success"))
    }
}

/// Bytes of an acknowledgement that are looked at; more is none.
pub const ACKNOWLEDGEMENT_BYTES_MAX: usize = 1_024;

impl Callback {
    const fn default_time_scale() -> f64 {
        1.0
    }

    fn default_acknowledged_within() -> SpanText {
        SpanText::from_millis(5_000)
    }

    /// Attempts on the wire at once where nothing is said.
    pub(crate) const fn default_in_flight_max() -> u32 {
        256
    }

    /// The waits before further attempts, as they are on the run's clock.
    pub fn waits(&self) -> impl Iterator<Item = Span> {
        self.retries.iter().map(|wait| Span::from_secs_f64(wait.0.as_secs_f64() / self.time_scale))
    }

    pub(super) fn check(&self, found: &mut Found) {
        self.after.check("/callback/after", found);
        if !(0.001..=1e6).contains(&self.time_scale) {
            found.add("/callback/time_scale", format!("must be from 0.001 to 1000000, got {}", self.time_scale));
        }
        if let Acknowledgement::Body(text) = &self.acknowledged_by
            && (text.trim() != text || text.is_empty() || text.len() > ACKNOWLEDGEMENT_BYTES_MAX)
        {
            found.add(
                "/callback/acknowledged_by/body",
                format!("must be 1 to {ACKNOWLEDGEMENT_BYTES_MAX} characters without white space around them"),
            );
        }
        for (share, key) in [
            (self.duplicate_share, "duplicate_share"),
            (self.lost_share, "lost_share"),
            (self.wrong_amount_share, "wrong_amount_share"),
            (self.conflicting_share, "conflicting_share"),
        ] {
            found.share(&format!("/callback/{key}"), share);
        }
        if let Some(reordered) = &self.reordered {
            found.share("/callback/reordered/share", reordered.share);
            reordered.by.check("/callback/reordered/by", found);
        }
        for (share, key) in [(self.lost_share, "lost"), (self.wrong_amount_share, "wrong")] {
            if share.0 > 0.0 && self.retries.is_empty() {
                found.add_help(
                    "/callback/retries",
                    format!("must not be empty while first attempts are {key}, or those outcomes are never told"),
                    "add a wait such as `500ms`",
                );
            }
        }
        if self.retries.len() > 32 {
            found.add("/callback/retries", format!("must be at most 32, got {}", self.retries.len()));
        }
        if self.acknowledged_within.0 == Span::ZERO {
            found.add("/callback/acknowledged_within", "must be greater than 0");
        }
        if self.in_flight_max == 0 {
            found.add("/callback/in_flight_max", "must be greater than 0, got 0");
        }
    }
}
