//! Payments as they go over the wire.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};
use plimsoll::mock::Signed;
use plimsoll::profile::ChannelProfile;
use plimsoll::signature::{Encoding, SigningKey};
use serde_json::{Value, json};

use crate::profile::BenchBank;

/// The run that all calls are marked with.
pub(crate) const RUN: &str = "r0bench";

/// Makes payments for one bank.
pub(crate) struct Payments {
    path: String,
    key: Option<SigningKey>,
    encoding: Encoding,
    /// Where all outcomes are to be told.
    notify_url: Option<String>,
}

/// The time all of them say: no bank of the bench looks at it.
const TIME: &str = "1763600000";

impl Payments {
    pub(crate) fn of(bank: BenchBank, notify_url: Option<String>) -> Result<Self> {
        let profile: ChannelProfile = serde_json::from_value(bank.profile()).context("the bench's own profile")?;
        let path = format!("/{}/v1/pay", BenchBank::NAME);
        let (key, encoding) = (profile.signature.calls_key(), profile.signature.encoding());
        Ok(Self { path, key, encoding, notify_url })
    }

    /// The number of payment `n`: as long for each up to a hundred million.
    pub(crate) fn order_no(n: u64) -> String {
        format!("{RUN}-{n:08}p")
    }

    /// Payment `n`, head and body.
    pub(crate) fn bytes(&self, n: u64) -> Vec<u8> {
        let notify_url = self.notify_url.as_ref().map_or_else(String::new, |url| format!(r#","notify_url":"{url}""#));
        let order_no = Self::order_no(n);
        let body = format!(r#"{{"order_no":"{order_no}","amount":1250,"currency":"CNY"{notify_url}}}"#);
        let signature = self.key.as_ref().map_or_else(String::new, |key| {
            let signed = Signed { method: "POST", path: &self.path, time: TIME, body: body.as_bytes() };
            format!("x-bank-sign: {}\r\n", signed.sign(key, self.encoding))
        });
        format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-bank-merchant: {}\r\nx-bank-time: {TIME}\r\nx-stress-test: {RUN}\r\n{signature}\r\n{body}",
            self.path,
            body.len(),
            BenchBank::MERCHANT,
        )
        .into_bytes()
    }
}

/// Writes payments `0` to `count - 1` to `out`.
pub(crate) fn write_all(bank: BenchBank, count: u64, out: &Path) -> Result<Value> {
    let payments = Payments::of(bank, None)?;
    let length = payments.bytes(0).len();
    // Signing takes most of the time, so every core signs a part.
    let n_parts = thread::available_parallelism().map_or(1, usize::from) as u64;
    let part = |i: u64| {
        let payments = &payments;
        move || -> Vec<u8> {
            (count * i / n_parts..count * (i + 1) / n_parts).flat_map(|n| payments.bytes(n)).collect()
        }
    };
    let parts: Vec<Vec<u8>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_parts).map(|i| scope.spawn(part(i))).collect();
        threads.into_iter().map(|thread| thread.join().expect("signing does not panic")).collect()
    });
    let n_bytes: usize = parts.iter().map(Vec::len).sum();
    ensure!(n_bytes as u64 == length as u64 * count, "requests of different lengths");
    let mut file = BufWriter::new(File::create(out).with_context(|| format!("cannot write {}", out.display()))?);
    for part in parts {
        file.write_all(&part)?;
    }
    file.flush()?;
    Ok(json!({ "bytes": length }))
}
