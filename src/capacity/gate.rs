//! The gate: does the accepted rate still hold? Asks one rate only, and says beforehand what that takes.

use thiserror::Error;

use super::baseline::Baseline;
use super::evidence::{ObjectiveEvidence, StepEvidence};
use super::line::StepRecord;
use super::probe::{Probe, Purpose};
use super::step::{StepJudgement, StepVerdict, judge_step};
use super::watch::allowed;
use crate::scenario::objective::Objective;
use crate::seed::Seed;
use crate::stats::{Draws, normal_quantile, samples_needed, share_upper};
use crate::time::Span;
use crate::verdict::Verdict;

/// The shortest time measured, seconds: trends of the backlog need some.
const SHORTEST_S: f64 = 5.0;
/// More samples than this are not planned for; the share seen was too near the allowed one.
const SAMPLES_MAX: f64 = 1e8;

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateSettings {
    /// How often a rate that holds may be called failing, such as 0.05.
    pub alpha: f64,
    /// How often a rate that fails may be called holding, such as 0.05.
    pub beta: f64,
    /// Share of the accepted rate that is asked for, such as 0.95: right at the line nothing can be shown.
    pub margin: f64,
    /// Opening time left out.
    pub warm_up: Span,
    /// The longest it may take, overhead included.
    pub longest: Span,
    /// Seed of the plans.
    pub seed: Seed,
}

/// What asking takes.
#[derive(Clone, Debug, PartialEq)]
pub struct GatePlan {
    /// Offered rate, journeys per second.
    pub rate: f64,
    /// Observations needed of the objective that needs most time.
    pub samples: u64,
    /// How long the schedule lasts, warm-up included.
    pub seconds: f64,
    /// For people: what is asked, how many samples for which error rates, how long.
    pub text: String,
}

/// Why no gate can be made of a baseline.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum GateError {
    /// The baseline's line is 0.
    #[error("the baseline holds at no rate")]
    NoLine,
    /// The error rates must be above 0 and below 0.5.
    #[error("error rates must be above 0 and below 50 %, got {0}")]
    Errors(f64),
    /// The margin must be above 0 and at most 1.
    #[error("the share of the accepted rate must be above 0 and at most 100 %, got {0}")]
    Margin(f64),
}

/// How many samples the accepted rate needs for the asked error rates, and how long they take.
///
/// Objectives are the scenario's. Shares and correlation are those of the baseline's step nearest to the rate. Enough is a sample in which the share
/// seen then, and as many breaks more as chance adds in one run of `1/alpha`, still shows that it holds.
///
/// # Errors
/// [`GateError`].
pub fn plan_gate(baseline: &Baseline, objectives: &[Objective], settings: GateSettings) -> Result<GatePlan, GateError> {
    let GateSettings { alpha, beta, margin, .. } = settings;
    if let Some(&wrong) = [alpha, beta].iter().find(|e| !(0.0 < **e && **e < 0.5)) {
        return Err(GateError::Errors(wrong));
    }
    if !(0.0 < margin && margin <= 1.0) {
        return Err(GateError::Margin(margin));
    }
    let accepted = baseline.load_line.holds;
    if accepted <= 0.0 {
        return Err(GateError::NoLine);
    }
    let rate = accepted * margin;
    let far = |s: &&StepRecord| (s.offered_rate / rate).ln().abs();
    let nearest = baseline.steps.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
    let needs = objectives.iter().filter_map(|objective| {
        let allowed = allowed(objective)?;
        let seen =
            nearest.and_then(|s| Some((s, s.objectives.iter().find(|o| o.text == objective.text && o.samples > 0)?)));
        Some(if let Some((step, o)) = seen {
            // Objectives of one kind of journey see only their share of the rate.
            let each_s = o.samples as f64 / (step.seconds * step.offered_rate).max(1.0) * rate;
            let samples = needed(o, alpha, 0.5 * beta);
            (samples / each_s, samples)
        } else {
            // Never seen: as if all were independent and nothing broke it.
            let samples = samples_needed(1.0 - allowed, 1.0 - 0.5 * beta) as f64;
            (samples / rate, samples)
        })
    });
    let (measured_s, samples) = needs.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0.0));
    let longest = settings.longest.as_secs_f64();
    let seconds = (measured_s.max(SHORTEST_S) + settings.warm_up.as_secs_f64()).min(longest);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let short = if measured_s > longest {
        format!("; that is more than the {longest:.0} s allowed, so the answer may stay open")
    } else {
        String::new()
    };
    let text = format!(
        "does {rate:.1}/s ({} of the accepted {accepted:.1}/s) still hold? For at most {} of false alarms and at most {} of \
         missed falls: {samples:.0} samples, {measured_s:.1} s of load{short}",
        percent(margin),
        percent(alpha),
        percent(beta),
    );
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by SAMPLES_MAX")]
    let samples = samples.ceil() as u64;
    Ok(GatePlan { rate, samples, seconds, text })
}

