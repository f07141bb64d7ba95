//! The re-implementation of Kayenta's rule against Kayenta's own documented cases.

use serde_json::Value;

use crate::kayenta::{Class, Direction, Missing, classify, score, shift};
use crate::size::Size;
use crate::table::Out;

/// Copied with source and licence, see `note` in the file.
const CASES: &str = include_str!("data/kayenta_cases.json");
/// The root finder behind R's printed values stops at 1e-4.
const ROOT_TOLERANCE: f64 = 1e-4;

/// Checks every case.
pub(crate) fn run(_: Size, out: &mut Out) {
    out.title("Kayenta's rule, written again");
    let cases: Value = serde_json::from_str(CASES).unwrap_or_default();
    let list = |name: &str| cases[name].as_array().cloned().unwrap_or_default();
    let (classified, shifts) = (list("classify"), list("shift"));
    out.check(classified.len() == 20 && shifts.len() == 3, "the cases of Kayenta are there");
    for case in &classified {
        let got = classify(
            &numbers(&case["control"]),
            &numbers(&case["experiment"]),
            direction(&case["direction"]),
            if case["nan"] == "replace" { Missing::Replace } else { Missing::Remove },
            case["tolerance"].as_f64().unwrap_or(f64::NAN),
            case["confidence"].as_f64().unwrap_or(f64::NAN),
        );
        let word = format!("{got:?}").to_lowercase();
        out.check(case["expect"] == word.as_str(), &format!("{}: {word}, not {}", case["name"], case["expect"]));
    }
    for case in &shifts {
        let confidence = case["confidence"].as_f64().unwrap_or(f64::NAN);
        let got = shift(&numbers(&case["control"]), &numbers(&case["experiment"]), confidence);
        let near = |value: f64, name: &str| case[name].as_f64().is_some_and(|v| (v - value).abs() <= ROOT_TOLERANCE);
        let agrees = got.is_some_and(|s| near(s.low, "low") && near(s.high, "high") && near(s.estimate, "estimate"));
        out.check(agrees, &format!("{}: {got:?}", case["name"]));
    }
    // What fails open in Kayenta, on purpose the same here.
    out.check(score(&[Class::Pass, Class::Nodata, Class::Error]) > 99.0, "metrics without a result leave the score");
    let one = classify(&[1.0], &[50.0], Direction::Increase, Missing::Remove, 0.25, 0.98);
    out.check(one == Class::Error, &format!("one point an arm cannot be classified, got {one:?}"));
    out.line(&format!(
        "Kayenta's rule agrees with {} documented classifications and {} intervals of R.",
        classified.len(),
        shifts.len()
    ));
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_f64).collect()).unwrap_or_default()
}

fn direction(value: &Value) -> Direction {
    match value.as_str() {
        Some("increase") => Direction::Increase,
        Some("decrease") => Direction::Decrease,
        _ => Direction::Either,
    }
}
