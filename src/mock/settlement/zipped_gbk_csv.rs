//! `zipped_gbk_csv`: a ZIP of two CSV files in GBK, details and summary, with other lines that begin with `#`.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::encoding::{Encoding, encoded};
use super::row::{Row, RowKind, cell, decimal};
use super::{BankDay, Content};
use crate::money::Currency;

/// The format for whoever reads it, as Markdown.
pub(super) const ABOUT: &str = "\
A ZIP of `<channel>_<YYYYMMDD>_details.csv` and `<channel>_<YYYYMMDD>_summary.csv`, both CSV in GBK, lines end with CR LF,
nothing is quoted. A line that begins with `#` is no row. Between the marker `#----…业务明细列表----…` and the marker
`#----…业务明细列表结束----…` stand one line of headings and a line for each row in order of time.

| Column | Value |
|---|---|
| 钱包交易号 | `txn` of the payment or payout, and a tab |
| 商户订单号 | `order_no`, and a tab |
| 业务类型 | `交易` payment, `退款` refund, `撤销` reversal, `退款退回` refund that came back, `代付` payout, `代付退回` payout that came back |
| 业务状态 | `成功`; `失败` if it failed |
| 商品名称 | empty |
| 完成时间 | `YYYY-MM-DD HH:MM:SS` by the bank's clock |
| 门店编号, 操作员, 终端号, 对方账户 | empty |
| 订单金额（元） | the amount; refunds, reversals and payouts are below zero |
| 商家实收（元） | the same |
| 优惠金额（元） | 0 |
| 退款请求号 | `refund_no` and a tab, or empty |
| 服务费（元） | the fee as it comes to the merchant: below zero the bank keeps it, above zero it gives it back |
| 备注 | empty |

After the second marker `#交易合计：` and `#退款合计：` tell how many payments and how many other rows there are, and their sums. The
summary has markers of its own (业务汇总列表) and one line, `合计`: 交易订单总笔数, 退款订单总笔数, 订单金额 (of payments), 退款金额
(below zero), 服务费 (as in the details), 实收净额 (the three together). Amounts have the decimals of the currency; in another
than CNY its code stands for 元. A comma in a number of the platform's becomes a space.
";

