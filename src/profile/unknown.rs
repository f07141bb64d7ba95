//! Calls that end without a word on their outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::decline::{TAKEN, is_code};
use super::{ChannelProfile, Share};

/// Calls that end without a word on their outcome.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unknown {
    /// Share of `pay` and `refund` calls that end so.
    pub share: Share,
    /// Share of those that the bank carried out all the same. The others it never heard of.
    pub executed: Share,
    /// How it shows to the caller, chosen by weight among the ways that fit (`reset_before` never fits a call
    /// that was carried out, `reset_after` only such a one).
    pub shows: Vec<UnknownWay>,
    /// The codes by which `ask_code` shows. Default: `96` alone.
    #[serde(default)]
    pub ask_codes: Vec<AskCode>,
}

/// A code that means: ask; and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskCode {
    /// Two digits or capitals. Codes that mean something else in the interface, or a decline, cannot be used.
    pub code: String,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

/// A way an unknown outcome shows, and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnknownWay {
    /// The way.
    #[serde(rename = "as")]
    pub way: Way,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

/// How an unknown outcome shows to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The connection stays open and nothing comes, for longer than any caller waits.
    NoAnswer,
    /// HTTP 500.
    #[serde(rename = "http_500")]
    Http500,
    /// HTTP 502: a gateway before the bank lost sight of it.
    #[serde(rename = "http_502")]
    Http502,
    /// HTTP 504: a gateway before the bank waited in vain.
    #[serde(rename = "http_504")]
    Http504,
    /// The connection is reset before anything was done.
    ResetBefore,
    /// The connection is reset after it was done.
    ResetAfter,
    /// The code `96`, or one of `ask_codes`, which means: ask.
    AskCode,
}

impl Way {
    /// Whether a call that was carried out (or was not) can show this way.
    pub const fn fits(self, is_executed: bool) -> bool {
        match self {
            Self::NoAnswer | Self::Http500 | Self::Http502 | Self::Http504 | Self::AskCode => true,
            Self::ResetBefore => !is_executed,
            Self::ResetAfter => is_executed,
        }
    }
}

/// Codes of limits, which are final.
const LIMITS: [&str; 2] = ["61", "65"];

impl Unknown {
    fn check_ask_codes(&self, whole: &ChannelProfile, found: &mut Found) {
        for (i, AskCode { code, weight }) in self.ask_codes.iter().enumerate() {
            let at = format!("/unknown/ask_codes/{i}/code");
            let is_decline = LIMITS.contains(&code.as_str()) || whole.decline.codes.iter().any(|d| d.code == *code);
            if !is_code(code) {
                found.add(&at, format!("must be two digits or capitals, got `{code}`"));
            } else if is_decline || (TAKEN.contains(&code.as_str()) && code != "96") {
                found.add(&at, format!("`{code}` has another meaning at this bank and cannot mean: ask"));
            }
            found.weight(&format!("/unknown/ask_codes/{i}/weight"), *weight);
        }
    }

    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        self.check_ask_codes(whole, found);
        found.share("/unknown/share", self.share);
        found.share("/unknown/executed", self.executed);
        for (i, way) in self.shows.iter().enumerate() {
            found.weight(&format!("/unknown/shows/{i}/weight"), way.weight);
        }
        if self.share.0 <= 0.0 {
            return;
        }
        for (is_executed, happens, whom) in
            [(true, self.executed.0 > 0.0, "carried out"), (false, self.executed.0 < 1.0, "not carried out")]
        {
            if happens && !self.shows.iter().any(|w| w.way.fits(is_executed)) {
                found.add_help(
                    "/unknown/shows",
                    format!("must have a way that fits calls {whom}"),
                    "`no_answer`, `http_500` and `ask_code` fit all calls",
                );
            }
        }
    }
}
