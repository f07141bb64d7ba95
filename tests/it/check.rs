//! `plimsoll check`: whole outputs for wrong files, and no panic whatever the file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use plimsoll::cli::check::{Kind, check_files, schema};
use plimsoll::cli::input::{Loaded, load_scenario};
use plimsoll::scenario::check::read_scenario;
use plimsoll::scenario::diagnostic::render_diagnostics;
use plimsoll::scenario::document::Document;
use plimsoll::scenario::model::{Arrivals, Journey, LoadModel, Scenario};
use plimsoll::scenario::read::read;
use proptest::prelude::*;
use serde_json::{Value, json};

const FIXTURES: &str = "tests/fixtures/check";

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    files
}

fn load(path: impl AsRef<Path>) -> Loaded {
    load_scenario(path.as_ref()).unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems, false)))
}

/// Every `NAME.yaml` is checked, and all that is printed compared with `NAME.err`. To accept new texts after
/// reading them: `PLIMSOLL_ACCEPT=1 cargo test --test it check`.
#[test]
fn wrong_files_are_told_as_in_the_golden_texts() {
    let is_accepting = std::env::var_os("PLIMSOLL_ACCEPT").is_some();
    let files = yaml_files(FIXTURES);
    assert!(files.len() > 25, "only {} golden pairs", files.len());
    let mut differing = Vec::new();
    for file in files {
        let told = check_files(std::slice::from_ref(&file), None).render(false);
        let golden = file.with_extension("err");
        if is_accepting {
            fs::write(&golden, &told).expect("written");
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if told != expected {
            differing.push(format!("--- {}\n{expected}\n+++ now\n{told}", golden.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn what_is_shipped_has_no_problems() {
    for folder in ["scenarios", "scenarios/shapes", "mocks"] {
        let files = yaml_files(folder);
        assert!(!files.is_empty(), "nothing in {folder}");
        let checked = check_files(&files, None);
        assert!(checked.problems.is_empty(), "{}", checked.render(false));
    }
}

#[test]
fn a_loaded_scenario_brings_all_it_names() {
    let loaded = load("scenarios/trace_replay.yaml");
    assert_eq!(
        loaded.profiles.iter().map(|p| p.profile.name.as_str()).collect::<Vec<_>>(),
        ["bank_north", "wallet_east"]
    );
    assert!(loaded.trace.is_some() && loaded.shape.is_none());
    assert_eq!(loaded.sha256.len(), 64);
}

#[test]
fn the_digest_covers_every_file_a_scenario_names() {
    let dir = tempfile::tempdir().expect("a scratch directory");
    let at = |name: &str| dir.path().join(name);
    let scenario = fs::read_to_string("tests/fixtures/check/good.yaml").expect("the good scenario");
    let bank = fs::read_to_string("mocks/bank_north.yaml").expect("a profile");
    fs::write(at("s.yaml"), scenario.replace("../../../mocks/", "")).expect("written");
    let digest = |bank: &str| {
        fs::write(at("bank_north.yaml"), bank).expect("written");
        load(at("s.yaml")).sha256
    };
    let before = digest(&bank);
    assert_eq!(digest(&bank), before);
    assert_ne!(digest(&format!("{bank}# a remark\n")), before);
}

#[test]
fn problems_as_json_have_their_places() {
    let problems = check_files(&[PathBuf::from("tests/fixtures/check/weights.yaml")], None).to_json();
    let expected = json!([{
        "file": "tests/fixtures/check/weights.yaml",
        "line": 15,
        "column": 13,
        "severity": "error",
        "message": "`weight` must not be negative, found -1",
        "label": "",
        "help": null,
    }]);
    assert_eq!(problems, expected);
}

#[test]
fn a_file_of_another_kind_is_told_as_such_when_asked_for() {
    let checked = check_files(&[PathBuf::from("mocks/bank_north.yaml")], Some(Kind::Scenario));
    let messages: Vec<&str> = checked.problems.iter().map(|p| p.message.as_str()).collect();
    assert!(
        messages.contains(&"unknown key `merchant_no`") && messages.contains(&"missing key `journeys`"),
        "{messages:?}"
    );
}

/// One small change of a text: cut out, doubled, replaced.
fn mutate(text: &str, changes: &[(usize, usize, u8)]) -> String {
    const PIECES: [&str; 24] = [
        "", " ", "\n", "\t", ":", "- ", "{", "}", "[", "]", "\"", "'", "#", "&a ", "*a", "{{", "}}", "|", ">", "~",
        "-1", "é", "\u{feff}", "? ",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, what) in changes {
        let start = at % (chars.len() + 1);
        let end = (start + length % 12).min(chars.len());
        let piece = PIECES[usize::from(*what) % PIECES.len()];
        let put: Vec<char> = match what % 3 {
            0 => chars[start..end].iter().copied().chain(chars[start..end].iter().copied()).collect(),
            _ => piece.chars().collect(),
        };
        chars.splice(start..end, put);
    }
    chars.into_iter().collect()
}

/// Made once, as it takes as long as some hundred cases.
static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema(Kind::Scenario)).expect("a schema"));

static GOOD: LazyLock<[Value; 2]> = LazyLock::new(|| {
    [include_str!("../../scenarios/marketplace_day.yaml"), include_str!("../../scenarios/stubborn_merchant.yaml")]
        .map(|text| Document::parse("good.yaml", text).expect("a good scenario").value().clone())
});

/// Every pointer of a value, in order.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => (0..).zip(items).for_each(|(n, v): (usize, _)| pointers(v, &format!("{at}/{n}"), all)),
        Value::Object(map) => map.iter().for_each(|(key, v)| {
            pointers(v, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
        }),
        _ => {}
    }
}

/// `value` with the part at `pointer` changed: another value, gone, or under another key.
fn change(value: &mut Value, pointer: &str, what: usize) {
    let instead =
        [json!(null), json!(true), json!(7), json!(-1.5), json!("x"), json!(["y"]), json!({ "z": 1 }), json!({})];
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", ""));
    let key = key.replace("~1", "/").replace("~0", "~");
    match what % (instead.len() + 2) {
        n if n < instead.len() => *value.pointer_mut(pointer).expect("it is there") = instead[n].clone(),
        n => {
            if let Some(map) = value.pointer_mut(parent).and_then(Value::as_object_mut)
                && let Some(gone) = map.remove(&key)
                && n == instead.len()
            {
                map.insert(format!("{key}_"), gone);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// An independent validator of JSON Schema and our own walk agree on which files are of the right structure.
    #[test]
    fn structure_is_judged_as_by_a_validator_of_json_schema(
        which in 0..GOOD.len(),
        changes in prop::collection::vec((any::<usize>(), any::<usize>()), 1..3),
    ) {
        let mut value = GOOD[which].clone();
        for (at, what) in changes {
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            change(&mut value, &all[at % all.len()], what);
        }
        let ours = read::<Scenario>("changed.json", &value.to_string());
        if ours.is_ok() != VALIDATOR.is_valid(&value) {
            let told = ours.err().map(|problems| render_diagnostics(&problems, false)).unwrap_or_default();
            return Err(TestCaseError::fail(format!("the two differ on {value}\n{told}")));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Whatever becomes of a good scenario: it is read, or told with a place inside the file.
    #[test]
    fn a_mutated_scenario_never_panics(
        good in prop::sample::select(vec![
            include_str!("../../scenarios/marketplace_day.yaml"),
            include_str!("../../scenarios/campaign.yaml"),
            include_str!("../../scenarios/stubborn_merchant.yaml"),
            include_str!("../../scenarios/checkout_users.yaml"),
        ]),
        changes in prop::collection::vec((any::<usize>(), any::<usize>(), any::<u8>()), 1..6),
    ) {
        let text = mutate(good, &changes);
        match read_scenario("mutated.yaml", &text) {
            Ok(checked) => {
                // Parse, don't validate: what passed the check gives values.
                let scenario = &checked.scenario;
                prop_assert!(scenario.load.streams().all(|s| s.n_expected().is_some() && s.ends().is_some()));
                let mut arrivals = scenario.load.streams().map(|s| s.arrivals);
                prop_assert!(arrivals.all(has_process));
                prop_assert_eq!(scenario.load.closed().is_some(), scenario.load.model == LoadModel::Closed);
                prop_assert!(scenario.accounts.values().all(|g| g.balance().is_some()));
                prop_assert!(scenario.journeys.values().flat_map(Journey::flat_steps).all(|s| s.kind().is_some()));
                let mut policies = scenario.journeys.values().flat_map(Journey::flat_steps).filter_map(|s| s.retry.as_ref());
                prop_assert!(policies.all(|retry| retry.back_off.rule().is_some() && retry.jitter().is_some()));
                prop_assert!(scenario.journeys.values().all(|j| j.lets.values().all(|l| l.rule().is_some())));
                prop_assert_eq!(scenario.parsed_objectives().len(), scenario.objectives.len());
                prop_assert_eq!(scenario.parsed_live_ranges().len(), scenario.live_ranges.len());
                prop_assert_eq!(scenario.abort.failed.is_some(), scenario.abort.failed().is_some());
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in &problems {
                    if let Some(span) = problem.span {
                        prop_assert!(text.get(span.start..span.end).is_some(), "{:?} is not in the text", span);
                    }
                }
                prop_assert!(!render_diagnostics(&problems, false).is_empty());
            }
        }
    }
}

fn has_process(arrivals: &Arrivals) -> bool {
    match arrivals {
        Arrivals::Gamma(gamma) => gamma.process().is_some(),
        Arrivals::Mmpp(mmpp) => mmpp.process().is_some(),
        Arrivals::Constant | Arrivals::Poisson | Arrivals::Shape | Arrivals::Trace(_) => true,
    }
}

/// The words a scenario may waive are the names the judge knows; both lists are written apart, on two floors.
#[test]
fn every_invariant_can_be_waived_by_its_name() {
    let text = fs::read_to_string("scenarios/trace_replay.yaml").expect("a scenario");
    let names: Vec<&str> = plimsoll::invariant::ALL.iter().map(|i| i.name).collect();
    let waiving = text.replace("waive: [refund_bound]", &format!("waive: [{}]", names.join(", ")));
    assert_ne!(waiving, text, "the scenario waives one by name");
    if let Err(problems) = read_scenario("waiving.yaml", &waiving) {
        panic!("{}", render_diagnostics(&problems, false));
    }
    let unknown = text.replace("waive: [refund_bound]", "waive: [refunds_bound]");
    assert!(read_scenario("unknown.yaml", &unknown).is_err());
}
