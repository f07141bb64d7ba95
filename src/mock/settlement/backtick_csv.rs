//! `backtick_csv`: one CSV file in UTF-8, a backtick before every value so that no spreadsheet shortens a number.

use std::fmt::Write;

use super::Content;
use super::row::{Row, RowKind, cell, decimal};
use crate::money::Currency;
use crate::profile::Fee;

/// The format for whoever reads it, as Markdown.
pub(super) const ABOUT: &str = "\
CSV in UTF-8 without a byte order mark, lines end with CR LF, nothing is quoted, and before every value but those of headings
stands a backtick. A line of headings, a line for each row in order of time, a line of headings and a line of totals.

| Column | Payment | Refund | Reversal | Refund that came back |
|---|---|---|---|---|
| 交易时间 | `YYYY-MM-DD HH:MM:SS` by the bank's clock | same | same | same |
| 公众账号ID | empty | empty | empty | empty |
| 商户号 | `merchant_no` | same | same | same |
| 特约商户号 | `0` | `0` | `0` | `0` |
| 设备号 | empty | empty | empty | empty |
| 钱包订单号 | `txn` | `txn` of the payment | `txn` | `txn` of the payment |
| 商户订单号 | `order_no` | `order_no` | `order_no` | `order_no` |
| 用户标识 | empty | empty | empty | empty |
| 交易类型 | `APP` | `APP` | `APP` | `APP` |
| 交易状态 | `SUCCESS`; `PAYERROR` if it failed | `REFUND` | `REVOKED` | `REFUND` |
| 付款银行 | `OTHERS` | `OTHERS` | `OTHERS` | `OTHERS` |
| 货币种类 | the currency | same | same | same |
| 应结订单金额 | the amount | 0 | 0 | 0 |
| 代金券金额 | 0 | 0 | 0 | 0 |
| 钱包退款单号 | `0` | `txn` | `txn` | `txn` |
| 商户退款单号 | `0` | `refund_no` | `0` | `refund_no` |
| 退款金额 | 0 | the amount | the amount | the amount, below zero |
| 充值券退款金额 | 0 | 0 | 0 | 0 |
| 退款类型 | empty | `ORIGINAL` | `ORIGINAL` | `ORIGINAL` |
| 退款状态 | empty | `SUCCESS`; `FAIL` if it failed | same | `CHANGE`; `FAIL` if it failed |
| 商品名称 | empty | empty | empty | empty |
| 商户数据包 | empty | empty | empty | empty |
| 手续费 | the fee with five decimals | below zero if given back | below zero | above zero if kept again |
| 费率 | the share of the fee, such as `0.60%` | same | same | same |
| 订单金额 | the amount | 0 | 0 | 0 |
| 申请退款金额 | 0 | the amount | the amount | the amount, below zero |
| 费率备注 | empty | empty | empty | empty |

Amounts have the decimals of the currency. Totals: 总交易单数 (rows), 应结订单总金额, 退款总金额, 充值券退款总金额, 手续费总金额 (five
decimals), 订单总金额, 申请退款总金额. A comma in a number of the platform's becomes a space. A payout is written as a reversal is, with 交易状态
`PAYOUT` and its fee above zero; one that came back has 退款状态 `CHANGE` and amounts below zero.
";

/// The columns, in order.
const COLUMNS: [&str; 27] = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "钱包订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "钱包退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
];

/// The columns of the totals, in order.
const TOTALS: [&str; 7] =
    ["总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额"];

/// The whole file.
pub(super) fn text(content: &Content<'_>) -> String {
    let currency = content.currency();
    let mut text = format!("{}\r\n", COLUMNS.join(","));
    for row in &content.rows {
        push_values(&mut text, &values(content, row));
    }
    let totals = content.totals;
    let (paid, given_back) = (decimal(totals.paid, currency), decimal(totals.given_back, currency));
    let _ = write!(text, "{}\r\n", TOTALS.join(","));
    push_values(
        &mut text,
        &[
            (totals.n_payments + totals.n_refunds).to_string(),
            paid.clone(),
            given_back.clone(),
            decimal(0, currency),
            five_decimals(totals.fees, currency),
            paid,
            given_back,
        ],
    );
    text
}

fn push_values(text: &mut String, values: &[String]) {
    for (i, value) in values.iter().enumerate() {
        text.push_str(if i == 0 { "`" } else { ",`" });
        text.push_str(value);
    }
    text.push_str("\r\n");
}

