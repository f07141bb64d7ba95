//! Settlement files: what the bank hands out about a day that is over, and what is wrong with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Found;
use super::{ChannelProfile, CurrencyText, DayTime, Share, SpanText, UtcOffset};
use crate::time::Span;

/// The file of a day: every payment that was captured and all that was given back, from one cut to the next.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// How the file is written.
    pub format: SettlementFormat,
    /// Whether it is handed out packed with GZIP; of use for `backtick_csv` alone.
    #[serde(default)]
    pub gzip: bool,
    /// The currency the bank settles in; what was paid in another is not in its files. Default `CNY`.
    #[serde(default)]
    pub currency: CurrencyText,
    /// When a day begins by the bank's clock. Default `00:00`.
    #[serde(default)]
    pub day_cut: DayTime,
    /// The bank's clock is ahead of UTC by this. Default `+00:00`.
    #[serde(default)]
    pub utc_offset: UtcOffset,
    /// From the end of a day until its file can be fetched. Default: at once.
    #[serde(default)]
    pub ready_after: SpanText,
    /// What goes wrong. Without it, nothing.
    #[serde(default)]
    pub faults: SettlementFaults,
}

/// How a settlement file is written; `mocks/README.md` has every column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementFormat {
    /// CSV in UTF-8 with 27 columns, a backtick before every value, and two lines of totals.
    BacktickCsv,
    /// A ZIP of two CSV files in GBK, details and summary; other lines begin with `#`.
    ZippedGbkCsv,
    /// Records of one length in GBK: a header, details, a trailer with count and sums.
    FixedWidth,
}

/// What goes wrong with settlement files.
///
/// A share of rows is drawn for each payment and refund from the run's seed, a share of files for each day, counted
/// from the day of the bank's first record. A row and a file can meet several misfortunes at once. Totals are those
/// of the rows as they are listed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettlementFaults {
    /// Share of rows that are not listed.
    #[serde(default)]
    pub missing_share: Share,
    /// How many payments that nobody made are listed every day.
    #[serde(default)]
    pub extra_rows: u32,
    /// Share of rows whose amount is too high by one minor unit.
    #[serde(default)]
    pub amount_differs_share: Share,
    /// Share of rows that are listed as failed.
    #[serde(default)]
    pub status_differs_share: Share,
    /// Share of rows whose fee is too high by one minor unit.
    #[serde(default)]
    pub fee_differs_share: Share,
    /// Share of rows that are listed twice.
    #[serde(default)]
    pub duplicate_share: Share,
    /// Share of rows that are listed in the file of the next day instead.
    #[serde(default)]
    pub next_day_share: Share,
    /// Share of files whose totals count one payment and one minor unit too many.
    #[serde(default)]
    pub wrong_totals_share: Share,
    /// Share of files of which only the first half of the bytes can be had. The digest is that of the whole.
    #[serde(default)]
    pub truncated_share: Share,
    /// Share of files in GBK where UTF-8 is agreed, or the other way round.
    #[serde(default)]
    pub wrong_encoding_share: Share,
    /// Files that can be fetched only later than agreed. Without it, none.
    #[serde(default)]
    pub late: Option<LateFile>,
    /// Share of files that are never there.
    #[serde(default)]
    pub absent_share: Share,
}

/// Files that are late.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LateFile {
    /// Share of files.
    pub share: Share,
    /// How much later than agreed they can be fetched.
    pub by: SpanText,
}

/// A file that is still not there after a week will not come.
const WAIT_MAX: Span = Span::from_secs(7 * 86_400);

/// More strangers than this in one file are no fault but another file.
const EXTRA_ROWS_MAX: u32 = 10_000;

/// Bytes of the merchant number in the header of a `fixed_width` file.
pub(crate) const MERCHANT_BYTES_MAX: usize = 32;

impl Settlement {
    pub(super) fn check(&self, whole: &ChannelProfile, found: &mut Found) {
        let n = whole.merchant_no.len();
        if self.format == SettlementFormat::FixedWidth && n > MERCHANT_BYTES_MAX {
            found.add_help(
                "/settlement/format",
                format!("has room for a merchant number of {MERCHANT_BYTES_MAX} characters, `merchant_no` has {n}"),
                "shorten `merchant_no`, or choose another format",
            );
        }
        if self.gzip && self.format != SettlementFormat::BacktickCsv {
            found.add_help(
                "/settlement/gzip",
                "is of use only for `backtick_csv`",
                "leave it out, or write `format: backtick_csv`",
            );
        }
        if self.ready_after.0 > WAIT_MAX {
            found.add("/settlement/ready_after", beyond_a_week(self.ready_after));
        }
        self.faults.check(found);
    }
}

fn beyond_a_week(wait: SpanText) -> String {
    format!("must be at most {:?} (a week), got {wait:?}", SpanText(WAIT_MAX))
}

impl SettlementFaults {
    fn check(&self, found: &mut Found) {
        found.share("/settlement/faults/missing_share", self.missing_share);
        if self.extra_rows > EXTRA_ROWS_MAX {
            let message = format!("must be at most {EXTRA_ROWS_MAX} a day, got {}", self.extra_rows);
            found.add("/settlement/faults/extra_rows", message);
        }
        for (share, key) in [
            (self.amount_differs_share, "amount_differs_share"),
            (self.status_differs_share, "status_differs_share"),
            (self.fee_differs_share, "fee_differs_share"),
            (self.duplicate_share, "duplicate_share"),
            (self.next_day_share, "next_day_share"),
            (self.wrong_totals_share, "wrong_totals_share"),
            (self.truncated_share, "truncated_share"),
            (self.wrong_encoding_share, "wrong_encoding_share"),
        ] {
            found.share(&format!("/settlement/faults/{key}"), share);
        }
        if let Some(late) = &self.late {
            late.check(found);
        }
        found.share("/settlement/faults/absent_share", self.absent_share);
    }
}

impl LateFile {
    fn check(&self, found: &mut Found) {
        found.share("/settlement/faults/late/share", self.share);
        if self.by.0 == Span::ZERO {
            found.add("/settlement/faults/late/by", "must be greater than 0");
        }
        if self.by.0 > WAIT_MAX {
            found.add_help(
                "/settlement/faults/late/by",
                beyond_a_week(self.by),
                "for files that never come write `absent_share`",
            );
        }
    }
}
