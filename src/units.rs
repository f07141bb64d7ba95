//! Numbers with units as people write them in files: `250ms`, `0.1 %`, `200/s`.
//!
//! Reading is exact where the value is (a [`Span`] is whole nanoseconds), and refuses what it would have to
//! guess: no unit, two units, signs, exponents.

use crate::time::Span;

/// Units of time, the longest name first among those that end alike, with their nanoseconds.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The span written as a decimal number and one unit: `40us`, `250ms`, `1.5s`, `2m`, `1h`; a space between
/// them is allowed. `None` for anything else, and for spans finer than a nanosecond or above 584 years.
pub fn parse_span(text: &str) -> Option<Span> {
    let text = text.trim();
    let (number, ns) =
        UNITS.iter().find_map(|&(unit, ns)| text.strip_suffix(unit).map(|number| (number.trim_end(), ns)))?;
    let (whole, part) = split_decimal(number)?;
    let mut total = if whole.is_empty() { 0 } else { whole.parse::<u128>().ok()?.checked_mul(ns)? };
    let mut place = ns;
    for digit in part.bytes() {
        if place % 10 != 0 && digit != b'0' {
            // Finer than a nanosecond.
            return None;
        }
        place /= 10;
        total = total.checked_add(u128::from(digit - b'0').checked_mul(place)?)?;
    }
    u64::try_from(total).ok().map(Span::from_nanos)
}

/// `span` as text that [`parse_span`] reads back to the same nanosecond: whole hours and minutes as such, anything else in
/// the largest unit up to seconds that leaves a digit before the point: `10h`, `5m`, `90s`, `1.5s`, `250ms`, `0s`.
pub fn span_text(span: Span) -> String {
    const MINUTE: u64 = 60_000_000_000;
    let ns = span.as_nanos();
    if ns > 0 && ns.is_multiple_of(MINUTE) {
        let minutes = ns / MINUTE;
        return if minutes.is_multiple_of(60) { format!("{}h", minutes / 60) } else { format!("{minutes}m") };
    }
    let (unit, size, places) = match ns {
        0 => return String::from("0s"),
        1..1_000 => ("ns", 1, 0),
        1_000..1_000_000 => ("us", 1_000, 3),
        1_000_000..1_000_000_000 => ("ms", 1_000_000, 6),
        _ => ("s", 1_000_000_000, 9),
    };
    let (whole, rest) = (ns / size, ns % size);
    if rest == 0 {
        return format!("{whole}{unit}");
    }
    let digits = format!("{rest:0places$}");
    format!("{whole}.{}{unit}", digits.trim_end_matches('0'))
}

/// The ratio written as a percentage: `0.1 %` and `0.1%` are 0.001. `None` without the sign, for negative
/// numbers, and for exponents. Above 100 % is read: whether it makes sense is the caller's question.
pub fn parse_percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    plain_number(number).map(|n| n / 100.0)
}

/// The rate written as a number per unit of time: `200/s`, `12000/min`, `7200/h`, in events per second.
pub fn parse_rate(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once('/')?;
    let seconds = match unit.trim_start() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    plain_number(number.trim_end()).map(|n| n / seconds)
}

fn plain_number(number: &str) -> Option<f64> {
    split_decimal(number)?;
    number.parse().ok().filter(|n: &f64| n.is_finite())
}

/// The digits before and after the point; `None` unless there is nothing but digits and at most one point,
/// with at least one digit before it.
fn split_decimal(number: &str) -> Option<(&str, &str)> {
    let (whole, part) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some(both) => both,
        None => (number, ""),
    };
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    (!whole.is_empty() && plain(whole) && plain(part)).then_some((whole, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_to_the_nanosecond() {
        let table = [
            ("40us", 40_000),
            ("40 µs", 40_000),
            ("250ms", 250_000_000),
            ("12.25 ms", 12_250_000),
            ("1.5s", 1_500_000_000),
            ("0s", 0),
            ("0.000000001s", 1),
            ("2m", 120_000_000_000),
            ("1.5min", 90_000_000_000),
            ("1h", 3_600_000_000_000),
        ];
        for (text, ns) in table {
            assert_eq!(parse_span(text), Some(Span::from_nanos(ns)), "{text}");
        }
    }

    #[test]
    fn spans_that_need_a_guess_are_refused() {
        for text in ["", "s", "12", "-1s", "+1s", "1e3s", "1m30s", ".5s", "5.s", "0.5ns", "1 d", "99999999999h"] {
            assert_eq!(parse_span(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_span_reads_back_from_its_text() {
        for ns in [0, 1, 999, 1_500, 250_000_000, 12_250_001, 1_500_000_000, 90_000_000_001, 300_000_000_000, u64::MAX]
        {
            let span = Span::from_nanos(ns);
            assert_eq!(parse_span(&span_text(span)), Some(span), "{}", span_text(span));
        }
        let of_seconds = [59, 60, 90, 300, 3_600, 36_000, 0].map(|s| span_text(Span::from_secs(s)));
        assert_eq!(of_seconds, ["59s", "1m", "90s", "5m", "1h", "10h", "0s"]);
        assert_eq!(span_text(Span::from_millis(1_500)), "1.5s");
        assert_eq!(span_text(Span::from_micros(12_250)), "12.25ms");
    }

    #[test]
    fn percentages_and_rates_are_read_with_their_units_only() {
        assert_eq!(parse_percent("0.1 %"), Some(0.001));
        assert_eq!(parse_percent("100%"), Some(1.0));
        assert_eq!(parse_rate("200/s"), Some(200.0));
        assert_eq!(parse_rate("12000/min"), Some(200.0));
        assert_eq!(parse_rate("7200 / h"), Some(2.0));
        for text in ["0.1", "%", "-1%", "NaN%", "1e1%"] {
            assert_eq!(parse_percent(text), None, "{text:?}");
        }
        for text in ["200", "200/d", "/s", "-1/s", "inf/s"] {
            assert_eq!(parse_rate(text), None, "{text:?}");
        }
    }
}
