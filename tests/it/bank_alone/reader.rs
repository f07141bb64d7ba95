//! Reads settlement files as a platform would: written from `plimsoll mock explain` and `mocks/README.md` alone, it
//! shares no line with what writes them.

use std::io::{Cursor, Read};

use encoding_rs::GBK;
use flate2::read::GzDecoder;

/// A row, whatever the format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReadRow {
    /// `YYYYMMDDHHMMSS` of the bank's clock.
    pub(super) time: String,
    /// `pay`, `refund`, `reverse` or `return`.
    pub(super) kind: &'static str,
    pub(super) order_no: String,
    /// Empty if it is about a payment.
    pub(super) refund_no: String,
    /// Minor units; above zero they come to the merchant.
    pub(super) amount: i64,
    /// Minor units; above zero the bank keeps them.
    pub(super) fee: i64,
    pub(super) is_done: bool,
    /// The bank's number of the payment, where the format has it.
    pub(super) payment_txn: Option<String>,
    /// The bank's number of the refund or payment, where the format has it.
    pub(super) txn: Option<String>,
}

/// What a file says of itself; sums in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReadTotals {
    pub(super) rows: i64,
    /// Where the format has it.
    pub(super) payments: Option<i64>,
    pub(super) paid: i64,
    /// Of all other rows, as they come to the merchant.
    pub(super) others: i64,
    /// As the bank keeps them.
    pub(super) fees: i64,
}

pub(super) type ReadFile = (Vec<ReadRow>, ReadTotals);

/// The file in `format`, or why it is none.
pub(super) fn read(format: &str, bytes: &[u8]) -> Result<ReadFile, String> {
    match format {
        "backtick_csv" => backtick_csv(bytes),
        "zipped_gbk_csv" => zipped_gbk_csv(bytes),
        "fixed_width" => fixed_width(bytes),
        other => Err(format!("no format {other}")),
    }
}

/// A decimal number with `digits` after the point, as a whole number of its last place.
fn decimal(text: &str, digits: usize) -> Result<i64, String> {
    let (whole, part) = text.split_once('.').ok_or_else(|| format!("no point in `{text}`"))?;
    if part.len() != digits {
        return Err(format!("not {digits} decimals: `{text}`"));
    }
    format!("{whole}{part}").parse().map_err(|e| format!("`{text}`: {e}"))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What GZIP packed, or the bytes themselves if it did not.
pub(super) fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_vec());
    }
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).map_err(|e| e.to_string())?;
    Ok(plain)
}

