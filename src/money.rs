//! Money as integers of minor units with a currency; no floating point anywhere.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;
use std::fmt;

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency with this code, or `None` unless it is three capital ASCII letters.
    pub fn parse(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// The code, such as `CNY`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII capitals are stored")
    }

    /// Digits after the decimal point in this currency. Source: ISO 4217 list one; two unless known otherwise.
    pub fn exponent(&self) -> usize {
        match &self.0 {
            b"JPY" | b"KRW" | b"VND" | b"CLP" | b"ISK" => 0,
            b"BHD" | b"KWD" | b"OMR" | b"TND" | b"JOD" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of one currency in minor units; negative means owed the other way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount {
    /// Minor units (cent, fen).
    pub minor: i64,
    /// The currency they are units of.
    pub currency: Currency,
}

impl Amount {
    /// `minor` units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// An amount written as people do, `CNY 500.00`; the digits after the point must be exactly the currency's.
    pub fn parse(text: &str) -> Option<Self> {
        let (code, number) = text.trim().split_once(' ')?;
        let currency = Currency::parse(code)?;
        let minor = parse_minor(number.trim(), currency.exponent())?;
        Some(Self { minor, currency })
    }
}

fn parse_minor(number: &str, exponent: usize) -> Option<i64> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || !(part.is_empty() || part.len() == exponent) {
        return None;
    }
    let joined = format!("{whole}{part:0<exponent$}");
    let minor: i64 = joined.parse().ok()?;
    if negative { minor.checked_neg() } else { Some(minor) }
}

impl fmt::Display for Amount {
    /// `CNY 1234.56`: the code, a space, and all digits of the currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent.saturating_add(1));
        let (whole, part) = digits.split_at(digits.len().saturating_sub(exponent));
        let sign = if self.minor < 0 { "-" } else { "" };
        let point = if exponent == 0 { "" } else { "." };
        write!(f, "{} {sign}{whole}{point}{part}", self.currency)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Sums of money, one for each currency, in code order. Wide enough that no run can overflow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Currency, i128>);

impl Sums {
    /// Adds `minor` units of `currency`.
    pub fn add(&mut self, currency: Currency, minor: i64) {
        let sum = self.0.entry(currency).or_default();
        *sum = sum.saturating_add(i128::from(minor));
    }

    /// Adds an amount.
    pub fn add_amount(&mut self, amount: Amount) {
        self.add(amount.currency, amount.minor);
    }

    /// The sum in `currency`, zero if nothing was added.
    pub fn get(&self, currency: Currency) -> i128 {
        self.0.get(&currency).copied().unwrap_or(0)
    }

    /// Every currency with its sum, in code order; sums of zero included.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, i128)> + '_ {
        self.0.iter().map(|(&c, &s)| (c, s))
    }

    /// Whether every sum is zero.
    pub fn is_zero(&self) -> bool {
        self.0.values().all(|&s| s == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_back_as_they_are_shown() {
        for text in ["CNY 500.00", "CNY 0.05", "CNY -1.20", "JPY 1200", "KWD 1.234"] {
            assert_eq!(Amount::parse(text).map(|a| a.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn amounts_with_a_wrong_number_of_digits_are_refused() {
        for text in ["CNY 5.0", "CNY 5.000", "JPY 5.00", "cny 5.00", "CNY five", "CNY", "CNY .50", "CNY 1e3"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sums_keep_currencies_apart() {
        let (cny, brl) = (Currency::parse("CNY").expect("valid"), Currency::parse("BRL").expect("valid"));
        let mut sums = Sums::default();
        sums.add(cny, 5);
        sums.add(brl, -5);
        assert!(!sums.is_zero());
        assert_eq!((sums.get(cny), sums.get(brl)), (5, -5));
    }
}