fn values(content: &Content<'_>, row: &Row) -> [String; 27] {
    let currency = content.currency();
    let none = String::new;
    let money = |minor: i64| decimal(minor, currency);
    let is_payment = row.kind == RowKind::Payment;
    let of_refund = |text: &str| if is_payment { String::new() } else { text.to_owned() };
    let state = match row.kind {
        RowKind::Payment if row.is_done => "SUCCESS",
        RowKind::Payment => "PAYERROR",
        RowKind::Refund | RowKind::Return => "REFUND",
        RowKind::Reversal => "REVOKED",
        RowKind::Payout | RowKind::PayoutReturn => "PAYOUT",
    };
    let refund_state = match row.kind {
        _ if !row.is_done => "FAIL",
        RowKind::Return | RowKind::PayoutReturn => "CHANGE",
        _ => "SUCCESS",
    };
    let zero = String::from("0");
    [
        content.local(row.at_us, "%Y-%m-%d %H:%M:%S"),
        none(),
        content.profile.merchant_no.clone(),
        zero.clone(),
        none(),
        row.payment_txn.clone(),
        cell(&row.order_no),
        none(),
        String::from("APP"),
        state.to_owned(),
        String::from("OTHERS"),
        currency.code().to_owned(),
        money(row.paid()),
        money(0),
        if is_payment { zero.clone() } else { row.txn.clone() },
        row.refund_no.as_deref().map_or(zero, cell),
        money(row.given_back()),
        money(0),
        of_refund("ORIGINAL"),
        of_refund(refund_state),
        none(),
        none(),
        five_decimals(row.fee.into(), currency),
        rate(&content.profile.fee),
        money(row.paid()),
        money(row.given_back()),
        none(),
    ]
}

/// Minor units with five decimals, of which the currency has at most three.
fn five_decimals(minor: i128, currency: Currency) -> String {
    let point = if currency.exponent() == 0 { "." } else { "" };
    format!("{}{point}{}", decimal(minor, currency), "0".repeat(5 - currency.exponent()))
}

/// The share of the amount that is the fee.
fn rate(fee: &Fee) -> String {
    format!("{}.{:02}%", fee.basis_points / 100, fee.basis_points % 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{content, example, profile};
    use super::*;

    /// By hand from the table above: 12.50 paid with a fee of 0.08, 2.50 given back with 0.01 of it, 1.00 undone, and
    /// the refund come back.
    #[test]
    fn the_whole_file() {
        let profile = profile(&json!({ "format": "backtick_csv", "utc_offset": "+08:00" }));
        let text = text(&content(&profile, example()));
        let (head, rest) = text.split_once("\r\n").expect("a line of headings");
        assert_eq!(head.split(',').collect::<Vec<_>>(), COLUMNS);
        assert_eq!((head.split(',').next(), head.split(',').next_back()), (Some("交易时间"), Some("费率备注")));
        let expected = "\
`2026-03-02 10:00:00,`,`88,`0,`,`T1,`o 1,`,`APP,`SUCCESS,`OTHERS,`CNY,`12.50,`0.00,`0,`0,`0.00,`0.00,`,`,`,`,`0.08000,`0.60%,`12.50,`0.00,`\r
`2026-03-02 10:00:01,`,`88,`0,`,`T1,`o 1,`,`APP,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`T2,`f1,`2.50,`0.00,`ORIGINAL,`SUCCESS,`,`,`-0.01000,`0.60%,`0.00,`2.50,`\r
`2026-03-02 10:00:02,`,`88,`0,`,`T3,`o3,`,`APP,`REVOKED,`OTHERS,`CNY,`0.00,`0.00,`T3,`0,`1.00,`0.00,`ORIGINAL,`SUCCESS,`,`,`-0.01000,`0.60%,`0.00,`1.00,`\r
`2026-03-02 10:00:03,`,`88,`0,`,`T1,`o 1,`,`APP,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`T2,`f1,`-2.50,`0.00,`ORIGINAL,`CHANGE,`,`,`0.01000,`0.60%,`0.00,`-2.50,`\r
`2026-03-02 10:00:04,`,`88,`0,`,`T5,`o5,`,`APP,`PAYERROR,`OTHERS,`CNY,`0.05,`0.00,`0,`0,`0.00,`0.00,`,`,`,`,`0.00000,`0.60%,`0.05,`0.00,`\r
总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r
`5,`12.55,`1.00,`0.00,`0.07000,`12.55,`1.00\r
";
        assert_eq!(rest, expected);
    }

    #[test]
    fn fees_have_five_decimals_in_every_currency() {
        let five = |code| five_decimals(-12, Currency::parse(code).expect("a currency"));
        assert_eq!(["CNY", "JPY", "KWD"].map(five), ["-0.12000", "-12.00000", "-0.01200"]);
    }
}
