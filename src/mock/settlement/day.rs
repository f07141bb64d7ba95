//! The days of a bank: from one cut to the next, by its own clock.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::profile::{DAY_US, Settlement};

/// A day, by the date on which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mock) struct BankDay {
    /// Days since 1970-01-01.
    number: i64,
}

impl BankDay {
    /// The day of this date, such as `2026-03-02`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let date: Date = text.parse().ok()?;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(Self { number: midnight.as_microsecond().div_euclid(DAY_US) })
    }

    /// The day of `unix_us`.
    pub(super) fn of(rules: &Settlement, unix_us: i64) -> Self {
        let since_cut_us = rules.utc_offset.local_us(unix_us).saturating_sub(rules.day_cut.as_us());
        Self { number: since_cut_us.div_euclid(DAY_US) }
    }

    /// The day after.
    pub(super) fn next(self) -> Self {
        Self { number: self.number + 1 }
    }

    /// How many days it is after `first`; below zero if it is before.
    pub(super) fn since(self, first: Self) -> i64 {
        self.number - first.number
    }

    /// When it begins, Unix microseconds.
    pub(super) fn start_us(self, rules: &Settlement) -> i64 {
        let ahead_us = rules.utc_offset.local_us(0);
        self.number.saturating_mul(DAY_US).saturating_add(rules.day_cut.as_us()).saturating_sub(ahead_us)
    }

    /// Its date, by `strftime`'s `format`.
    pub(super) fn text(self, format: &str) -> String {
        local_time(self.number.saturating_mul(DAY_US), format)
    }
}

/// What a clock that shows `local_us` (microseconds since its own 1970-01-01T00:00) shows, by `strftime`'s `format`.
pub(in crate::mock) fn local_time(local_us: i64, format: &str) -> String {
    Timestamp::from_microsecond(local_us).unwrap_or_default().strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-01-01T00:00Z is 1767225600. The day of this bank begins at 23:00 of +08:00, which is 15:00 UTC.
    #[test]
    fn a_day_is_from_its_cut_to_the_next_by_the_banks_clock() {
        let rules = json!({ "format": "fixed_width", "day_cut": "23:00", "utc_offset": "+08:00" });
        let rules: Settlement = serde_json::from_value(rules).expect("reads");
        let at_us = |hour: i64| (1_767_225_600 + hour * 3_600) * 1_000_000;
        for (unix_us, expected) in [
            (at_us(0), "2025-12-31"),
            (at_us(15) - 1, "2025-12-31"),
            (at_us(15), "2026-01-01"),
            (at_us(39) - 1, "2026-01-01"),
            (at_us(39), "2026-01-02"),
        ] {
            assert_eq!(BankDay::of(&rules, unix_us).text("%Y-%m-%d"), expected, "{unix_us}");
        }
        let day = BankDay::parse("2026-01-01").expect("a day");
        assert_eq!((day.start_us(&rules), day.next().start_us(&rules)), (at_us(15), at_us(39)));
        assert_eq!(day.since(BankDay::parse("2025-12-30").expect("a day")), 2);
        assert_eq!(BankDay::parse("2026-02-30"), None);
    }
}
