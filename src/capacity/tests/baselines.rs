use serde_json::Value;

use super::searches::found;
use crate::capacity::{Baseline, BaselineFacts, BaselineProblem, Environment, TOLERANCE, compare};
use crate::verdict::Verdict;

fn environment() -> Environment {
    Environment {
        cores: 2,
        cpu: "a processor".to_owned(),
        memory_bytes: 8 << 30,
        kernel: "6.12".to_owned(),
        topology_sha256: "t".to_owned(),
    }
}

/// A baseline of a line between the two rates.
pub(super) fn baseline(holds: f64, fails: Option<f64>) -> Baseline {
    let mut line = found(800.0);
    (line.holds, line.fails) = (holds, fails);
    let facts = BaselineFacts {
        scenario: "checkout".to_owned(),
        scenario_sha256: "s".to_owned(),
        release: "v1".to_owned(),
        made_at: "2026-01-01T00:00:00Z".to_owned(),
        environment: environment(),
        expected_peak: Some(400.0),
    };
    Baseline::new(&line, facts)
}

fn problems(change: impl FnOnce(&mut Value)) -> Vec<BaselineProblem> {
    let mut value: Value = serde_json::from_str(&baseline(780.0, Some(819.0)).to_text()).expect("JSON");
    change(&mut value);
    Baseline::parse(&value.to_string()).expect_err("a problem").problems
}

#[test]
fn a_baseline_reads_back_as_it_was_written() {
    let written = baseline(780.0, Some(819.0));
    let read = Baseline::parse(&written.to_text()).expect("sound");
    assert_eq!(read.load_line, written.load_line);
    assert_eq!(read.steps, written.steps);
    assert_eq!(read.digest.len(), 64);
    let headroom = read.headroom.expect("a peak was given").headroom;
    assert!((headroom - 380.0 / 780.0).abs() < 1e-12);
}

#[test]
fn an_edited_baseline_is_told_from_one_that_only_moved_its_blanks() {
    let edited = problems(|v| v["load_line"]["holds"] = Value::from(700.0));
    assert!(matches!(edited[..], [BaselineProblem::Edited { .. }]), "{edited:?}");
    let text = baseline(780.0, Some(819.0)).to_text();
    let moved: Value = serde_json::from_str(&text).expect("JSON");
    assert!(Baseline::parse(&moved.to_string()).is_ok());
}

#[test]
fn another_format_is_told_and_nothing_else_guessed() {
    let found = problems(|v| v["format"] = Value::from(2));
    assert_eq!(found, [BaselineProblem::OtherFormat { found: "2".to_owned() }]);
    assert!(matches!(Baseline::parse("{").expect_err("not JSON").problems[..], [BaselineProblem::NotJson(_)]));
    assert_eq!(Baseline::parse("[]").expect_err("no object").problems, [BaselineProblem::Missing("format".to_owned())]);
}

#[test]
fn every_missing_field_is_told_at_once() {
    let found = problems(|v| {
        v.as_object_mut().expect("object").shift_remove("made_at");
        v["environment"].as_object_mut().expect("object").shift_remove("kernel");
    });
    let missing: Vec<String> =
        found.iter().filter(|p| matches!(p, BaselineProblem::Missing(_))).map(ToString::to_string).collect();
    assert_eq!(missing, ["`made_at` is missing", "`environment.kernel` is missing"]);
}

#[test]
fn the_same_line_passes_and_a_fall_of_a_fifth_fails_with_its_interval() {
    let old = baseline(780.0, Some(819.0));
    let same = compare(&old, &baseline(790.0, Some(829.5)), TOLERANCE);
    assert_eq!(same.verdict, Verdict::Pass, "{:?}", same.reasons);
    let fallen = compare(&old, &baseline(624.0, Some(655.2)), TOLERANCE);
    assert_eq!(fallen.verdict, Verdict::Fail, "{:?}", fallen.reasons);
    let effect = fallen.effect.expect("comparable");
    assert!((effect.ratio - 0.8).abs() < 1e-9);
    assert!((effect.low - 624.0 / 819.0).abs() < 1e-12 && (effect.high - 655.2 / 780.0).abs() < 1e-12);
}

/// Two intervals of 5 % that both cover one truth never differ by more than the tolerance.
#[test]
fn two_searches_of_one_build_never_differ() {
    for (i, j) in (0..=10).flat_map(|i| (0..=10).map(move |j| (i, j))) {
        let at = |n: i32| {
            let holds = 800.0 / (1.0 + 0.005 * f64::from(n));
            baseline(holds, Some(holds * 1.05))
        };
        assert_eq!(compare(&at(i), &at(j), TOLERANCE).verdict, Verdict::Pass);
    }
}

#[test]
fn what_must_match_and_does_not_is_named() {
    let old = baseline(780.0, Some(819.0));
    let mut new = old.clone();
    (new.environment.cores, new.environment.kernel) = (8, "7.0".to_owned());
    new.scenario_sha256 = "other".to_owned();
    let compared = compare(&old, &new, TOLERANCE);
    assert_eq!((compared.verdict, compared.effect), (Verdict::Inconclusive, None));
    assert_eq!(
        compared.reasons,
        [
            "the scenario differs: `s` then, `other` now",
            "the cores differs: `2` then, `8` now",
            "the kernel differs: `6.12` then, `7.0` now"
        ]
    );
}

#[test]
fn lines_known_too_roughly_are_inconclusive_and_none_at_all_too() {
    let old = baseline(780.0, Some(819.0));
    assert_eq!(compare(&old, &baseline(500.0, Some(900.0)), TOLERANCE).verdict, Verdict::Inconclusive);
    assert_eq!(compare(&baseline(0.0, Some(10.0)), &old, TOLERANCE).verdict, Verdict::Inconclusive);
    assert_eq!(compare(&old, &baseline(0.0, Some(10.0)), TOLERANCE).verdict, Verdict::Fail);
    assert_eq!(compare(&old, &baseline(900.0, None), TOLERANCE).verdict, Verdict::Pass);
}
