//! Times at which something holds: windows of a run, and hours of the day.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::SpanText;
use super::check::Found;
use crate::time::Span;

/// When something holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// From the start, without an end.
    Always,
    /// A window of the run. Time counts from the first call this bank ever got; if it was switched on while running,
    /// from then.
    Run {
        /// How long after that it begins.
        from: SpanText,
        /// How long it lasts.
        lasts: SpanText,
        /// From one beginning to the next. Without it, it comes once.
        #[serde(default)]
        every: Option<SpanText>,
    },
    /// Every day between two times of the bank's clock, the first included; past midnight if `to` is not later.
    Daily {
        /// When it begins, such as `23:30`.
        from: DayTime,
        /// When it ends.
        to: DayTime,
        /// The bank's clock is ahead of UTC by this. Default `+00:00`.
        #[serde(default)]
        utc_offset: UtcOffset,
    },
}

impl When {
    /// What is wrong at `at`, a JSON pointer.
    pub(super) fn check(&self, at: &str, found: &mut Found) {
        let Self::Run { lasts, every, .. } = self else { return };
        if lasts.0 == Span::ZERO {
            found.add(&format!("{at}/run/lasts"), "must be greater than 0");
        }
        if let Some(every) = every.filter(|every| every <= lasts) {
            found.add(
                &format!("{at}/run/every"),
                format!("must be longer than `lasts` {lasts:?}, or there is no time between, got {every:?}"),
            );
        }
    }

    /// How long it has held and how long it will, at `now_us` (Unix microseconds) where time counts from
    /// `start_us`; `None` outside. What has no end lasts for ever: [`i64::MAX`].
    pub fn held_us(&self, now_us: i64, start_us: i64) -> Option<(i64, i64)> {
        match self {
            Self::Always => Some((now_us.saturating_sub(start_us).max(0), i64::MAX)),
            Self::Run { from, lasts, every } => {
                let us = |span: &SpanText| i64::try_from(span.0.as_micros()).unwrap_or(i64::MAX);
                let since = now_us.saturating_sub(start_us).checked_sub(us(from)).filter(|&since| since >= 0)?;
                let since = every.as_ref().map_or(since, |every| since % us(every).max(1));
                let left = us(lasts).saturating_sub(since);
                (left > 0).then_some((since, left))
            }
            Self::Daily { from, to, utc_offset } => {
                let of_day = utc_offset.local_us(now_us).rem_euclid(DAY_US);
                let since = (of_day - from.as_us()).rem_euclid(DAY_US);
                let length = match (to.as_us() - from.as_us()).rem_euclid(DAY_US) {
                    0 => DAY_US,
                    length => length,
                };
                (since < length).then_some((since, length - since))
            }
        }
    }
}

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// A time of day written as `23:30`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct DayTime(u16);

impl DayTime {
    /// Microseconds since midnight.
    pub fn as_us(self) -> i64 {
        i64::from(self.0) * 60_000_000
    }
}

/// How far a clock is ahead of UTC, written as `+08:00`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct UtcOffset(i16);

impl UtcOffset {
    /// What this clock shows at `unix_us`: microseconds since its own 1970-01-01T00:00.
    pub fn local_us(self, unix_us: i64) -> i64 {
        unix_us.saturating_add(i64::from(self.0) * 60_000_000)
    }
}

/// Minutes of `hh:mm`, hours below `hours`.
fn minutes(text: &str, hours: u16) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?;
    let (hour, minute): (u16, u16) = (two(hour)?, two(minute)?);
    (hour < hours && minute < 60).then_some(hour * 60 + minute)
}

impl<'de> Deserialize<'de> for DayTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        minutes(&text, 24)
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("expected a time of day such as `23:30`, got `{text}`")))
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ahead = text.strip_prefix('+').map(|rest| (1, rest));
        let signed = ahead.or_else(|| text.strip_prefix('-').map(|rest| (-1, rest)));
        signed
            .and_then(|(sign, rest)| Some(Self(sign * i16::try_from(minutes(rest, 15)?).ok()?)))
            .ok_or_else(|| D::Error::custom(format_args!("expected an offset such as `+08:00`, got `{text}`")))
    }
}

impl fmt::Debug for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60)
    }
}

impl Serialize for DayTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl JsonSchema for DayTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("DayTime")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["23:30", "02:00"] })
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl JsonSchema for UtcOffset {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("UtcOffset")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[+-](0[0-9]|1[0-4]):[0-5][0-9]$",
            "examples": ["+08:00", "+00:00"]
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const S: i64 = 1_000_000;

    fn check(when: &Value, now_s: i64, expected: Option<(i64, i64)>) {
        let read: When = serde_json::from_value(when.clone()).expect("reads");
        let held = read.held_us(now_s * S, 1_000 * S).map(|(since, left)| (since / S, left / S));
        assert_eq!(held, expected, "{when} at {now_s} s");
    }

    #[test]
    fn a_window_of_the_run_counts_from_the_start_and_comes_again_if_it_is_said() {
        let once = json!({ "run": { "from": "10s", "lasts": "5s" } });
        let again = json!({ "run": { "from": "10s", "lasts": "5s", "every": "1min" } });
        for (now_s, expected) in [(1_009, None), (1_010, Some((0, 5))), (1_014, Some((4, 1))), (1_015, None)] {
            check(&once, now_s, expected);
            check(&again, now_s, expected);
        }
        check(&once, 1_070, None);
        check(&again, 1_070, Some((0, 5)));
        check(&again, 1_075, None);
        check(&json!("always"), 1_003, Some((3, i64::MAX / S)));
    }

    /// 2026-01-01T00:00Z is 1767225600; 23:45 at +08:00 is 15:45Z.
    #[test]
    fn hours_of_the_day_are_those_of_the_banks_clock_and_go_past_midnight() {
        let night = json!({ "daily": { "from": "23:30", "to": "00:10", "utc_offset": "+08:00" } });
        let at = |hour: i64, minute: i64| 1_767_225_600 + (hour * 60 + minute) * 60;
        for (now_s, expected) in [
            (at(15, 29), None),
            (at(15, 30), Some((0, 2_400))),
            (at(16, 9), Some((39 * 60, 60))),
            (at(16, 10), None),
            (at(23, 45), None),
        ] {
            check(&night, now_s, expected);
        }
        check(&json!({ "daily": { "from": "12:00", "to": "12:00" } }), at(11, 0), Some((23 * 3_600, 3_600)));
    }

    #[test]
    fn texts_that_are_no_times_are_refused_with_an_example() {
        for (text, is_time) in [("23:59", true), ("24:00", false), ("7:00", false), ("07:60", false), ("0700", false)] {
            assert_eq!(serde_json::from_value::<DayTime>(json!(text)).is_ok(), is_time, "{text}");
        }
        for (text, is_offset) in [("+08:00", true), ("-03:30", true), ("08:00", false), ("+15:00", false)] {
            assert_eq!(serde_json::from_value::<UtcOffset>(json!(text)).is_ok(), is_offset, "{text}");
        }
    }
}
