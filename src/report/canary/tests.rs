use super::sample;
use crate::judge::RunFacts;
use crate::measure::Measures;
use crate::report::testing::{check_balanced, check_golden};
use crate::report::{Page, html, plot, render_junit, render_markdown};

fn page(facts: &RunFacts) -> String {
    html::render_html(&Page {
        verdict: &sample::verdict(),
        facts,
        measures: &Measures::default(),
        scenario_text: "name: smoke",
        plan_text: "{}",
        canary: Some(&sample::shown()),
        search: None,
        directory: "reports/out/r7k2m9",
    })
}

#[test]
fn a_pull_request_sees_both_releases_side_by_side() {
    check_golden("canary.summary.md", &render_markdown(&sample::verdict(), "reports/out/r7k2m9"));
}

#[test]
fn the_page_shows_every_metric_and_plot() {
    let page = page(&crate::report::sample::facts());
    check_balanced(&page);
    for text in
        ["1.80 [1.55, …]", "canary_evidence", "canary_times", "canary_ratio_response_p99", "decided after 14 of 24"]
    {
        assert!(page.contains(text), "{text} is missing");
    }
}

#[test]
fn a_hold_is_called_a_hold_everywhere_and_is_not_green() {
    let mut file = sample::verdict();
    (file.verdict, file.exit_code) = ("inconclusive".to_owned(), 4);
    let part = file.canary.as_mut().expect("a comparison");
    "hold".clone_into(&mut part.state);
    "hold".clone_into(&mut part.metrics[2].state);
    assert!(render_markdown(&file, "d").starts_with("## ⚠️ HOLD: "));
    let xml = render_junit(&file);
    assert!(xml.contains("<testsuite name=\"comparison\" tests=\"3\" failures=\"1\""), "{xml}");
    assert!(!xml.contains("name=\"objectives\""), "both releases may miss them");
}

#[test]
fn a_comparison_without_looks_still_has_its_plots() {
    let plots = plot::of_canary(&crate::canary::CanarySeries::default());
    assert_eq!(plots.len(), 2);
    assert!(plots.iter().all(|plot| plot.svg.contains("no data")));
}
