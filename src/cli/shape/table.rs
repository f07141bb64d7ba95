//! Reads a table of orders.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::FitArgs;
use super::error::ShapeCommandError;
use crate::shape::{Record, Records};

/// What was in a table.
pub(super) struct Table {
    pub(super) records: Records,
    pub(super) n_rows: u64,
    pub(super) left_out: LeftOut,
}

/// Rows that could not be used, by what was wrong with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// How many, and the line of the first.
    by_fault: BTreeMap<&'static str, (u64, u64)>,
}

impl LeftOut {
    fn add(&mut self, fault: &'static str, line: u64) {
        self.by_fault.entry(fault).or_insert((0, line)).0 += 1;
    }
}

impl fmt::Display for LeftOut {
    /// A line for each fault; nothing if there was none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (fault, (n, line)) in &self.by_fault {
            writeln!(f, "left out: {n} rows with {fault}, the first in line {line}")?;
        }
        Ok(())
    }
}

/// Where the columns are that were asked for.
struct Columns<'a> {
    order: Option<usize>,
    time: Option<usize>,
    amount: Option<usize>,
    quantity: Option<usize>,
    price: Option<usize>,
    method: Option<usize>,
    merchant: Option<usize>,
    payer: Option<usize>,
    time_format: Option<&'a str>,
    cancel_prefix: Option<&'a str>,
    /// Minor units of one major unit.
    minor: f64,
    map: &'a BTreeMap<&'a str, &'a str>,
}

pub(super) fn read(args: &FitArgs, map: &BTreeMap<&str, &str>) -> Result<Table, ShapeCommandError> {
    let path = args.orders.display().to_string();
    let fault = |source| ShapeCommandError::Csv { path: path.clone(), source };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(open(&args.orders)?);
    let header = reader.headers().map_err(fault)?.clone();
    let place = |name: &Option<String>| {
        let Some(column) = name else { return Ok(None) };
        let at = header.iter().position(|h| h.trim_start_matches('\u{feff}') == column.as_str());
        at.map(Some).ok_or_else(|| ShapeCommandError::Column {
            path: path.clone(),
            column: column.clone(),
            known: header.iter().collect::<Vec<_>>().join(", "),
        })
    };
    let columns = Columns {
        order: place(&args.order_column)?,
        time: place(&args.time_column)?,
        amount: place(&args.amount_column)?,
        quantity: place(&args.quantity_column)?,
        price: place(&args.price_column)?,
        method: place(&args.method_column)?,
        merchant: place(&args.merchant_column)?,
        payer: place(&args.payer_column)?,
        time_format: args.time_format.as_deref(),
        cancel_prefix: args.cancel_prefix.as_deref(),
        minor: 10_f64.powi(i32::from(args.decimals)),
        map,
    };
    let has_amounts = columns.amount.is_some() || columns.price.is_some();
    let mut records = Records {
        has_times: columns.time.is_some(),
        has_methods: columns.method.is_some() && has_amounts,
        has_merchants: columns.merchant.is_some(),
        has_payers: columns.payer.is_some(),
        has_cancels: columns.cancel_prefix.is_some(),
        records: Vec::new(),
    };
    let learns =
        [records.has_times, records.has_methods, records.has_merchants, records.has_payers, records.has_cancels];
    if !learns.contains(&true) {
        return Err(ShapeCommandError::NothingToLearn);
    }
    let mut left_out = LeftOut::default();
    let mut n_rows = 0;
    let mut row = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut row) {
            Ok(false) => break,
            Ok(true) => match columns.record(&row) {
                Ok(record) => records.records.push(record),
                Err(fault) => left_out.add(fault, line),
            },
            // Text that is not UTF-8 spoils one row; a file that breaks off spoils the table.
            Err(e) if matches!(e.kind(), csv::ErrorKind::Utf8 { .. }) => left_out.add("text that is not UTF-8", line),
            Err(e) => return Err(fault(e)),
        }
        n_rows += 1;
    }
    Ok(Table { records, n_rows, left_out })
}

fn open(path: &Path) -> Result<Box<dyn Read>, ShapeCommandError> {
    let file =
        File::open(path).map_err(|source| ShapeCommandError::Read { path: path.display().to_string(), source })?;
    let is_gz = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    Ok(if is_gz { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(BufReader::new(file)) })
}

impl Columns<'_> {
    fn record(&self, row: &csv::StringRecord) -> Result<Record, &'static str> {
        let cell = |at: Option<usize>| {
            let text = at.and_then(|i| row.get(i)).map_or("", str::trim);
            // How R writes what is missing.
            (!text.is_empty() && text != "NA").then_some(text)
        };
        let owned = |at| cell(at).map(ToOwned::to_owned);
        let number = |at| cell(at).and_then(|t| t.parse().ok()).filter(|x: &f64| x.is_finite());
        let amount = match (self.amount, self.quantity, self.price) {
            (Some(_), _, _) => Some(number(self.amount).ok_or("a bad amount")?),
            (None, Some(_), Some(_)) => {
                Some(number(self.quantity).ok_or("a bad quantity")? * number(self.price).ok_or("a bad price")?)
            }
            _ => None,
        };
        let at_secs = match self.time {
            Some(_) => Some(cell(self.time).and_then(|t| self.seconds(t)).ok_or("a bad time")?),
            None => None,
        };
        if self.order.is_some() && cell(self.order).is_none() {
            return Err("no order");
        }
        Ok(Record {
            order: owned(self.order),
            at_secs,
            amount: amount.map(|a| a * self.minor),
            method: cell(self.method).map(|m| (*self.map.get(m).unwrap_or(&m)).to_owned()),
            merchant: owned(self.merchant),
            payer: owned(self.payer),
            is_cancel: self.cancel_prefix.is_some_and(|p| cell(self.order).is_some_and(|o| o.starts_with(p))),
        })
    }

    /// Local time as seconds since midnight of 1970-01-01 of the same clock: only differences and hours matter.
    fn seconds(&self, text: &str) -> Option<i64> {
        let time = match self.time_format {
            Some(format) => DateTime::strptime(format, text).ok()?,
            None => text.parse().ok()?,
        };
        time.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp().as_second())
    }
}