fn backtick_csv(bytes: &[u8]) -> Result<ReadFile, String> {
    let text = String::from_utf8(unpacked(bytes)?).map_err(|e| e.to_string())?;
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    if lines.pop() != Some("") || lines.len() < 3 {
        return Err(String::from("no end"));
    }
    let headings: Vec<&str> = lines[0].split(',').collect();
    let ends = (headings.len(), headings.first(), headings.last());
    if ends != (27, Some(&"交易时间"), Some(&"费率备注")) {
        return Err(format!("other headings: {headings:?}"));
    }
    let column = |name: &str| headings.iter().position(|h| *h == name).unwrap_or_else(|| panic!("no column {name}"));
    let (details, end) = lines[1..].split_at(lines.len() - 3);
    let mut rows = Vec::new();
    for line in details {
        let values: Vec<&str> = line.strip_prefix('`').ok_or("no backtick")?.split(",`").collect();
        if values.len() != 27 {
            return Err(format!("{} values: {line}", values.len()));
        }
        let value = |name: &str| values[column(name)];
        let (state, refund_state) = (value("交易状态"), value("退款状态"));
        let kind = match (state, refund_state) {
            ("SUCCESS" | "PAYERROR", "") => "pay",
            ("REVOKED", _) => "reverse",
            ("REFUND", _) if value("退款金额").starts_with('-') => "return",
            ("REFUND", _) => "refund",
            other => return Err(format!("status {other:?}")),
        };
        let given_back = decimal(value("退款金额"), 2)?;
        let paid = decimal(value("应结订单金额"), 2)?;
        if decimal(value("订单金额"), 2)? != paid || decimal(value("申请退款金额"), 2)? != given_back {
            return Err(format!("amounts disagree: {line}"));
        }
        let fee = decimal(value("手续费"), 5)?;
        if fee % 1_000 != 0 {
            return Err(format!("a part of a minor unit: {line}"));
        }
        let or_empty = |name: &str| if value(name) == "0" { String::new() } else { value(name).to_owned() };
        let payment_txn = value("钱包订单号").to_owned();
        rows.push(ReadRow {
            time: digits(value("交易时间")),
            kind,
            order_no: value("商户订单号").to_owned(),
            refund_no: or_empty("商户退款单号"),
            amount: paid - given_back,
            fee: fee / 1_000,
            is_done: !(state == "PAYERROR" || refund_state == "FAIL"),
            txn: Some(if kind == "pay" { payment_txn.clone() } else { or_empty("钱包退款单号") }),
            payment_txn: Some(payment_txn),
        });
    }
    if end[0].split(',').next() != Some("总交易单数") {
        return Err(format!("no totals: {}", end[0]));
    }
    let sums: Vec<&str> = end[1].strip_prefix('`').ok_or("no backtick")?.split(",`").collect();
    let [n, paid, given_back, coupons, fees, orders, asked] = sums[..] else { return Err(format!("sums {sums:?}")) };
    if (coupons, orders, asked) != ("0.00", paid, given_back) {
        return Err(format!("sums disagree: {sums:?}"));
    }
    let totals = ReadTotals {
        rows: n.parse().map_err(|_| "no count")?,
        payments: None,
        paid: decimal(paid, 2)?,
        others: -decimal(given_back, 2)?,
        fees: decimal(fees, 5)? / 1_000,
    };
    Ok((rows, totals))
}

/// Text in GBK.
fn gbk(bytes: &[u8]) -> Result<String, String> {
    let text = GBK.decode_without_bom_handling_and_without_replacement(bytes).ok_or("not GBK")?;
    Ok(text.into_owned())
}

/// Lines between the two markers of `name`, and those behind.
fn between<'t>(text: &'t str, name: &str) -> Result<(Vec<&'t str>, Vec<&'t str>), String> {
    let lines: Vec<&str> = text.lines().collect();
    let at = |word: &str| {
        let is_marker = |l: &&str| l.starts_with("#-") && l.trim_matches(['#', '-']) == word;
        lines.iter().position(is_marker).ok_or_else(|| format!("no marker {word}"))
    };
    let (from, to) = (at(name)?, at(&format!("{name}结束"))?);
    Ok((lines[from + 1..to].to_vec(), lines[to + 1..].to_vec()))
}

