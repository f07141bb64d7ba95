//! The fuzz targets of `fuzz/`, run over their corpus and over seeded mutations of it: bounded, and the same every time.
//! `PLIMSOLL_FUZZ=100000 cargo test --test it -- fuzz::` tries that many of each, and others with `PLIMSOLL_FUZZ_SEED=2`.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use plimsoll::seed::Seed;
use plimsoll::stats::Draws;

use crate::program::root;

/// How long one input may take: a thousand times what the slowest takes, for machines that are busy.
const LIMIT: Duration = Duration::from_secs(30);

/// The largest input: as large as an answer may be.
const BYTES_MAX: usize = 1 << 20;

/// What texts of ours are made of, and what breaks parsers.
const PIECES: [&str; 40] = [
    "{{",
    "}}",
    "{{x}}",
    "{",
    "}",
    "[",
    "]",
    "$",
    ".",
    "/",
    "@",
    "\"",
    "'",
    "<",
    ">",
    "<a>",
    "</a>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "&amp;",
    "&#0;",
    "xmlns:a=\"b\" ",
    " a=\"b\"",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "&a ",
    "*a",
    "!!binary ",
    "|",
    "~",
    "-1",
    "99999999999999999999",
    "é",
    "\u{feff}",
    "\\u0000",
];

fn number(name: &str, unless: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(unless)
}

/// Every file below these folders of the repository, in order of their names.
fn corpus(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing in {folders:?}");
    paths.iter().map(|path| fs::read(path).expect("readable")).collect()
}

fn below(draws: &mut Draws, n: usize) -> usize {
    usize::try_from(draws.below(n as u64)).expect("below a usize")
}

/// One of the corpus, changed in a few places: cut, doubled, repeated many times over, mixed with another, replaced.
fn mutated(corpus: &[Vec<u8>], draws: &mut Draws) -> Vec<u8> {
    let mut data = corpus[below(draws, corpus.len())].clone();
    for _ in 0..=below(draws, 5) {
        let start = below(draws, data.len() + 1);
        let end = (start + below(draws, 24)).min(data.len());
        let put = match below(draws, 8) {
            0 => Vec::new(),
            1 => data[start..end].repeat(2),
            // Depth and length: what is harmless once may not be a thousand times over.
            2 => data[start..end].repeat(1 << below(draws, 14)),
            3 => PIECES[below(draws, PIECES.len())].repeat(1 << below(draws, 14)).into_bytes(),
            4 => {
                let other = &corpus[below(draws, corpus.len())];
                let from = below(draws, other.len() + 1);
                other[from..(from + below(draws, 200)).min(other.len())].to_vec()
            }
            5 => vec![u8::try_from(below(draws, 256)).expect("a byte")],
            _ => PIECES[below(draws, PIECES.len())].as_bytes().to_vec(),
        };
        data.splice(start..end, put);
        data.truncate(BYTES_MAX);
    }
    data
}

/// Runs `target` over the corpus and `n` mutations of it. What panics, hangs or needs more stack than a thread has fails,
/// with its number.
fn fuzz(target: fn(&[u8]), corpus: Vec<Vec<u8>>, n: u64) {
    let n = number("PLIMSOLL_FUZZ", n);
    let seed = Seed(number("PLIMSOLL_FUZZ_SEED", 1));
    let (tell, told) = channel();
    let worker = std::thread::spawn(move || {
        for data in &corpus {
            target(data);
        }
        for nth in 0..n {
            let _ = tell.send(nth);
            target(&mutated(&corpus, &mut Draws::new(seed, "mutation", nth)));
        }
    });
    let mut last = None;
    loop {
        match told.recv_timeout(LIMIT) {
            Ok(nth) => last = Some(nth),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("seed {seed}, mutation {last:?} hangs"),
        }
    }
    assert!(worker.join().is_ok(), "seed {seed}, mutation {last:?} panicked");
}

#[test]
fn templates_stand_any_text() {
    fuzz(targets::template, corpus(&["fuzz/corpus/template", "scenarios"]), 4_000);
}

#[test]
fn scenarios_stand_any_text() {
    fuzz(targets::scenario, corpus(&["scenarios", "tests/fixtures/check"]), 600);
}

#[test]
fn captures_stand_any_answer() {
    fuzz(targets::capture, corpus(&["fuzz/corpus/capture"]), 4_000);
}
