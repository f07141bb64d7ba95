//! How far the verdicts can be trusted: false alarms, power and coverage, measured in virtual time.
//!
//! `ci/calibrate quick` is part of the test command; `ci/calibrate full` writes what the README quotes. Everything
//! is seeded, so the same code prints the same figures on any machine. Exit code 1 if a figure is not as promised.

mod canary;
mod capacity;
mod failure_rate;
mod kayenta;
mod kayenta_cases;
mod parallel;
mod sequences;
mod size;
mod streams;
mod table;
mod weather;

use std::process::ExitCode;

use size::Size;
use table::Out;

/// Error probability that the judges are asked for.
const ALPHA: f64 = 0.05;

type Section = (&'static str, fn(Size, &mut Out));

/// What is measured; any of the names on the command line leaves out the others.
const SECTIONS: [Section; 5] = [
    ("failures", failure_rate::run),
    ("sequences", sequences::run),
    ("canary", canary::run),
    ("capacity", capacity::run),
    ("kayenta", kayenta_cases::run),
];

fn main() -> ExitCode {
    // Cargo adds flags of its own; only the known words count.
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_said = |word: &str| words.iter().any(|w| w == word);
    let size = if is_said("full") { Size::Full } else { Size::Quick };
    let mut out = Out::new(Box::new(std::io::stdout().lock()));
    out.line("# How far the verdicts can be trusted");
    out.line(
        "Printed by `ci/calibrate full`: simulations in virtual time with a fixed seed, so the same code prints the same \
         figures. Brackets are 95 % intervals of the figures themselves (Clopper and Pearson); \"at most α\" is checked at \
         their upper ends.",
    );
    let is_asked = |name: &str| is_said(name) || !SECTIONS.iter().any(|(other, _)| is_said(other));
    for (name, run) in SECTIONS {
        if is_asked(name) {
            run(size, &mut out);
        }
    }
    if out.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