/// Observations of an objective that show it to hold, if its share is as it was.
fn needed(seen: &ObjectiveEvidence, alpha: f64, beta: f64) -> f64 {
    let each = seen.per_independent.max(1.0);
    let (k, n) = (seen.broke as f64 / each, seen.samples as f64 / each);
    let share = (k + 0.5) / (n + 1.0);
    // Nothing less than a spotless sample can do.
    let mut enough = samples_needed(1.0 - seen.allowed, 1.0 - beta) as f64;
    loop {
        let chance = normal_quantile(1.0 - alpha) * (enough * share * (1.0 - share)).sqrt();
        let breaks = if seen.broke == 0 { 0.0 } else { (enough * share + chance).ceil() };
        let is_shown = breaks < enough && share_upper(breaks, enough, beta) <= seen.allowed;
        if is_shown || enough * each > SAMPLES_MAX {
            return (enough * each).min(SAMPLES_MAX);
        }
        enough = (enough * 1.05).ceil();
    }
}

/// A gate under way: probes of one rate until it is decided or the time is spent.
#[derive(Clone, Debug)]
pub struct Gate {
    plan: GatePlan,
    settings: GateSettings,
    taken: Vec<StepEvidence>,
    spent: Span,
    overhead: Span,
}

impl Gate {
    /// Ready for the first probe.
    pub fn new(plan: GatePlan, settings: GateSettings) -> Self {
        Self { plan, settings, taken: Vec::new(), spent: Span::ZERO, overhead: Span::ZERO }
    }

    /// The next probe; `None` when decided or out of time.
    pub fn next(&self) -> Option<Probe> {
        if self.verdict().0 != Verdict::Inconclusive {
            return None;
        }
        let left = self.settings.longest.as_secs_f64() - self.spent.as_secs_f64() - self.overhead.as_secs_f64();
        let lasts = self.plan.seconds.min(left);
        // Less would not show a trend.
        if !self.taken.is_empty() && lasts < self.settings.warm_up.as_secs_f64() + SHORTEST_S {
            return None;
        }
        let number = u32::try_from(self.taken.len() + 1).unwrap_or(u32::MAX);
        Some(Probe {
            number,
            rate: self.plan.rate,
            lasts: Span::from_secs_f64(lasts),
            warm_up: self.settings.warm_up,
            seed: Draws::new(self.settings.seed, "capacity gate", u64::from(number)).below(1 << 53),
            purpose: Purpose::Gate,
        })
    }

    /// Takes what a probe gave and what it took from start to judgement.
    pub fn take(&mut self, evidence: StepEvidence, took: Span) {
        let around = took.as_secs_f64() - evidence.seconds;
        self.overhead = Span::from_secs_f64(around).max(self.overhead);
        self.spent = Span::from_nanos(self.spent.as_nanos().saturating_add(took.as_nanos()));
        self.taken.push(evidence);
    }

    /// What the gate came to: *pass* holds, *fail* fails, *inconclusive* open. With the judgement behind it, `None` if
    /// nothing was seen.
    ///
    /// The first look may spend half of each error probability, the next half of the rest, and so on.
    pub fn verdict(&self) -> (Verdict, Option<StepJudgement>) {
        let seen: Vec<&StepEvidence> = self.taken.iter().collect();
        if seen.is_empty() {
            return (Verdict::Inconclusive, None);
        }
        let look = 0.5_f64.powi(i32::try_from(seen.len()).unwrap_or(i32::MAX));
        let fails = judge_step(&seen, self.settings.alpha * look);
        if fails.verdict == StepVerdict::Fails {
            return (Verdict::Fail, Some(fails));
        }
        let holds = judge_step(&seen, self.settings.beta * look);
        let verdict = if holds.verdict == StepVerdict::Holds { Verdict::Pass } else { Verdict::Inconclusive };
        (verdict, Some(holds))
    }
}
