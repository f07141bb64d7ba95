//! Declines: how often, and with which codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{ChannelProfile, Share};

/// How often, and with which codes, a payment is declined.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// Share of payments declined.
    pub share: Share,
    /// The codes of declines, chosen by weight.
    pub codes: Vec<DeclineCode>,
}

/// A code of declines and how often it is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineCode {
    /// The code, two digits or letters, such as `"51"` for too little money. Codes that mean something else
    /// in the interface (`00 01 06 08 12 13 15 25 30 91 94 96 A0 A1`) cannot be used.
    pub code: String,
    /// How often it is chosen relative to the others.
    pub weight: f64,
}

/// Codes of the interface that cannot be codes of a decline.
pub(super) const TAKEN: [&str; 14] =
    ["00", "01", "06", "08", "12", "13", "15", "25", "30", "91", "94", "96", "A0", "A1"];

/// Whether a code could be one of the interface.
pub(super) fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

impl Decline {
    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        found.share("/decline/share", self.share);
        let of_payouts = whole.payout.as_ref().map_or(0.0, |payout| payout.decline_share.0);
        let declines = [self.share.0, whole.refund.decline_share.0, of_payouts].iter().any(|&share| share > 0.0);
        if declines && self.codes.is_empty() {
            found.add_help(
                "/decline/codes",
                "must name at least one code, as some are declined",
                "add `codes: [{ code: \"51\", weight: 1 }]`",
            );
        }
        for (i, choice) in self.codes.iter().enumerate() {
            let code = &choice.code;
            if !is_code(code) {
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
}
