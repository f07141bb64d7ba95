//! What the calibration prints: Markdown tables, and the checks that its exit code rests on.

use std::io::Write;

use plimsoll::stats::clopper_pearson;

/// Confidence of the intervals on the calibration's own figures.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// Where everything is printed, and what did not hold.
pub(crate) struct Out {
    to: Box<dyn Write>,
    broken: Vec<String>,
    n_checks: usize,
}

impl Out {
    /// An output that writes to `to`.
    pub(crate) fn new(to: Box<dyn Write>) -> Self {
        Self { to, broken: Vec::new(), n_checks: 0 }
    }

    /// A heading.
    pub(crate) fn title(&mut self, text: &str) {
        self.write(&format!("### {text}\n\n"));
    }

    /// A paragraph of its own.
    pub(crate) fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n\n"));
    }

    /// A table: `header`, then `rows` of as many cells. All columns but the first are aligned to the right.
    pub(crate) fn table<R: AsRef<[String]>>(&mut self, header: &[&str], rows: &[R]) {
        let mut text = format!("| {} |\n|---|{}\n", header.join(" | "), "---:|".repeat(header.len() - 1));
        for row in rows {
            text.extend(["| ", &row.as_ref().join(" | "), " |\n"]);
        }
        self.write(&(text + "\n"));
    }

    /// Notes `what` as broken unless it `holds`.
    pub(crate) fn check(&mut self, holds: bool, what: &str) {
        self.n_checks += 1;
        if !holds {
            self.broken.push(what.to_owned());
        }
    }

    /// Says how many checks held, and names those that did not. Whether all held.
    pub(crate) fn close(mut self) -> bool {
        let n_held = self.n_checks - self.broken.len();
        self.write(&format!("{n_held} of {} checks held.\n", self.n_checks));
        for what in std::mem::take(&mut self.broken) {
            self.write(&format!("- broken: {what}\n"));
        }
        n_held == self.n_checks
    }

    /// Where it is printed, for sections that lay out tables of their own.
    pub(crate) fn writer(&mut self) -> &mut dyn Write {
        &mut *self.to
    }

    fn write(&mut self, text: &str) {
        // A reader that left early is no reason to stop: the exit code is still wanted.
        let to = self.writer();
        let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    }
}

/// How often something happened, with its exact interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Share {
    /// How often it did.
    pub(crate) k: u64,
    /// Of how many.
    pub(crate) n: u64,
}

impl Share {
    /// Of the `true` among `seen`.
    pub(crate) fn of(seen: impl IntoIterator<Item = bool>) -> Self {
        seen.into_iter().fold(Self::default(), |s, yes| Self { k: s.k + u64::from(yes), n: s.n + 1 })
    }

    /// The share itself, 0 to 1.
    pub(crate) fn value(self) -> f64 {
        self.k as f64 / self.n as f64
    }

    /// Its interval at [`CONFIDENCE`]; all of 0 to 1 if nothing was seen.
    ///
    /// # Source
    /// C. J. Clopper and E. S. Pearson, Biometrika 26 (1934).
    pub(crate) fn interval(self) -> (f64, f64) {
        clopper_pearson(self.k as f64, self.n as f64, CONFIDENCE).unwrap_or((0.0, 1.0))
    }

    /// `1.2 % [0.8, 1.9]`.
    pub(crate) fn text(self) -> String {
        let (low, high) = self.interval();
        format!("{:.1} % [{:.1}, {:.1}]", 100.0 * self.value(), 100.0 * low, 100.0 * high)
    }
}

/// The median of `values`; infinite ones stand for "never". NaN if there are none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => values[n / 2],
        _ => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// A count for people: `48,048`; `never` if it is not finite.
pub(crate) fn count(value: f64) -> String {
    if !value.is_finite() {
        return "never".to_owned();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
