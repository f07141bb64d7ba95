//! Numbers, money and evidence as people read them; the same words in every report and on the terminal.

use serde_json::Value;

use crate::money::{Amount, Currency};

/// Shown where nothing was observed, so that it is never mistaken for zero.
pub const NOTHING: &str = "–";

/// Said in place of invariants where none was looked at.
pub const MONEY_NOT_JUDGED: &str = "money not judged";

/// `253,120`.
pub fn count(n: u64) -> String {
    group_thousands(&n.to_string())
}

/// A time in microseconds with three significant digits and the unit people read: `850 µs`, `12.4 ms`, `3.20 s`.
pub fn micros(us: f64) -> String {
    if !us.is_finite() || us < 0.0 {
        return NOTHING.to_owned();
    }
    match us {
        // Zero has no significant digits; a unit is enough.
        0.0 => "0 ms".to_owned(),
        ..999.5 => format!("{} µs", three_digits(us)),
        ..999_500.0 => format!("{} ms", three_digits(us / 1e3)),
        _ => format!("{} s", three_digits(us / 1e6)),
    }
}

/// Journeys per second: `199.8/s`.
pub fn rate(per_s: f64) -> String {
    if per_s.is_finite() { format!("{}/s", decimal(per_s, 1)) } else { NOTHING.to_owned() }
}

/// A fraction of one as a percentage: `0.03 %`. A fraction above zero never shows as zero.
pub fn percent(part: f64, whole: f64) -> String {
    let percent = part / whole * 100.0;
    if !percent.is_finite() {
        return NOTHING.to_owned();
    }
    if percent > 0.0 && percent < 0.005 {
        return "< 0.01 %".to_owned();
    }
    format!("{} %", decimal(percent, 2))
}

/// A fraction of one as a percentage without needless digits: `95 %`, `99.5 %`.
pub fn percent_whole(part: f64) -> String {
    let percent = (part * 1e6).round() / 1e4;
    if percent.is_finite() { format!("{percent} %") } else { NOTHING.to_owned() }
}

/// `n` with `digits` after the point and separated thousands: `1,234.5`.
pub fn decimal(n: f64, digits: usize) -> String {
    if n.is_finite() { group_thousands(&format!("{n:.digits$}")) } else { NOTHING.to_owned() }
}

/// Minor units of the currency with this code: `CNY 1,234.56`.
pub fn money(minor: i64, code: &str) -> String {
    match Currency::parse(code) {
        Some(currency) => group_thousands(&Amount::new(minor, currency).to_string()),
        None => format!("{code} {} minor units", group_thousands(&minor.to_string())),
    }
}

/// Sums of several currencies, in the order given: `CNY 37.50, USD 1.00`.
pub fn sums<'a>(sums: impl IntoIterator<Item = (&'a String, &'a i64)>) -> String {
    let shown: Vec<String> = sums.into_iter().map(|(code, &minor)| money(minor, code)).collect();
    if shown.is_empty() { NOTHING.to_owned() } else { shown.join(", ") }
}

/// `1 violation`, `3 violations`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Evidence of a violation in one line: its own sentence with where to look, if it has one, else all its fields:
/// `payment pay-17, debits 10000, credits 11250`.
pub fn evidence(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(evidence).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.get("text").is_some_and(Value::is_string) => {
            let told = |name: &str| fields.get(name).map(evidence).filter(|t| !t.is_empty());
            let text = told("text").unwrap_or_default();
            let ids = told("ids").map_or(String::new(), |ids| format!(" [{ids}]"));
            let see = told("see").map_or(String::new(), |see| format!("; see {see}"));
            format!("{text}{ids}{see}")
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::Object(_) | Value::Array(_) => format!("{} ({})", key.replace('_', " "), evidence(value)),
                plain => format!("{} {}", key.replace('_', " "), evidence(plain)),
            })
            .collect::<Vec<_>>()
            .join(", "),
        plain => plain.to_string(),
    }
}

fn three_digits(n: f64) -> String {
    let digits = match n {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    decimal(n, digits)
}

/// Puts a comma between thousands of the first whole number in `text`.
fn group_thousands(text: &str) -> String {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (before, rest) = text.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{before}{grouped}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_show_three_digits_in_the_unit_people_read() {
        let shown = [0.0, 7.4, 850.0, 12_444.0, 212_000.0, 999_600.0, 3_200_000.0, 4_000_000_000.0].map(micros);
        assert_eq!(shown, ["0 ms", "7.40 µs", "850 µs", "12.4 ms", "212 ms", "1.00 s", "3.20 s", "4,000 s"]);
    }

    #[test]
    fn what_was_not_observed_is_never_a_number() {
        assert_eq!([micros(f64::NAN), micros(-1.0), rate(f64::INFINITY), percent(0.0, 0.0)], [NOTHING; 4]);
    }

    #[test]
    fn a_small_share_is_not_zero() {
        assert_eq!(percent(1.0, 1_000_000.0), "< 0.01 %");
        assert_eq!(percent(3.0, 1_000.0), "0.30 %");
        assert_eq!(percent(0.0, 1_000.0), "0.00 %");
    }

    #[test]
    fn thousands_are_separated_and_cents_are_not() {
        assert_eq!([count(999), count(1_000), count(253_120)], ["999", "1,000", "253,120"]);
        assert_eq!(money(123_456_789, "CNY"), "CNY 1,234,567.89");
        assert_eq!(money(-50, "CNY"), "CNY -0.50");
        assert_eq!(money(120_000, "JPY"), "JPY 120,000");
        assert_eq!(money(1_200, "points"), "points 1,200 minor units");
        assert_eq!(decimal(1234.5, 1), "1,234.5");
    }

    #[test]
    fn evidence_is_one_line_with_its_ids() {
        let value = serde_json::json!({"payment": "pay-17", "off_by": 1250, "entries": ["e1", "e2"]});
        assert_eq!(evidence(&value), "payment pay-17, off by 1250, entries (e1, e2)");
    }
}