/// Both files, packed; the same bytes for the same content.
pub(super) fn archive(content: &Content<'_>, encoding: Encoding) -> Result<Vec<u8>, ZipError> {
    // No time of packing: a file that is fetched twice is the same twice.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, text) in [("details", details(content)), ("summary", summary(content))] {
        zip.start_file(format!("{}_{part}.csv", content.stem()), options)?;
        zip.write_all(&encoded(&text, encoding))?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The unit in headings.
fn unit(currency: Currency) -> String {
    if currency.code() == "CNY" { String::from("元") } else { currency.code().to_owned() }
}

fn head(content: &Content<'_>, title: &str) -> String {
    let day = |day: BankDay| content.local(day.start_us(content.settlement), "%Y年%m月%d日 %H:%M:%S");
    format!(
        "#{title}\r\n#账号：[{}]\r\n#起始日期：[{}]   终止日期：[{}]\r\n",
        content.profile.merchant_no,
        day(content.day),
        day(content.day.next()),
    )
}

fn marker(name: &str) -> String {
    format!("#{0}{name}{0}\r\n", "-".repeat(40))
}

fn exported(content: &Content<'_>) -> String {
    format!("#导出时间：[{}]\r\n", content.local(content.made_us, "%Y年%m月%d日 %H:%M:%S"))
}

pub(super) fn details(content: &Content<'_>) -> String {
    let (currency, totals) = (content.currency(), content.totals);
    let unit = unit(currency);
    let mut text = head(content, "业务明细查询") + &marker("业务明细列表");
    let _ = write!(
        text,
        "钱包交易号,商户订单号,业务类型,业务状态,商品名称,完成时间,门店编号,操作员,终端号,对方账户,订单金额（{unit}）,商家实收（{unit}）,\
         优惠金额（{unit}）,退款请求号,服务费（{unit}）,备注\r\n"
    );
    for row in &content.rows {
        push_row(&mut text, content, row);
    }
    text += &marker("业务明细列表结束");
    let _ = write!(text, "#交易合计：{}笔，商家实收共{}{unit}\r\n", totals.n_payments, decimal(totals.paid, currency));
    let given_back = decimal(-totals.given_back, currency);
    let _ = write!(text, "#退款合计：{}笔，商家实收退款共{given_back}{unit}\r\n", totals.n_refunds);
    text + &exported(content)
}

fn push_row(text: &mut String, content: &Content<'_>, row: &Row) {
    let kind = match row.kind {
        RowKind::Payment => "交易",
        RowKind::Refund => "退款",
        RowKind::Reversal => "撤销",
        RowKind::Return => "退款退回",
        RowKind::Payout => "代付",
        RowKind::PayoutReturn => "代付退回",
    };
    let state = if row.is_done { "成功" } else { "失败" };
    let refund_no = row.refund_no.as_deref().map_or_else(String::new, |number| format!("{}\t", cell(number)));
    let money = |minor: i64| decimal(minor, content.currency());
    let _ = write!(
        text,
        "{}\t,{}\t,{kind},{state},,{},,,,,{amount},{amount},{},{refund_no},{},\r\n",
        row.payment_txn,
        cell(&row.order_no),
        content.local(row.at_us, "%Y-%m-%d %H:%M:%S"),
        money(0),
        money(-row.fee),
        amount = money(row.signed()),
    );
}

fn summary(content: &Content<'_>) -> String {
    let (currency, totals) = (content.currency(), content.totals);
    let unit = unit(currency);
    let money = |minor: i128| decimal(minor, currency);
    let mut text = head(content, "业务汇总查询") + &marker("业务汇总列表");
    let _ = write!(
        text,
        "项目,交易订单总笔数,退款订单总笔数,订单金额（{unit}）,退款金额（{unit}）,服务费（{unit}）,实收净额（{unit}）\r\n\
         合计,{},{},{},{},{},{}\r\n",
        totals.n_payments,
        totals.n_refunds,
        money(totals.paid),
        money(-totals.given_back),
        money(-totals.fees),
        money(totals.paid - totals.given_back - totals.fees),
    );
    text + &marker("业务汇总列表结束") + &exported(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{content, example, profile};
    use super::*;

    /// By hand from the table above, on the rows of the example; net is 12.55 − 1.00 − 0.07.
    #[test]
    fn both_files_whole() {
        let profile = profile(&json!({ "format": "zipped_gbk_csv", "utc_offset": "+08:00", "ready_after": "9h" }));
        let content = content(&profile, example());
        let dashes = "----------------------------------------";
        let head = "#账号：[88]\r\n#起始日期：[2026年03月02日 00:00:00]   终止日期：[2026年03月03日 00:00:00]\r\n";
        let end = "#导出时间：[2026年03月03日 09:00:00]\r\n";
        let expected = format!(
            "#业务明细查询\r\n{head}#{dashes}业务明细列表{dashes}\r
钱包交易号,商户订单号,业务类型,业务状态,商品名称,完成时间,门店编号,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,优惠金额（元）,退款请求号,服务费（元）,备注\r
T1\t,o 1\t,交易,成功,,2026-03-02 10:00:00,,,,,12.50,12.50,0.00,,-0.08,\r
T1\t,o 1\t,退款,成功,,2026-03-02 10:00:01,,,,,-2.50,-2.50,0.00,f1\t,0.01,\r
T3\t,o3\t,撤销,成功,,2026-03-02 10:00:02,,,,,-1.00,-1.00,0.00,,0.01,\r
T1\t,o 1\t,退款退回,成功,,2026-03-02 10:00:03,,,,,2.50,2.50,0.00,f1\t,-0.01,\r
T5\t,o5\t,交易,失败,,2026-03-02 10:00:04,,,,,0.05,0.05,0.00,,0.00,\r
#{dashes}业务明细列表结束{dashes}\r
#交易合计：2笔，商家实收共12.55元\r
#退款合计：3笔，商家实收退款共-1.00元\r
{end}"
        );
        assert_eq!(details(&content), expected);
        let expected = format!(
            "#业务汇总查询\r\n{head}#{dashes}业务汇总列表{dashes}\r
项目,交易订单总笔数,退款订单总笔数,订单金额（元）,退款金额（元）,服务费（元）,实收净额（元）\r
合计,2,3,12.55,-1.00,-0.07,11.48\r
#{dashes}业务汇总列表结束{dashes}\r
{end}"
        );
        assert_eq!(summary(&content), expected);
        let packed = |encoding| archive(&content, encoding).expect("packs");
        assert_eq!(packed(Encoding::Gbk), packed(Encoding::Gbk));
        assert_ne!(packed(Encoding::Gbk), packed(Encoding::Utf8));
    }
}
