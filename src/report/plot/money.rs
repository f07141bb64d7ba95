//! The books side by side, in money: one plot for each currency.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::chart::{Chart, Key, Layer, Swatch};
use super::style::{BLUE, HEIGHT, INK, ORANGE, PALE_BLUE, RED};
use super::{Plot, draw};
use crate::measure::MoneyRow;
use crate::money::Currency;
use crate::report::words;

type Book = fn(&MoneyRow) -> Option<(u64, i64)>;

/// What each book says, from the top of a group down.
const BOOKS: [(&str, RGBColor, Book); 4] = [
    ("asked (seen by our client)", PALE_BLUE, |row| row.asked),
    ("platform", BLUE, |row| row.platform),
    ("posted", INK, |row| row.posted),
    ("bank", ORANGE, |row| row.channel),
];

/// More kinds than this stay in the table.
const KINDS_MAX: usize = 10;

/// One plot for each currency, in code order; one that says so if there is none.
pub(super) fn plots(rows: &[MoneyRow]) -> Vec<Plot> {
    let mut codes: Vec<&str> = rows.iter().map(|row| row.currency.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() {
        return vec![plot("money", "", &[])];
    }
    let of = |code: &str| rows.iter().filter(|row| row.currency == code).collect::<Vec<_>>();
    codes.iter().enumerate().map(|(idx, code)| plot(&name(code, idx), code, &of(code))).collect()
}

/// Fit for a file name and an id, whatever the code is.
fn name(code: &str, idx: usize) -> String {
    match Currency::parse(code) {
        Some(_) => format!("money-{}", code.to_ascii_lowercase()),
        None => format!("money-{idx}"),
    }
}

fn plot(name: &str, code: &str, rows: &[&MoneyRow]) -> Plot {
    let shown = &rows[..rows.len().min(KINDS_MAX)];
    let unit = minor_units(code);
    let bar = |book: Book, row: &MoneyRow| book(row).map(|(_, minor)| minor as f64 / unit);
    // Of every kind the bars of all books and a gap of one bar, counted from the top.
    let n_slots = BOOKS.len() + 1;
    let rows_high = (shown.len().max(1) * n_slots) as f64;
    let (mut layers, mut ticks, mut words_of_rows) = (Vec::new(), Vec::new(), Vec::new());
    let mut highest = 0.0_f64;
    for (idx, row) in shown.iter().enumerate() {
        let top = rows_high - (idx * n_slots) as f64 - 0.5;
        for (slot, &(_, ink, book)) in BOOKS.iter().enumerate() {
            let Some(value) = bar(book, row) else { continue };
            highest = highest.max(value);
            let y = top - slot as f64;
            layers.push(Layer::Box { from: (0.0, y - 0.95), to: (value.max(0.0), y - 0.05), ink });
        }
        let middle = top - BOOKS.len() as f64 / 2.0;
        ticks.push((middle, shorten(&row.what)));
        let (text, ink) = match agreement(row) {
            Agreement::Differ(minor) => (format!("differ by {}", number(minor, code)), RED),
            Agreement::CountsDiffer => ("counts differ".to_owned(), RED),
            Agreement::Agree => ("agree".to_owned(), GREEN_TEXT),
            Agreement::OneBook => ("one book only".to_owned(), INK),
        };
        words_of_rows.push(format!("{}: {text}", row.what));
        layers.push(Layer::Note { at: (f64::INFINITY, middle), dx: 18, text, ink });
    }
    ticks.reverse();
    let x = Axis::from_zero(format!("sum ({})", if code.is_empty() { "money" } else { code }), highest);
    let chart = Chart {
        name: name.to_owned(),
        title: format!("Money in the books{}{code}", if code.is_empty() { "" } else { ", " }),
        description: format!("Sums by kind and book. {}.", words_of_rows.join("; ")),
        x,
        y: Axis::with_ticks("", 0.0, rows_high, ticks),
        layers,
        legend: BOOKS.iter().map(|&(name, ink, _)| Key::new(name, ink, Swatch::Area)).collect(),
        height: height(shown.len()),
        right: 300,
        is_empty: rows.is_empty(),
    };
    let rest = rows.len() - shown.len();
    let more = if rest > 0 { format!(" {rest} more kinds are in the table.") } else { String::new() };
    Plot {
        svg: draw::draw(&chart),
        name: chart.name,
        title: chart.title,
        caption: format!(
            "For each kind from the top: what our client saw succeed, what the platform says succeeded, what its ledger \
             posted, and what the bank did. Platform, ledger and bank must agree; what was asked may be less, as an \
             answer can get lost.{more}"
        ),
    }
}

/// Green dark enough for text.
const GREEN_TEXT: RGBColor = RGBColor(0x0b, 0x6b, 0x3a);

/// What the platform, its ledger and the bank have to say about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Agreement {
    /// Counts and sums are equal in all books that were read.
    Agree,
    /// The sums differ by at most this much.
    Differ(i64),
    /// The sums are equal, the counts are not.
    CountsDiffer,
    /// Fewer than two books have such a line: nothing to compare.
    OneBook,
}