fn zipped_gbk_csv(bytes: &[u8]) -> Result<ReadFile, String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut part = |end: &str| -> Result<String, String> {
        let name = zip.file_names().find(|name| name.ends_with(end)).ok_or("a file is missing")?.to_owned();
        let mut bytes = Vec::new();
        zip.by_name(&name).map_err(|e| e.to_string())?.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        gbk(&bytes)
    };
    let (details, summary) = (part("_details.csv")?, part("_summary.csv")?);
    let (lines, end) = between(&details, "业务明细列表")?;
    let headings: Vec<&str> = lines.first().ok_or("no headings")?.split(',').collect();
    let column = |name: &str| headings.iter().position(|h| *h == name).ok_or_else(|| format!("no column {name}"));
    let mut rows = Vec::new();
    for line in &lines[1..] {
        let values: Vec<&str> = line.split(',').collect();
        if values.len() != headings.len() {
            return Err(format!("{} values: {line}", values.len()));
        }
        let value = |name: &str| column(name).map(|at| values[at]);
        let id = |name: &str| -> Result<String, String> {
            Ok(value(name)?.strip_suffix('\t').ok_or_else(|| format!("no tab: {line}"))?.to_owned())
        };
        let amount = decimal(value("商家实收（元）")?, 2)?;
        if decimal(value("订单金额（元）")?, 2)? != amount {
            return Err(format!("amounts disagree: {line}"));
        }
        rows.push(ReadRow {
            time: digits(value("完成时间")?),
            kind: match value("业务类型")? {
                "交易" => "pay",
                "退款" => "refund",
                "撤销" => "reverse",
                "退款退回" => "return",
                other => return Err(format!("kind {other}")),
            },
            order_no: id("商户订单号")?,
            refund_no: if value("退款请求号")?.is_empty() { String::new() } else { id("退款请求号")? },
            amount,
            fee: -decimal(value("服务费（元）")?, 2)?,
            is_done: value("业务状态")? == "成功",
            payment_txn: Some(id("钱包交易号")?),
            txn: None,
        });
    }
    let (lines, _) = between(&summary, "业务汇总列表")?;
    let [_, sums] = lines[..] else { return Err(format!("summary {lines:?}")) };
    let sums: Vec<&str> = sums.split(',').collect();
    let ["合计", payments, others, paid, given_back, fees, net] = sums[..] else {
        return Err(format!("sums {sums:?}"));
    };
    let said = [
        format!("#交易合计：{payments}笔，商家实收共{paid}元"),
        format!("#退款合计：{others}笔，商家实收退款共{given_back}元"),
    ];
    if end[..2] != said {
        return Err(format!("{end:?} and {sums:?} disagree"));
    }
    let count = |text: &str| text.parse::<i64>().map_err(|e| e.to_string());
    let (n, paid, others_sum, fees) = (count(payments)?, decimal(paid, 2)?, decimal(given_back, 2)?, decimal(fees, 2)?);
    if decimal(net, 2)? != paid + others_sum + fees {
        return Err(format!("net is wrong: {sums:?}"));
    }
    let totals = ReadTotals { rows: n + count(others)?, payments: Some(n), paid, others: others_sum, fees: -fees };
    Ok((rows, totals))
}

fn fixed_width(bytes: &[u8]) -> Result<ReadFile, String> {
    let records: Vec<&[u8]> = bytes.split_inclusive(|&b| b == b'\n').collect();
    if let Some(odd) = records.iter().find(|r| r.len() != 346 || !r.ends_with(b"\r\n")) {
        return Err(format!("a record of {} bytes", odd.len()));
    }
    // Positions count from 1, the last included.
    let field = |record: &[u8], from: usize, to: usize| gbk(&record[from - 1..to]).map(|t| t.trim_end().to_owned());
    let number = |record: &[u8], from, to| {
        let text = field(record, from, to)?;
        text.parse::<i64>().map_err(|e| format!("`{text}`: {e}"))
    };
    let [head, details @ .., end] = &records[..] else { return Err(String::from("too short")) };
    if (head[0], end[0]) != (b'H', b'T') {
        return Err(String::from("no header or no trailer"));
    }
    let mut rows = Vec::new();
    for record in details {
        let refund_no = field(record, 154, 281)?;
        rows.push(ReadRow {
            time: field(record, 2, 15)?,
            kind: match field(record, 16, 23)?.as_str() {
                "消费" => "pay",
                "退款" => "refund",
                "冲正" => "reverse",
                "退回" => "return",
                other => return Err(format!("kind {other}")),
            },
            order_no: field(record, 26, 153)?,
            refund_no,
            amount: number(record, 302, 321)?,
            fee: number(record, 322, 341)?,
            is_done: field(record, 24, 25)? == "00",
            payment_txn: None,
            txn: Some(field(record, 282, 301)?),
        });
    }
    let totals = ReadTotals {
        rows: number(end, 2, 11)?,
        payments: Some(number(end, 12, 21)?),
        paid: number(end, 22, 41)?,
        others: number(end, 42, 61)?,
        fees: number(end, 62, 81)?,
    };
    Ok((rows, totals))
}
