//! What is fuzzed, and what must hold whatever the bytes are: nothing panics, nothing hangs, and what was accepted can be used.

use std::collections::BTreeMap;

use plimsoll::engine::{Keys, Program, captured};
use plimsoll::plan::{Overrides, Plan, PlanInputs};
use plimsoll::scenario::check::read_scenario;
use plimsoll::scenario::diagnostic::render_diagnostics;
use plimsoll::scenario::model::{Capture, CaptureFrom, Scenario};
use plimsoll::scenario::template::{Part, Template};
use plimsoll::seed::Seed;

/// A template: what is read is written back the same, and is filled in.
pub(crate) fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(template) = Template::parse(&text) else { return };
    let written: String = template
        .parts()
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.to_string(),
            Part::Var(name) => format!("{{{{{name}}}}}"),
        })
        .collect();
    assert_eq!(Template::parse(&written).as_ref(), Ok(&template), "{written:?}");
    let n_vars = template.vars().count();
    let filled = template.render(|_| Some("x".into())).expect("every variable has a value");
    assert!(n_vars <= filled.len());
    assert_eq!(template.render(|_| None).is_ok(), n_vars == 0);
    assert!(template.sole_var().is_none() || n_vars == 1);
}

/// A scenario: each problem has its place in the text; what passes the check is planned, and its steps compile.
pub(crate) fn scenario(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match read_scenario("fuzzed.yaml", &text) {
        Ok(checked) => {
            assert!(checked.warnings.iter().all(|warning| !warning.is_error()));
            use_scenario(&checked.scenario);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            for span in problems.iter().filter_map(|problem| problem.span.as_ref()) {
                assert!(text.get(span.start..span.end).is_some(), "{span:?} is not in the text");
            }
            assert!(!render_diagnostics(&problems, false).is_empty());
        }
    }
}

/// What the run does with a scenario that was checked, as far as it needs no files.
fn use_scenario(scenario: &Scenario) {
    // Accounts are made one by one, which is allowed to take as long as there are many.
    let n_accounts: u64 = scenario.accounts.values().map(|group| u64::from(group.count)).sum();
    if n_accounts > 20_000 {
        return;
    }
    let plan = Plan::new(PlanInputs {
        scenario,
        scenario_sha256: String::new(),
        shape: None,
        trace: None,
        data: &[],
        seed: Seed(1),
        overrides: Overrides::default(),
    });
    // A shape, a trace or data that is not there.
    let Ok(plan) = plan else { return };
    let run = plimsoll::id::RunId::parse("r0fuzz").expect("a name");
    let some: Vec<_> = plan.journeys(&run).take(20).collect();
    assert!(some.is_sorted_by_key(|journey| journey.due));
    // A key that is not there.
    let _ = Program::compile(scenario, &plan, &Keys::default(), "http://127.0.0.1:1");
}

/// An answer: the first line says what is captured (`$.a`, `/a/b`, `header x-a`, `regex a(b)`), the second is the media type,
/// the rest is the body. What is found is text that was there.
pub(crate) fn capture(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (what, media_type, body) = (String::from_utf8_lossy(line()), line(), line());
    let given = match what.split_once(' ') {
        Some(("header", name)) => elsewhere("header", name),
        Some(("regex", pattern)) => elsewhere("regex", pattern),
        _ => Capture::Path(what.clone().into_owned()),
    };
    let given = BTreeMap::from([("it".to_owned(), given)]);
    let Ok(found) = captured(&given, media_type, body) else { return };
    if let (Some(("regex", _)), Some((_, text))) = (what.split_once(' '), found.first()) {
        assert!(String::from_utf8_lossy(body).contains(text.as_str()), "{text:?} was not there");
    }
}

fn elsewhere(kind: &str, value: &str) -> Capture {
    Capture::Elsewhere(match kind {
        "header" => CaptureFrom::Header(value.to_owned()),
        _ => CaptureFrom::Regex(value.to_owned()),
    })
}
