use super::sample::{broken_off, found, nothing_holds, verdict_of};
use super::*;
use crate::judge::FindingPart;
use crate::report::testing::{check_balanced, check_golden};
use crate::report::{Page, plot, render_html, render_junit, render_markdown, sample as run_sample};

fn page(search: &SearchShown) -> String {
    render_html(&Page {
        verdict: &verdict_of(search),
        facts: &run_sample::facts(),
        measures: &run_sample::clean_measures(),
        scenario_text: "name: x",
        plan_text: "{}",
        search: Some(search),
        canary: None,
        directory: "reports/out/r7k2m9",
    })
}

#[test]
fn an_interval_says_what_is_known_of_it() {
    let shown = [(790.0, Some(812.5)), (790.0, None), (0.0, Some(100.0)), (0.0, None)].map(|(h, f)| interval(h, f));
    assert_eq!(shown, ["790.0/s to 812.5/s", "790.0/s or more", "below 100.0/s", "–"]);
    assert_eq!(width(800.0, Some(840.0)), Some(0.05));
    assert_eq!([width(0.0, Some(1.0)), width(1.0, None)], [None; 2]);
}

#[test]
fn the_answer_is_one_sentence() {
    let say = |search: &SearchShown| {
        let verdict = verdict_of(search);
        headline(&verdict, &search.line.part())
    };
    assert_eq!(
        say(&found()),
        "marketplace_day carries 796.0 to 828.0 journeys/s; binding: pay: p99 response_time <= 800 ms; 9 steps in 98 s"
    );
    assert_eq!(
        say(&nothing_holds()),
        "marketplace_day carries less than 100.0 journeys/s; binding: idempotent_effect; 1 step in 98 s"
    );
    assert_eq!(say(&broken_off()), "marketplace_day: no rate was shown to hold or to fail; 1 step in 98 s");
}

#[test]
fn the_page_of_a_search_is_well_formed_and_shows_every_step() {
    for search in [found(), nothing_holds(), broken_off()] {
        let page = page(&search);
        check_balanced(&page);
        for more in &search.more {
            assert!(page.contains(&format!("href=\"{}/report.html\"", more.dir)), "{} is not linked", more.dir);
        }
    }
}

#[test]
fn every_form_of_a_found_line_reads_as_a_person_expects() {
    let verdict = verdict_of(&found());
    check_golden("capacity.summary.md", &render_markdown(&verdict, "reports/out/r7k2m9"));
    check_golden("capacity.junit.xml", &render_junit(&verdict));
}

#[test]
fn no_document_is_green_unless_the_line_was_found() {
    assert!(render_junit(&verdict_of(&found())).contains("failures=\"0\""));
    for search in [nothing_holds(), broken_off()] {
        assert!(
            !render_junit(&verdict_of(&search))
                .contains("<testsuites name=\"plimsoll marketplace_day\" tests=\"1\" failures=\"0\"")
        );
        assert!(render_junit(&verdict_of(&search)).contains("<failure"));
    }
}

#[test]
fn plots_of_a_search_have_no_holes_in_their_numbers() {
    for search in [found(), nothing_holds(), broken_off()] {
        for plot in plot::of_search(&search) {
            let svg = &plot.svg;
            assert!(!svg.contains("NaN") && !svg.contains("\"inf") && !svg.contains("inf,"), "{}: {svg}", plot.name);
            assert!(!plot.caption.is_empty() && svg.contains("<desc id="), "{}", plot.name);
        }
    }
}

#[test]
fn steps_are_told_apart_by_shape() {
    let svg = plot::of_search(&found()).into_iter().find(|p| p.name == "capacity-path").expect("the path").svg;
    for word in ["holds", "fails", "open", "interval after the step"] {
        assert!(svg.contains(&format!("\n{word}\n")), "no `{word}` in the legend");
    }
}

#[test]
fn a_comparison_says_its_effect_in_every_form() {
    let file = CompareFile {
        format: 1,
        kind: "compare".to_owned(),
        verdict: "fail".to_owned(),
        exit_code: 1,
        run: run_sample::passed().run,
        compare: ComparePart {
            old: (796.0, Some(828.0)),
            new: (612.0, Some(640.0)),
            ratio: Some(0.771),
            ratio_low: Some(0.739),
            ratio_high: Some(0.804),
            tolerance: 0.1,
        },
        findings: vec![FindingPart {
            severity: "fail".to_owned(),
            text: "the line fell by 19.6 % or more".to_owned(),
            see: None,
        }],
    };
    let said = "load line 0.771 times the old one (0.739 to 0.804); a fall beyond 10.00 % counts";
    assert_eq!(effect(&file.compare), said);
    assert!(render_compare_markdown(&file).contains(said));
    let junit = render_compare_junit(&file);
    check_balanced(&junit);
    assert!(junit.contains("failures=\"1\"") && junit.contains("type=\"fail\""));
    assert!(render_compare_json(&file).contains("\"kind\": \"compare\""));
    let unbounded = ComparePart { ratio_high: None, ..file.compare.clone() };
    assert!(effect(&unbounded).contains("(0.739 or more)"));
}
