use super::{money, overloaded, share, spotless};
use crate::capacity::evidence::StepEvidence;
use crate::capacity::{Action, LoadLine, Probe, Search, SearchSettings, SettingsError, StepOutcome, StepVerdict};
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::Span;
use crate::verdict::Verdict;

fn settings() -> SearchSettings {
    SearchSettings {
        start: 100.0,
        min: 10.0,
        max: 10_000.0,
        width: 0.05,
        budget: Span::from_secs(180),
        confidence: 0.95,
        step_time: Span::from_secs(8),
        warm_up: Span::from_secs(1),
        overhead: Span::from_secs(3),
        seed: Seed(7),
    }
}

/// Searches a target that answers each probe by `target`; probes are numbered from 1.
fn search(settings: SearchSettings, target: impl Fn(&Probe) -> StepEvidence) -> LoadLine {
    let budget = settings.budget;
    let mut search = Search::new(settings).expect("sound settings");
    for _ in 0..1_000 {
        match search.next() {
            Action::Probe(probe) => {
                let took = took(&probe);
                let evidence = Some(target(&probe));
                search.take(StepOutcome { probe, evidence, took, is_interrupted: false });
            }
            Action::Done(line) => {
                assert!(line.search_s <= budget.as_secs_f64(), "{} s spent", line.search_s);
                return *line;
            }
        }
    }
    panic!("the search does not end by itself");
}

/// With three seconds around it.
fn took(probe: &Probe) -> Span {
    Span::from_nanos(probe.lasts.as_nanos() + 3_000_000_000)
}

fn knee(capacity: f64) -> impl Fn(&Probe) -> StepEvidence {
    move |probe| if probe.rate <= capacity { spotless(probe.rate) } else { overloaded(probe.rate, capacity) }
}

/// What is found of a sharp knee.
pub(super) fn found(capacity: f64) -> LoadLine {
    search(settings(), knee(capacity))
}

#[test]
fn a_sharp_knee_is_found_within_the_width_and_both_ends_are_tried_again() {
    for capacity in [37.0, 800.0, 4_321.0] {
        let line = search(settings(), knee(capacity));
        let fails = line.fails.expect("a failing end");
        assert!(line.holds <= capacity && capacity < fails, "{capacity} in {} to {fails}", line.holds);
        assert!(fails / line.holds <= 1.05 + 1e-9, "{} to {fails}", line.holds);
        assert_eq!(line.verdict, Verdict::Pass, "{:?}", line.reasons);
        let (low, high) = (line.retests.holds.expect("tried"), line.retests.fails.expect("tried"));
        assert!(low.probes >= 2 && low.agreed == low.probes, "{low:?}");
        assert!(high.probes >= 2 && high.agreed == high.probes, "{high:?}");
    }
}

/// Half of what may break the objective does at every rate up to the line, and beyond it half of all: no rate tells by its
/// score how near the line is. Of the scores alone the search would ask for steps of a fifth of the bracket.
#[test]
fn scores_that_do_not_tell_how_near_the_line_is_do_not_make_the_search_creep() {
    for capacity in [820.0, 1_190.0, 1_560.0] {
        let line = search(settings(), |probe| {
            let mut step = spotless(probe.rate);
            let n = 7.0 * probe.rate;
            step.objectives = vec![share(n, n * if probe.rate <= capacity { 0.005 } else { 0.5 })];
            step
        });
        let located = line
            .steps
            .iter()
            .filter(|s| s.offered_rate > 800.0 && s.offered_rate < 1_600.0)
            .map(|s| s.offered_rate.to_bits());
        let rates = located.collect::<std::collections::BTreeSet<_>>().len();
        assert!(line.holds <= capacity && line.fails.is_some_and(|fails| fails > capacity), "{line:?}");
        assert!(rates <= 7, "{rates} rates between 800/s and 1,600/s for a line at {capacity}/s");
    }
}

#[test]
fn a_target_that_never_holds_has_no_line_and_fails() {
    let line = search(settings(), |probe| overloaded(probe.rate, 1.0));
    assert_eq!((line.holds, line.verdict), (0.0, Verdict::Fail), "{:?}", line.reasons);
    assert_eq!(line.fails, Some(10.0), "down to the lowest rate");
}

#[test]
fn a_target_that_never_fails_is_inconclusive_and_has_no_upper_end() {
    let line = search(settings(), |probe| spotless(probe.rate));
    assert_eq!((line.holds, line.fails, line.verdict), (10_000.0, None, Verdict::Inconclusive));
    assert_eq!(line.binding, "none");
}

#[test]
fn where_the_harness_is_not_fit_the_generator_is_the_limit() {
    let line = search(settings(), |probe| {
        let mut step = spotless(probe.rate);
        if probe.rate > 500.0 {
            step.void = vec!["the load generator ran late".to_owned()];
        }
        step
    });
    assert!(line.holds > 450.0 && line.holds <= 500.0, "{}", line.holds);
    assert_eq!((line.fails, line.verdict), (None, Verdict::Inconclusive));
    assert!(line.reasons[0].starts_with("the generator is the limit here"), "{:?}", line.reasons);
}

