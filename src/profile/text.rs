//! Values that people write as text in a profile: times, shares, currencies, keys.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::money::Currency;
use crate::time::Span;
use crate::units::{parse_percent, parse_rate, parse_span, span_text};

/// A length of time written as `250ms` or `1.5s`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanText(pub Span);

impl SpanText {
    /// `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(Span::from_millis(ms))
    }
}

impl fmt::Debug for SpanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span_text(self.0))
    }
}

impl<'de> Deserialize<'de> for SpanText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_span(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("expected a time such as `250ms` or `1.5s`, got `{text}`")))
    }
}

impl Serialize for SpanText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&span_text(self.0))
    }
}

impl JsonSchema for SpanText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("SpanText")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)? *(ns|us|µs|ms|s|m|min|h)$",
            "examples": ["250ms", "1.5s"]
        })
    }
}

/// A part of a whole, written as a percentage: `2.5 %`. Held as a ratio, 0 to 1 in a profile that checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(pub f64);

impl Share {
    /// Whether `draw`, uniform from 0 up to but not including 1, falls into this share.
    pub fn takes(self, draw: f64) -> bool {
        draw < self.0
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_percent(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("expected a percentage such as `2.5 %`, got `{text}`")))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The hundred-fold of a ratio is seldom exact; nobody wrote more than nine digits.
        write!(f, "{} %", (self.0 * 1e11).round() / 1e9)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Share {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Share")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)? *%$",
            "examples": ["2.5 %"]
        })
    }
}

/// A rate written as `50/s` or `3000/min`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct RateText(f64);

impl RateText {
    /// Events a second.
    pub const fn per_second(self) -> f64 {
        self.0
    }

    /// From one event to the next at this rate, nanoseconds, at least 1.
    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer it can, which is meant")]
    pub fn gap_ns(self) -> i64 {
        ((1e9 / self.0).round() as i64).max(1)
    }
}

impl<'de> Deserialize<'de> for RateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_rate(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("expected a rate such as `50/s` or `3000/min`, got `{text}`")))
    }
}

impl Serialize for RateText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/s", self.0))
    }
}

impl JsonSchema for RateText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("RateText")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]+)? */ *(s|m|min|h)$",
            "examples": ["50/s", "3000/min"]
        })
    }
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyText(pub Currency);

impl Default for CurrencyText {
    fn default() -> Self {
        Self(Currency::parse("CNY").expect("three capital letters"))
    }
}

impl<'de> Deserialize<'de> for CurrencyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Currency::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("expected a currency such as `CNY`, got `{text}`")))
    }
}

impl Serialize for CurrencyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

impl JsonSchema for CurrencyText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("CurrencyText")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"] })
    }
}

/// A shared signing key. Never shown.
#[derive(Clone, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// A key of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to sign with.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(super::HIDDEN_KEY)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::HIDDEN_KEY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_shows() {
        let key: Key = serde_json::from_str("\"hunter2\"").expect("a string");
        assert_eq!(format!("{key:?}"), "***");
        assert_eq!(key.as_str(), "hunter2");
    }

    #[test]
    fn what_is_shown_is_what_can_be_written() {
        for text in ["2.5 %", "7 %", "0.1 %", "33.333 %", "100 %"] {
            let share: Share = serde_json::from_value(text.into()).expect("a share");
            assert_eq!(serde_json::to_value(share).expect("a text"), text);
        }
        for text in ["50/s", "0.5/s"] {
            let rate: RateText = serde_json::from_value(text.into()).expect("a rate");
            assert_eq!(serde_json::to_value(rate).expect("a text"), text);
        }
        let yen: CurrencyText = serde_json::from_value("JPY".into()).expect("a currency");
        assert_eq!(serde_json::to_value(yen).expect("a text"), "JPY");
    }

    #[test]
    fn text_that_cannot_be_read_is_refused_with_an_example() {
        let span = serde_json::from_str::<SpanText>("\"12\"").expect_err("no unit").to_string();
        assert!(span.starts_with("expected a time such as `250ms` or `1.5s`, got `12`"), "{span}");
        let share = serde_json::from_str::<Share>("\"0.5\"").expect_err("no sign").to_string();
        assert!(share.starts_with("expected a percentage such as `2.5 %`, got `0.5`"), "{share}");
    }
}
