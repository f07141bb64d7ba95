//! Settlement files: what a bank hands out about a day that is over, made from its journal alone when it is fetched.
//!
//! `row` is what can be listed, `day` when; which rows are, and what is wrong with them, decides
//! [`behaviour`](super::behaviour). Each format is a file of its own. Memory is that of the rows of one day, which
//! `limits.orders_max` bounds.

mod backtick_csv;
mod day;
mod encoding;
mod explain;
mod face;
mod fixed_width;
mod row;
#[cfg(test)]
mod tests;
mod zipped_gbk_csv;

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha1::{Digest, Sha1};

pub(super) use day::{BankDay, local_time};
use encoding::{Encoding, encoded};
pub(super) use explain::explain_settlement;
pub(super) use face::{digest, file};
pub(super) use row::{Row, RowKind, Totals};

use super::behaviour::{FileLuck, Listing};
use super::journal::{JournalError, for_each_record};
use crate::ledger::RecordKind;
use crate::money::Currency;
use crate::profile::{ChannelProfile, Settlement, SettlementFormat};
use crate::seed::Seed;

/// Why a settlement file cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettlementError {
    /// The bank makes none.
    #[error("the profile of `{0}` has no `settlement`")]
    NoFiles(String),
    /// The day cannot be read.
    #[error("expected a day such as `2026-03-02`, got `{0}`")]
    Day(String),
    /// It is not there: too early, late, or it will never be. Who fetches it cannot tell these apart.
    #[error("the file of {day} is not there")]
    NotThere {
        /// The day asked for.
        day: String,
        /// When it should be there, Unix microseconds.
        expected_us: i64,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The archive cannot be made.
    #[error("cannot pack the file")]
    Pack(#[from] zip::result::ZipError),
}

/// A settlement file as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettlementFile {
    /// What to call it.
    pub(super) name: String,
    /// Its media type.
    pub(super) media: &'static str,
    /// What is handed out.
    pub(super) bytes: Vec<u8>,
    /// Lower-case hex of SHA-1 over the whole file, before it was packed with GZIP or cut short.
    pub(super) sha1: String,
}

/// What a file says, in whatever format.
struct Content<'a> {
    profile: &'a ChannelProfile,
    settlement: &'a Settlement,
    day: BankDay,
    /// In order of time.
    rows: Vec<Row>,
    totals: Totals,
    /// When the bank made it, Unix microseconds.
    made_us: i64,
}

impl Content<'_> {
    fn currency(&self) -> Currency {
        self.settlement.currency.0
    }

    /// What the bank's clock showed at `unix_us`, by `strftime`'s `format`.
    fn local(&self, unix_us: i64, format: &str) -> String {
        local_time(self.settlement.utc_offset.local_us(unix_us), format)
    }

    /// Channel and day, as file names begin.
    fn stem(&self) -> String {
        format!("{}_{}", self.profile.name, self.day.text("%Y%m%d"))
    }
}

/// The file of `day`, a date of the bank's clock, as it can be had at `now_us` (Unix microseconds).
///
/// # Errors
/// See [`SettlementError`].
pub(super) fn settlement(
    profile: &ChannelProfile,
    seed: Seed,
    journal: &Path,
    day: &str,
    now_us: i64,
) -> Result<SettlementFile, SettlementError> {
    let rules = profile.settlement.as_ref().ok_or_else(|| SettlementError::NoFiles(profile.name.clone()))?;
    let day = BankDay::parse(day).ok_or_else(|| SettlementError::Day(day.to_owned()))?;
    let wait_us = i64::try_from(rules.ready_after.0.as_micros()).unwrap_or(i64::MAX);
    let expected_us = day.next().start_us(rules).saturating_add(wait_us);
    let not_there = || SettlementError::NotThere { day: day.text("%Y-%m-%d"), expected_us };
    if now_us < expected_us {
        return Err(not_there());
    }
    let mut listing = Listing::new(profile, rules, seed);
    let mut first = None;
    for_each_record(journal, |record| {
        let of = BankDay::of(rules, record.at_us);
        if record.kind != RecordKind::Control {
            first.get_or_insert(of);
        }
        if of == day || of.next() == day {
            listing.take(&record, of != day);
        }
    })?;
    let luck = FileLuck::new(profile, rules, seed, day.since(first.unwrap_or(day)));
    let made_us = expected_us.saturating_add(luck.late_us());
    if luck.is_absent() || now_us < made_us {
        return Err(not_there());
    }
    let (rows, totals) = listing.finish(&luck, day.start_us(rules));
    render_file(&Content { profile, settlement: rules, day, rows, totals, made_us }, &luck)
}

/// `content` as a file, with what goes wrong on the way.
fn render_file(content: &Content<'_>, luck: &FileLuck<'_>) -> Result<SettlementFile, SettlementError> {
    let agreed = match content.settlement.format {
        SettlementFormat::BacktickCsv => Encoding::Utf8,
        SettlementFormat::ZippedGbkCsv | SettlementFormat::FixedWidth => Encoding::Gbk,
    };
    let encoding = if luck.is_encoding_wrong() { agreed.other() } else { agreed };
    let (bytes, end, media) = match content.settlement.format {
        SettlementFormat::BacktickCsv => (encoded(&backtick_csv::text(content), encoding), "csv", "text/csv"),
        SettlementFormat::ZippedGbkCsv => (zipped_gbk_csv::archive(content, encoding)?, "zip", "application/zip"),
        SettlementFormat::FixedWidth => (encoded(&fixed_width::text(content), encoding), "txt", "text/plain"),
    };
    let sha1 = hex::encode(Sha1::digest(&bytes));
    let name = format!("{}.{end}", content.stem());
    let (name, media, mut bytes) = if content.settlement.gzip {
        (format!("{name}.gz"), "application/gzip", packed(&bytes))
    } else {
        (name, media, bytes)
    };
    if luck.is_truncated() {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(SettlementFile { name, media, bytes, sha1 })
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("a vector takes every byte");
    packer.finish().expect("a vector takes every byte")
}
