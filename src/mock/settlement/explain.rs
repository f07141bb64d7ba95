//! Settlement files, for whoever fetches and reads them.

use std::fmt::Write;

use super::{backtick_csv, fixed_width, zipped_gbk_csv};
use crate::profile::{ChannelProfile, Settlement, SettlementFaults, SettlementFormat};
use crate::units::span_text;

/// Where a bank's settlement files are, what is in them and what may be wrong, as Markdown; nothing if it makes none.
pub(in crate::mock) fn explain_settlement(text: &mut String, profile: &ChannelProfile) {
    let Some(rules) = &profile.settlement else { return };
    let place = format!("/_plimsoll/settlement/{}/YYYY-MM-DD", profile.name);
    let _ = write!(
        text,
        "\n## Settlement files\n\
         `GET {place}` on the control surface: the payments, refunds, reversals, payouts and what came back of one day, in \
         {}, one row each. The day is that on which it begins, at {:?} by the bank's clock (UTC{:?}). Its file can be \
         fetched {} after its end; before that, and while it is not there, the answer is 404. `{place}/digest` gives \
         `{{name, hash_type, hash_value}}`: SHA-1 of the whole file{}, lower-case hex. With `?at=<Unix seconds>` both \
         answer as they would then.\n\n",
        rules.currency.0,
        rules.day_cut,
        rules.utc_offset,
        span_text(rules.ready_after.0),
        if rules.gzip { " before it is packed with GZIP" } else { "" },
    );
    text.push_str(about(rules));
    let may = misfortunes(&rules.faults);
    if !may.is_empty() {
        let _ = writeln!(text, "\nA file may {}.", may.join(", "));
    }
}

/// The format of the files, column by column.
fn about(rules: &Settlement) -> &'static str {
    match rules.format {
        SettlementFormat::BacktickCsv => backtick_csv::ABOUT,
        SettlementFormat::ZippedGbkCsv => zipped_gbk_csv::ABOUT,
        SettlementFormat::FixedWidth => fixed_width::ABOUT,
    }
}

fn misfortunes(faults: &SettlementFaults) -> Vec<&'static str> {
    let may = [
        (faults.missing_share.0 > 0.0, "lack rows"),
        (faults.extra_rows > 0, "list payments that nobody made"),
        (faults.amount_differs_share.0 > 0.0, "state a wrong amount"),
        (faults.status_differs_share.0 > 0.0, "state a wrong status"),
        (faults.fee_differs_share.0 > 0.0, "state a wrong fee"),
        (faults.duplicate_share.0 > 0.0, "list a row twice"),
        (faults.next_day_share.0 > 0.0, "list a row of the day before"),
        (faults.wrong_totals_share.0 > 0.0, "have wrong totals"),
        (faults.truncated_share.0 > 0.0, "end in the middle"),
        (faults.wrong_encoding_share.0 > 0.0, "be in the wrong encoding"),
        (faults.late.is_some(), "be late"),
        (faults.absent_share.0 > 0.0, "never be there"),
    ];
    may.iter().filter(|(is_so, _)| *is_so).map(|&(_, what)| what).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::profile;
    use super::*;

    /// One text for both, so that neither can be wrong alone.
    #[test]
    fn the_readme_explains_every_format_in_the_same_words() {
        let readme = include_str!("../../../mocks/README.md");
        for about in [backtick_csv::ABOUT, zipped_gbk_csv::ABOUT, fixed_width::ABOUT] {
            assert!(readme.contains(about), "mocks/README.md lacks:\n{about}");
        }
    }

    #[test]
    fn what_may_go_wrong_is_told_and_nothing_else() {
        let mut text = String::new();
        let faults = json!({ "extra_rows": 1, "late": { "share": "5 %", "by": "2h" } });
        let settlement = json!({ "format": "fixed_width", "ready_after": "10h", "day_cut": "23:00", "faults": faults });
        explain_settlement(&mut text, &profile(&settlement));
        assert!(text.contains("at 23:00 by the bank's clock (UTC+00:00). Its file can be fetched 10h after"), "{text}");
        assert!(text.ends_with("\nA file may list payments that nobody made, be late.\n"), "{text}");
    }
}