/// Compares the books of one row. What was asked is left out: the client may not have learned of a success.
pub(in crate::report) fn agreement(row: &MoneyRow) -> Agreement {
    let books: Vec<(u64, i64)> = [row.platform, row.posted, row.channel].into_iter().flatten().collect();
    let sums = || books.iter().map(|&(_, sum)| sum);
    match (sums().min(), sums().max()) {
        (Some(low), Some(high)) if books.len() > 1 => {
            if low != high {
                Agreement::Differ(high.saturating_sub(low))
            } else if books.iter().any(|&(n, _)| n != books[0].0) {
                Agreement::CountsDiffer
            } else {
                Agreement::Agree
            }
        }
        _ => Agreement::OneBook,
    }
}

fn minor_units(code: &str) -> f64 {
    let exponent = Currency::parse(code).map_or(0, |currency| currency.exponent());
    10_f64.powi(i32::try_from(exponent).unwrap_or(0))
}

/// The amount without its code, which stands in the title.
fn number(minor: i64, code: &str) -> String {
    let shown = words::money(minor, code);
    shown.strip_prefix(code).map_or(shown.clone(), |rest| rest.trim_start().to_owned())
}

fn shorten(what: &str) -> String {
    const MAX: usize = 30;
    if what.chars().count() <= MAX {
        return what.to_owned();
    }
    what.chars().take(MAX - 1).chain(['…']).collect()
}

fn height(n_kinds: usize) -> u32 {
    let rows = u32::try_from(n_kinds.max(2)).unwrap_or(u32::MAX).saturating_mul(112);
    rows.saturating_add(200).max(HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(platform: Option<(u64, i64)>, posted: Option<(u64, i64)>, channel: Option<(u64, i64)>) -> MoneyRow {
        MoneyRow { platform, posted, channel, ..MoneyRow::default() }
    }

    #[test]
    fn a_missing_cent_is_a_difference_and_a_missing_book_is_not() {
        let same = Some((3, 100));
        assert_eq!(agreement(&row(same, same, same)), Agreement::Agree);
        assert_eq!(agreement(&row(same, same, None)), Agreement::Agree);
        assert_eq!(agreement(&row(same, Some((3, 99)), Some((3, 102)))), Agreement::Differ(3));
        assert_eq!(agreement(&row(same, Some((2, 100)), None)), Agreement::CountsDiffer);
        assert_eq!(agreement(&row(None, None, same)), Agreement::OneBook);
    }

    #[test]
    fn each_currency_has_a_plot_of_its_own() {
        let of = |code: &str| MoneyRow { currency: code.to_owned(), ..row(Some((1, 5)), Some((1, 5)), None) };
        let names: Vec<String> = plots(&[of("USD"), of("CNY"), of("USD")]).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["money-cny", "money-usd"]);
    }
}
