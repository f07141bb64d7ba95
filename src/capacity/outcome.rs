//! Puts a search's steps together into the load line.

use super::line::{EndTests, LoadLine, Retests, StepRecord, scalability};
use super::search::{SearchSettings, StepOutcome};
use super::step::{StepJudgement, StepVerdict};
use super::view::{Group, Lean, View, alone};
use crate::verdict::Verdict;

/// The line as the outcomes show it.
pub(super) fn line_of(settings: &SearchSettings, outcomes: &[StepOutcome]) -> LoadLine {
    let judged: Vec<StepJudgement> = outcomes.iter().map(|o| alone(settings, o)).collect();
    let steps: Vec<StepRecord> =
        (0..outcomes.len()).filter_map(|n| record(settings, &outcomes[..=n], &judged[n])).collect();
    let view = View::new(settings, outcomes);
    let (holds, fails) = view.interval();
    let (usl, usl_why) = match scalability(&steps) {
        Ok(usl) => (Some(usl), None),
        Err(why) => (None, Some(why)),
    };
    let (verdict, reasons) = verdict(settings, outcomes, &view);
    LoadLine {
        holds: holds.unwrap_or(0.0),
        fails,
        confidence: settings.confidence,
        width: settings.width,
        binding: binding(&view),
        hop: None,
        retests: Retests {
            holds: holds.map(|rate| tests(&view, rate, &judged, Lean::Good)),
            fails: fails.map(|rate| tests(&view, rate, &judged, Lean::Bad)),
        },
        search_s: outcomes.iter().map(|o| o.took.as_secs_f64()).sum(),
        steps,
        usl,
        usl_why,
        verdict,
        reasons,
    }
}

/// What gave way at the lowest rate that fails.
fn binding(view: &View) -> String {
    let failing = view.groups.iter().find(|g| g.judged.verdict == StepVerdict::Fails);
    failing.and_then(|g| g.judged.binding.clone()).unwrap_or_else(|| "none".to_owned())
}

fn tests(view: &View, rate: f64, judged: &[StepJudgement], lean: Lean) -> EndTests {
    let probes = view.at(rate).map(|g| g.probes.clone()).unwrap_or_default();
    let agrees = |&&n: &&usize| match judged[n].verdict {
        StepVerdict::Holds => lean == Lean::Good,
        StepVerdict::Fails => lean == Lean::Bad,
        StepVerdict::Open => !judged[n].is_void && (judged[n].score > 0.0) == (lean == Lean::Bad),
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    EndTests { rate, probes: count(probes.len()), agreed: count(probes.iter().filter(agrees).count()) }
}

fn verdict(settings: &SearchSettings, outcomes: &[StepOutcome], view: &View) -> (Verdict, Vec<String>) {
    let (holds, fails) = view.interval();
    if outcomes.last().is_some_and(|o| o.is_interrupted) {
        return (Verdict::Inconclusive, vec!["the search was interrupted; this is what it had".to_owned()]);
    }
    if let Some((low, high)) = view.contradiction() {
        let why = format!(
            "the target failed at {} and held at {}: it does not behave the same way twice",
            per_s(low),
            per_s(high)
        );
        return (Verdict::Inconclusive, vec![why]);
    }
    let at = |rate: Option<f64>| rate.and_then(|rate| view.at(rate));
    let again = |group: Option<&Group>| group.is_some_and(|g| g.probes.len() >= 2);
    match (holds, fails) {
        (Some(low), Some(high)) if high / low <= (1.0 + settings.width) * (1.0 + 1e-9) => {
            if again(at(holds)) && again(at(fails)) {
                (
                    Verdict::Pass,
                    vec![format!(
                        "the line lies between {}, which holds, and {}, which fails",
                        per_s(low),
                        per_s(high)
                    )],
                )
            } else {
                (Verdict::Inconclusive, vec!["no time was left to try both ends again".to_owned()])
            }
        }
        (Some(low), Some(high)) => {
            let (is, asked) = ((high / low - 1.0) * 100.0, settings.width * 100.0);
            let why = format!("the interval is {is:.1} % wide when the time was spent, {asked:.1} % was asked for");
            (Verdict::Inconclusive, vec![why])
        }
        (Some(low), None) => (Verdict::Inconclusive, vec![never_failed(view, low)]),
        (None, Some(high)) => never_held(settings, view, high),
        (None, None) => (Verdict::Inconclusive, undecided(view)),
    }
}

fn never_failed(view: &View, low: f64) -> String {
    match view.groups.iter().find(|g| g.lean() == Lean::Void) {
        Some(g) => format!(
            "the generator is the limit here: {} holds, and at {} the harness itself was not fit ({})",
            per_s(low),
            per_s(g.rate),
            g.judged.reasons.join("; ")
        ),
        None => format!("{} holds, and no rate was shown to fail", per_s(low)),
    }
}

fn never_held(settings: &SearchSettings, view: &View, high: f64) -> (Verdict, Vec<String>) {
    let why = view.at(high).map(|g| g.judged.reasons.clone()).unwrap_or_default();
    let is_money = why.first().is_some_and(|w| w.starts_with("money:"));
    let all_fail = view.groups.iter().all(|g| g.judged.verdict == StepVerdict::Fails);
    let head = format!("no rate was shown to hold; the lowest shown to fail is {}", per_s(high));
    let is_shown = all_fail && (is_money || high <= settings.min);
    let verdict = if is_shown { Verdict::Fail } else { Verdict::Inconclusive };
    (verdict, [head].into_iter().chain(why).collect())
}

fn undecided(view: &View) -> Vec<String> {
    if view.groups.is_empty() {
        return vec!["no step was run to its end".to_owned()];
    }
    let open =
        view.groups.iter().flat_map(|g| g.judged.reasons.iter().map(move |why| format!("{}: {why}", per_s(g.rate))));
    ["no rate was shown to hold or to fail".to_owned()].into_iter().chain(open).collect()
}

/// A rate for people, without digits that say nothing.
fn per_s(rate: f64) -> String {
    let digits = usize::from(rate < 1_000.0) + usize::from(rate < 10.0);
    format!("{rate:.digits$}/s")
}

/// The last of `outcomes` as a record.
fn record(settings: &SearchSettings, outcomes: &[StepOutcome], judged: &StepJudgement) -> Option<StepRecord> {
    let last = outcomes.last()?;
    let e = last.evidence.as_ref()?;
    Some(StepRecord {
        number: last.probe.number,
        offered_rate: e.rate,
        seconds: e.seconds,
        purpose: last.probe.purpose,
        verdict: judged.verdict,
        reasons: judged.reasons.clone(),
        achieved_rate: e.achieved_rate,
        goodput: e.goodput,
        response_us_p50: e.response_us_p50,
        response_us_p99: e.response_us_p99,
        response_us_mean: e.response_us_mean,
        throughput: e.throughput,
        in_system: e.throughput * e.response_us_mean / 1e6,
        objectives: e.objectives.clone(),
        interval: View::new(settings, outcomes).interval(),
    })
}