#[test]
fn money_that_is_wrong_at_every_rate_gives_a_line_of_zero_bound_by_the_invariant() {
    let line = search(settings(), |probe| {
        let mut step = spotless(probe.rate);
        step.money = vec![money("paid_once", "violated")];
        step
    });
    assert_eq!((line.holds, line.binding.as_str(), line.verdict), (0.0, "paid_once", Verdict::Fail));
    assert!(line.steps.len() <= 4, "{} steps for what one shows", line.steps.len());
}

/// Between 400/s and 800/s each probe holds or fails by a coin. Whatever the search says lies in that range, and it
/// never passes on ends that did not show the same each time.
#[test]
fn a_target_that_flaps_gets_an_honest_interval() {
    let mut n_wide = 0;
    for seed in 0..40 {
        let line = search(SearchSettings { seed: Seed(seed), ..settings() }, |probe| {
            let flaps = probe.rate > 400.0 && Draws::new(Seed(probe.seed), "flap", 0).chance(0.5);
            if flaps { overloaded(probe.rate, 0.7 * probe.rate) } else { knee(800.0)(probe) }
        });
        assert!(line.holds <= 800.0, "{}", line.holds);
        assert!(line.fails.is_none_or(|fails| fails > 400.0 && fails > line.holds), "{:?}", line.fails);
        let all_agreed = [line.retests.holds, line.retests.fails].iter().flatten().all(|t| t.agreed == t.probes);
        assert!(all_agreed || line.verdict != Verdict::Pass, "{:?}", line.retests);
        n_wide += u32::from(line.verdict != Verdict::Pass);
    }
    assert!(n_wide >= 10, "only {n_wide} of 40 were not sure");
}

#[test]
fn an_interrupted_search_ends_with_what_it_has() {
    let mut search = Search::new(settings()).expect("sound settings");
    for n in 0..4 {
        let Action::Probe(probe) = search.next() else { panic!("ended early") };
        let evidence = Some(knee(250.0)(&probe));
        let took = probe.lasts;
        search.take(StepOutcome { probe, evidence, took, is_interrupted: n == 3 });
    }
    let Action::Done(line) = search.next() else { panic!("goes on after an interruption") };
    // 100, 200 and 400, which got 250 done; then half a width below that: 250 / 1.05^0.5.
    assert_eq!((line.holds, line.verdict), (244.0, Verdict::Inconclusive));
    assert_eq!(line.reasons, ["the search was interrupted; this is what it had"]);
}

#[test]
fn a_step_without_evidence_counts_as_time_and_nothing_else() {
    let mut search = Search::new(settings()).expect("sound settings");
    let Action::Probe(probe) = search.next() else { panic!("nothing to do") };
    search.take(StepOutcome { probe, evidence: None, took: Span::from_secs(20), is_interrupted: true });
    let Action::Done(line) = search.next() else { panic!("goes on") };
    assert_eq!((line.holds, line.steps.len(), line.verdict), (0.0, 0, Verdict::Inconclusive));
    assert_eq!(search.time_left(), Span::from_secs(160));
}

#[test]
fn a_search_replayed_from_its_steps_asks_and_finds_the_same() {
    let mut first = Search::new(settings()).expect("sound settings");
    let mut again = first.clone();
    while let (Action::Probe(a), Action::Probe(b)) = (first.next(), again.next()) {
        assert_eq!(a, b);
        for search in [&mut first, &mut again] {
            let evidence = Some(knee(640.0)(&a));
            let took = took(&a);
            search.take(StepOutcome { probe: a.clone(), evidence, took, is_interrupted: false });
        }
    }
    assert_eq!(first.line(), again.line());
    assert_eq!(first.line().verdict, Verdict::Pass);
}

#[test]
fn ends_are_tried_again_in_an_order_that_the_seed_decides() {
    let order = |seed: u64| {
        let line = search(SearchSettings { seed: Seed(seed), ..settings() }, knee(800.0));
        line.steps.iter().map(|s| s.verdict == StepVerdict::Holds).collect::<Vec<_>>()
    };
    let orders: std::collections::BTreeSet<Vec<bool>> = (0..20).map(order).collect();
    assert!(orders.len() > 1, "always the same order");
}

#[test]
fn a_budget_for_little_more_than_a_step_is_kept_too() {
    for budget_s in [11, 25, 40, 60] {
        let line = search(SearchSettings { budget: Span::from_secs(budget_s), ..settings() }, knee(800.0));
        assert!(!line.steps.is_empty());
    }
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    let refused = |change: fn(&mut SearchSettings)| {
        let mut s = settings();
        change(&mut s);
        Search::new(s).expect_err("unusable settings")
    };
    assert!(matches!(refused(|s| s.min = 0.0), SettingsError::Rates { .. }));
    assert!(matches!(refused(|s| s.start = 1e6), SettingsError::Rates { .. }));
    assert!(matches!(refused(|s| s.width = 0.0), SettingsError::Width(_)));
    assert!(matches!(refused(|s| s.confidence = 1.0), SettingsError::Confidence(_)));
    assert!(matches!(refused(|s| s.warm_up = Span::from_secs(8)), SettingsError::StepTime { .. }));
    assert!(matches!(refused(|s| s.budget = Span::from_secs(9)), SettingsError::Budget { .. }));
}
