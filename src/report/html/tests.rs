use super::*;
use crate::report::sample;
use crate::report::testing::check_balanced;

const SCENARIO: &str = include_str!("../../../scenarios/marketplace_day.yaml");

fn render(verdict: &VerdictFile) -> String {
    let measures = if verdict.verdict == "fail" { sample::measures() } else { sample::clean_measures() };
    render_html(&Page {
        verdict,
        facts: &sample::facts(),
        measures: &measures,
        scenario_text: SCENARIO,
        plan_text: "{ \"journeys\": 12332 }",
        search: None,
        canary: None,
        directory: "reports/out/r7k2m9",
    })
}

#[test]
fn the_page_is_well_formed_in_every_verdict() {
    for verdict in [sample::passed(), sample::failed(), sample::inconclusive()] {
        check_balanced(&render(&verdict));
    }
}

#[test]
fn the_page_needs_no_network_and_no_script() {
    let page = render(&sample::failed());
    for outside in ["http:", "https:", "//cdn", "src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "`{outside}` stands on the page");
    }
}

#[test]
fn no_id_stands_twice_and_every_reference_has_its_target() {
    let page = render(&sample::failed());
    let values = |name: &str| -> Vec<&str> {
        let start = format!(" {name}=\"");
        page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    };
    let mut ids = values("id");
    let n_ids = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids);
    for target in values("aria-labelledby").into_iter().flat_map(str::split_whitespace) {
        assert!(ids.contains(&target), "nothing has the id `{target}`");
    }
}

const EVIL: &str = "<script>alert(1)</script>\"'&";

/// The same record with every text in it replaced.
fn poisoned<T: serde::Serialize + serde::de::DeserializeOwned>(record: &T) -> T {
    fn poison(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => EVIL.clone_into(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(poison),
            serde_json::Value::Object(fields) => fields.values_mut().for_each(poison),
            _ => (),
        }
    }
    let mut value = serde_json::to_value(record).expect("records are plain data");
    poison(&mut value);
    serde_json::from_value(value).expect("texts may be anything")
}

#[test]
fn text_from_outside_cannot_become_markup() {
    let mut verdict = poisoned(&sample::failed());
    // Names of fields are text from outside as well where they are keys of a map.
    "violated".clone_into(&mut verdict.invariants[2].verdict);
    verdict.invariants[2].worst = Some(serde_json::json!({ EVIL: [EVIL, { EVIL: EVIL }] }));
    verdict.invariants[2].money = [(EVIL.to_owned(), 7)].into();
    verdict.invariants[3].why = Some(EVIL.to_owned());
    verdict.audit.channel_saturated = vec![EVIL.to_owned()];
    verdict.audit.channel_late_p99_us = [(EVIL.to_owned(), 1.0)].into();
    let mut facts = sample::facts();
    let end = facts.end.as_mut().expect("the sample ended");
    (end.why, end.still_open, end.is_quiescent) = (Some(EVIL.to_owned()), Some(EVIL.to_owned()), false);
    let page = render_html(&Page {
        verdict: &verdict,
        facts: &poisoned(&facts),
        measures: &poisoned(&sample::measures()),
        scenario_text: EVIL,
        plan_text: EVIL,
        search: None,
        canary: None,
        directory: EVIL,
    });
    let at = page.to_lowercase().find("<script");
    assert_eq!(at.map(|at| &page[at.saturating_sub(200)..at + 30]), None);
    assert!(page.matches("&lt;script&gt;").count() > 60, "the texts are shown, not lost");
    check_balanced(&page);
}

#[test]
fn the_verdict_and_the_evidence_of_what_was_violated_are_on_the_page() {
    let page = render(&sample::failed());
    assert!(page.contains("<span class=\"word\">FAIL</span> marketplace_day"));
    assert!(page.contains("refund r7k2m9-8120-1, asked 1, posted 2, money CNY 125.00, at +43.007 s"));
    assert!(page.contains("3 violations among 13,259 checked, CNY 262.50."));
    assert!(page.contains("plimsoll judge reports/out/r7k2m9"));
}

#[test]
fn a_crashed_run_without_any_measures_still_has_a_page() {
    let mut facts = sample::facts();
    facts.end = None;
    let page = render_html(&Page {
        verdict: &sample::inconclusive(),
        facts: &facts,
        measures: &Measures::default(),
        scenario_text: "",
        plan_text: "",
        search: None,
        canary: None,
        directory: "d",
    });
    check_balanced(&page);
    assert!(page.contains("has no end on record"));
}

#[test]
fn a_long_plan_is_cut_between_characters() {
    let plan = "é".repeat(PLAN_CHARS_MAX + 1);
    let measures = Measures::default();
    let (verdict, facts) = (sample::passed(), sample::facts());
    let page = Page {
        verdict: &verdict,
        facts: &facts,
        measures: &measures,
        scenario_text: "",
        plan_text: &plan,
        search: None,
        canary: None,
        directory: "d",
    };
    assert!(render_html(&page).contains("The first 4,000 characters of <code>plan.json</code>."));
}
