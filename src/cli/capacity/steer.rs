//! What decides on the next step: a search, or a gate that asks one rate only.

use super::record::{GatePart, SearchFile};
use crate::capacity::{
    Action, EndTests, Gate, LoadLine, Probe, Retests, Search, SettingsError, StepEvidence, StepJudgement, StepOutcome,
    StepRecord, StepVerdict, judge_step,
};
use crate::time::Span;
use crate::verdict::Verdict;

/// A search or a gate under way.
#[derive(Debug)]
pub(super) enum Steer {
    Search(Box<Search>),
    Gate(Box<Asking>),
}

/// A gate with what it was told.
#[derive(Debug)]
pub(super) struct Asking {
    gate: Gate,
    plan: GatePart,
    budget: Span,
    took: Span,
    steps: Vec<StepRecord>,
    is_interrupted: bool,
}

impl Steer {
    /// Ready for the first step.
    pub(super) fn new(file: &SearchFile) -> Result<Self, SettingsError> {
        let settings = file.search_settings();
        match &file.gate {
            None => Ok(Self::Search(Box::new(Search::new(settings)?))),
            Some(plan) => Ok(Self::Gate(Box::new(Asking {
                gate: Gate::new(plan.plan(), file.gate_settings(plan)),
                plan: plan.clone(),
                budget: settings.budget,
                took: Span::ZERO,
                steps: Vec::new(),
                is_interrupted: false,
            }))),
        }
    }

    /// The next step; `None` when there is nothing more to ask.
    pub(super) fn next(&self) -> Option<Probe> {
        match self {
            Self::Search(search) => match search.next() {
                Action::Probe(probe) => Some(probe),
                Action::Done(_) => None,
            },
            Self::Gate(asking) if asking.is_interrupted => None,
            Self::Gate(asking) => asking.gate.next(),
        }
    }

    /// Takes what a step gave; the judgement of that step alone.
    pub(super) fn take(&mut self, outcome: StepOutcome) -> StepJudgement {
        match self {
            Self::Search(search) => search.take(outcome),
            Self::Gate(asking) => asking.take(outcome),
        }
    }

    /// The interval as it stands.
    pub(super) fn interval(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Search(search) => search.interval(),
            Self::Gate(asking) => asking.interval(),
        }
    }

    /// What is left of the time budget.
    pub(super) fn time_left(&self) -> Span {
        match self {
            Self::Search(search) => search.time_left(),
            Self::Gate(asking) => Span::from_nanos(asking.budget.as_nanos().saturating_sub(asking.took.as_nanos())),
        }
    }

    /// What was found so far.
    pub(super) fn line(&self) -> LoadLine {
        match self {
            Self::Search(search) => search.line(),
            Self::Gate(asking) => asking.line(),
        }
    }
}

impl Asking {
    fn take(&mut self, outcome: StepOutcome) -> StepJudgement {
        self.took = Span::from_nanos(self.took.as_nanos().saturating_add(outcome.took.as_nanos()));
        self.is_interrupted |= outcome.is_interrupted;
        let judgement = judge_step(&outcome.evidence.iter().collect::<Vec<_>>(), self.plan.alpha);
        if let Some(evidence) = outcome.evidence {
            self.gate.take(evidence.clone(), outcome.took);
            let interval = self.interval();
            self.steps.push(record(&outcome.probe, &evidence, &judgement, interval));
        }
        judgement
    }

    fn interval(&self) -> (Option<f64>, Option<f64>) {
        match self.gate.verdict().0 {
            Verdict::Pass => (Some(self.plan.rate), None),
            Verdict::Fail => (None, Some(self.plan.rate)),
            Verdict::Inconclusive => (None, None),
        }
    }

    fn line(&self) -> LoadLine {
        let (verdict, judgement) = self.gate.verdict();
        let verdict = if self.is_interrupted { verdict.max(Verdict::Inconclusive) } else { verdict };
        let (holds, fails) = self.interval();
        let wanted = match verdict {
            Verdict::Pass => StepVerdict::Holds,
            Verdict::Fail => StepVerdict::Fails,
            Verdict::Inconclusive => StepVerdict::Open,
        };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let tests = EndTests {
            rate: self.plan.rate,
            probes: count(self.steps.len()),
            agreed: count(self.steps.iter().filter(|s| s.verdict == wanted).count()),
        };
        let mut reasons = vec![match verdict {
            Verdict::Pass => format!("the accepted rate still holds: {:.1}/s was asked", self.plan.rate),
            Verdict::Fail => format!("the accepted rate holds no more: {:.1}/s was asked", self.plan.rate),
            Verdict::Inconclusive => format!("whether {:.1}/s still holds is undecided", self.plan.rate),
        }];
        let binding = judgement.as_ref().and_then(|j| j.binding.clone()).unwrap_or_else(|| "none".to_owned());
        reasons.extend(judgement.into_iter().flat_map(|j| j.reasons));
        if self.is_interrupted {
            reasons.push("the gate was broken off".to_owned());
        }
        LoadLine {
            holds: holds.unwrap_or(0.0),
            fails,
            confidence: 1.0 - self.plan.beta,
            width: 0.0,
            binding,
            hop: None,
            steps: self.steps.clone(),
            retests: Retests { holds: holds.map(|_| tests), fails: fails.map(|_| tests) },
            search_s: self.took.as_secs_f64(),
            usl: None,
            usl_why: Some("a gate asks one rate only".to_owned()),
            verdict,
            reasons,
        }
    }
}

fn record(
    probe: &Probe,
    evidence: &StepEvidence,
    judgement: &StepJudgement,
    interval: (Option<f64>, Option<f64>),
) -> StepRecord {
    StepRecord {
        number: probe.number,
        offered_rate: probe.rate,
        seconds: evidence.seconds,
        purpose: probe.purpose,
        verdict: judgement.verdict,
        reasons: judgement.reasons.clone(),
        achieved_rate: evidence.achieved_rate,
        goodput: evidence.goodput,
        response_us_p50: evidence.response_us_p50,
        response_us_p99: evidence.response_us_p99,
        response_us_mean: evidence.response_us_mean,
        throughput: evidence.throughput,
        in_system: evidence.throughput * evidence.response_us_mean / 1e6,
        objectives: evidence.objectives.clone(),
        interval,
    }
}
