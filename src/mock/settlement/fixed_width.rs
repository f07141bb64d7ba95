//! `fixed_width`: records of one length in GBK: a header, details, and a trailer with count and sums.

use super::super::gbk::gbk_len;
use super::Content;
use super::row::{Row, RowKind};
use crate::profile::MERCHANT_BYTES_MAX;

/// The format for whoever reads it, as Markdown.
pub(super) const ABOUT: &str = "\
Records of 344 bytes in GBK and CR LF; a Chinese character takes two bytes. Texts stand to the left and are filled with
spaces, sums are a sign and 19 digits of minor units. Positions count bytes from 1.

| Record | Bytes | Value |
|---|---|---|
| header | 1 | `H` |
| | 2–33 | `merchant_no` |
| | 34–41 | the day, `YYYYMMDD` |
| | 42–44 | the currency |
| | 45–58 | when the file was made, `YYYYMMDDHHMMSS` by the bank's clock |
| detail | 1 | `D` |
| | 2–15 | when it was done, as above |
| | 16–23 | `消费` payment, `退款` refund, `冲正` reversal, `退回` refund that came back, `代付` payout, `代付退回` payout that came back |
| | 24–25 | `00` done, `05` failed |
| | 26–153 | `order_no` |
| | 154–281 | `refund_no`, or empty |
| | 282–301 | `txn`, of the refund if it is about one |
| | 302–321 | the amount; refunds, reversals and payouts are below zero |
| | 322–341 | the fee: above zero the bank keeps it, below zero it gives it back |
| | 342–344 | the currency |
| trailer | 1 | `T` |
| | 2–11 | how many details |
| | 12–21 | how many of them are payments |
| | 22–41 | sum of payments |
| | 42–61 | sum of all others |
| | 62–81 | sum of fees |

A character that GBK has not becomes `?`.
";

/// Bytes of a record without its CR LF.
const RECORD_BYTES: usize = 344;

/// The largest sum there is room for.
const SUM_MAX: i128 = 9_999_999_999_999_999_999;

/// A record that is being written.
struct Record {
    text: String,
    len: usize,
}

impl Record {
    fn new(kind: &str) -> Self {
        Self { text: String::new(), len: 0 }.field(kind, 1)
    }

    /// `value`, filled with spaces to `width` bytes.
    fn field(mut self, value: &str, width: usize) -> Self {
        let len = gbk_len(value);
        debug_assert!(len <= width, "`{value}` has {len} bytes, there are {width}");
        self.text.push_str(value);
        self.text.extend(std::iter::repeat_n(' ', width.saturating_sub(len)));
        self.len += len.max(width);
        self
    }

    /// A sign and 19 digits of minor units.
    fn sum(self, minor: impl Into<i128>) -> Self {
        let minor = minor.into().clamp(-SUM_MAX, SUM_MAX);
        self.field(&format!("{minor:+020}"), 20)
    }

    fn count(self, n: u64) -> Self {
        self.field(&format!("{n:010}"), 10)
    }

    fn end(self, text: &mut String) {
        let rest = RECORD_BYTES - self.len;
        text.push_str(&self.field("", rest).text);
        text.push_str("\r\n");
    }
}

/// The whole file.
pub(super) fn text(content: &Content<'_>) -> String {
    let mut text = String::new();
    Record::new("H")
        .field(&content.profile.merchant_no, MERCHANT_BYTES_MAX)
        .field(&content.day.text("%Y%m%d"), 8)
        .field(content.currency().code(), 3)
        .field(&content.local(content.made_us, "%Y%m%d%H%M%S"), 14)
        .end(&mut text);
    for row in &content.rows {
        push_detail(&mut text, content, row);
    }
    let totals = content.totals;
    Record::new("T")
        .count(totals.n_payments + totals.n_refunds)
        .count(totals.n_payments)
        .sum(totals.paid)
        .sum(-totals.given_back)
        .sum(totals.fees)
        .end(&mut text);
    text
}

fn push_detail(text: &mut String, content: &Content<'_>, row: &Row) {
    let kind = match row.kind {
        RowKind::Payment => "消费",
        RowKind::Refund => "退款",
        RowKind::Reversal => "冲正",
        RowKind::Return => "退回",
        RowKind::Payout => "代付",
        RowKind::PayoutReturn => "代付退回",
    };
    Record::new("D")
        .field(&content.local(row.at_us, "%Y%m%d%H%M%S"), 14)
        .field(kind, 8)
        .field(if row.is_done { "00" } else { "05" }, 2)
        .field(&row.order_no, 128)
        .field(row.refund_no.as_deref().unwrap_or_default(), 128)
        .field(&row.txn, 20)
        .sum(row.signed())
        .sum(row.fee)
        .field(content.currency().code(), 3)
        .end(text);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::encoding::{Encoding, encoded};
    use super::super::tests::{content, example, profile};
    use super::*;

    /// By hand from the table above; runs of spaces are shortened to one for showing.
    #[test]
    fn the_whole_file() {
        let profile = profile(&json!({ "format": "fixed_width", "utc_offset": "+08:00" }));
        let text = text(&content(&profile, example()));
        let shown: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "H88 20260302CNY20260303000000",
            "D20260302100000消费 00o,1 T1 +0000000000000001250+0000000000000000008CNY",
            "D20260302100001退款 00o,1 f1 T2 -0000000000000000250-0000000000000000001CNY",
            "D20260302100002冲正 00o3 T3 -0000000000000000100-0000000000000000001CNY",
            "D20260302100003退回 00o,1 f1 T2 +0000000000000000250+0000000000000000001CNY",
            "D20260302100004消费 05o5 T5 +0000000000000000005+0000000000000000000CNY",
            "T00000000050000000002+0000000000000001255-0000000000000000100+0000000000000000007",
        ];
        assert_eq!(shown, expected);
    }

    /// Widths are those of the agreed encoding: in the other one every Chinese character moves what follows.
    #[test]
    fn records_are_as_long_as_each_other_in_gbk_alone() {
        let profile = profile(&json!({ "format": "fixed_width" }));
        let mut rows = example();
        rows[0].order_no = format!("订单😀{}", "9".repeat(118));
        let text = text(&content(&profile, rows));
        let lengths =
            |encoding| -> Vec<usize> { encoded(&text, encoding).split(|&b| b == b'\n').map(<[u8]>::len).collect() };
        assert_eq!(lengths(Encoding::Gbk), [345, 345, 345, 345, 345, 345, 345, 0]);
        assert_eq!(lengths(Encoding::Utf8)[..3], [345, 352, 347]);
    }
}
