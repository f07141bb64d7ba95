//! Steers the search for the load line: a state machine that asks for steps and takes what they gave.

use thiserror::Error;

use super::choose::{Wish, choose};
use super::evidence::StepEvidence;
use super::line::LoadLine;
use super::outcome::line_of;
use super::probe::Probe;
use super::step::StepJudgement;
use super::view::{View, alone};
use crate::seed::Seed;
use crate::stats::Draws;
use crate::time::Span;

/// A search ends after so many steps at the latest, whatever its budget.
const STEPS_MAX: usize = 500;
/// A step cut short by the end of the budget must still measure this share of a deciding step.
const SHORTEST: f64 = 0.2;
/// Seeds of steps are below this, so that every JSON reader keeps them exactly.
const SEED_BELOW: u64 = 1 << 53;

/// How to search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchSettings {
    /// Where to begin, journeys per second: an estimate, such as the scenario's own mean rate.
    pub start: f64,
    /// The lowest rate worth trying, above 0.
    pub min: f64,
    /// The highest rate to try.
    pub max: f64,
    /// How narrow the interval must be: `fails / holds - 1`, such as 0.05.
    pub width: f64,
    /// How long the whole search may take, overhead included.
    pub budget: Span,
    /// How sure the interval is, such as 0.95.
    pub confidence: f64,
    /// How long a deciding step lasts unless more is needed, warm-up included.
    pub step_time: Span,
    /// Opening time of each step that is left out of measurements.
    pub warm_up: Span,
    /// What a step takes besides its schedule: start, drain, books. A first guess; corrected by what is told.
    pub overhead: Span,
    /// Seeds of steps and the order of re-tests come from here.
    pub seed: Seed,
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SettingsError {
    /// Rates must be finite, `0 < min <= start <= max`.
    #[error("the rates must be 0 < lowest <= start <= highest, got {min}/s, {start}/s, {max}/s")]
    Rates {
        /// As given.
        min: f64,
        /// As given.
        start: f64,
        /// As given.
        max: f64,
    },
    /// The width must be above 0 and at most 1.
    #[error("the width must be above 0 and at most 100 %, got {0}")]
    Width(f64),
    /// The confidence must be at least 0.5 and below 1.
    #[error("the confidence must be at least 50 % and below 100 %, got {0}")]
    Confidence(f64),
    /// A step must be longer than its warm-up.
    #[error("a step of {step} leaves nothing after a warm-up of {warm_up}")]
    StepTime {
        /// As given.
        step: Span,
        /// As given.
        warm_up: Span,
    },
    /// The budget must hold at least one step.
    #[error("a budget of {budget} does not hold a single step of {step} with {overhead} around it")]
    Budget {
        /// As given.
        budget: Span,
        /// As given.
        step: Span,
        /// As given.
        overhead: Span,
    },
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Action {
    /// Run this step.
    Probe(Probe),
    /// Nothing more: this is what was found.
    Done(Box<LoadLine>),
}

/// What a step gave.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// The step that was asked for.
    pub probe: Probe,
    /// What it showed; `None` if it broke off before there was anything to judge.
    pub evidence: Option<StepEvidence>,
    /// What it took from start to judgement.
    pub took: Span,
    /// Whether it was broken off from outside (Ctrl-C): the search ends with what it has.
    pub is_interrupted: bool,
}

/// The search. Deterministic: the same settings and outcomes give the same actions, so a stored search can be
/// replayed from its steps.
#[derive(Clone, Debug)]
pub struct Search {
    settings: SearchSettings,
    outcomes: Vec<StepOutcome>,
}

impl Search {
    /// Ready to ask for the first step.
    ///
    /// # Errors
    /// [`SettingsError`], the first that applies.
    pub fn new(settings: SearchSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self { settings, outcomes: Vec::new() })
    }

    /// What to do next. Asking twice without [`take`](Self::take) gives the same answer.
    pub fn next(&self) -> Action {
        let view = View::new(&self.settings, &self.outcomes);
        let is_over = self.outcomes.len() >= STEPS_MAX || self.outcomes.last().is_some_and(|o| o.is_interrupted);
        let wish = if is_over {
            None
        } else {
            choose(&self.settings, &view, self.outcomes.len(), self.time_left().as_secs_f64())
        };
        match wish.and_then(|wish| self.fit(wish)) {
            Some(probe) => Action::Probe(probe),
            None => Action::Done(Box::new(self.line())),
        }
    }

    /// Takes what a step gave; the judgement of that step alone, to be shown.
    pub fn take(&mut self, outcome: StepOutcome) -> StepJudgement {
        let judged = alone(&self.settings, &outcome);
        self.outcomes.push(outcome);
        judged
    }

    /// The interval as it stands: highest rate shown to hold, lowest above it shown to fail.
    pub fn interval(&self) -> (Option<f64>, Option<f64>) {
        View::new(&self.settings, &self.outcomes).interval()
    }

    /// What is left of the time budget.
    pub fn time_left(&self) -> Span {
        let spent = self.outcomes.iter().map(|o| o.took.as_nanos()).sum();
        Span::from_nanos(self.settings.budget.as_nanos().saturating_sub(spent))
    }

    /// What has been found so far, as if the search ended now.
    pub fn line(&self) -> LoadLine {
        line_of(&self.settings, &self.outcomes)
    }

    /// The wish as a probe that the budget still holds.
    fn fit(&self, wish: Wish) -> Option<Probe> {
        let told = self.outcomes.iter().map(|o| (o.took.as_secs_f64() - o.probe.lasts.as_secs_f64()).max(0.0));
        let overhead = told.reduce(f64::max).unwrap_or_else(|| self.settings.overhead.as_secs_f64());
        let left = self.time_left().as_secs_f64() - overhead;
        let warm_up = self.settings.warm_up.as_secs_f64();
        let measured = wish.seconds.min(left - warm_up);
        if measured < wish.seconds.min(SHORTEST * self.settings.measured_s()) {
            return None;
        }
        let number = u32::try_from(self.outcomes.len() + 1).unwrap_or(u32::MAX);
        Some(Probe {
            number,
            rate: wish.rate,
            // Whole hundredths of a second: people read them.
            lasts: Span::from_millis(
                10 * Span::from_secs_f64((warm_up + measured) * 100.0).as_nanos().div_ceil(1_000_000_000),
            ),
            warm_up: self.settings.warm_up,
            seed: Draws::new(self.settings.seed, "capacity step", u64::from(number)).below(SEED_BELOW),
            purpose: wish.purpose,
        })
    }
}

impl SearchSettings {
    fn check(&self) -> Result<(), SettingsError> {
        let Self { min, start, max, .. } = *self;
        if !(0.0 < min && min <= start && start <= max && max.is_finite()) {
            return Err(SettingsError::Rates { min, start, max });
        }
        if !(0.0 < self.width && self.width <= 1.0) {
            return Err(SettingsError::Width(self.width));
        }
        if !(0.5..1.0).contains(&self.confidence) {
            return Err(SettingsError::Confidence(self.confidence));
        }
        let Self { step_time: step, warm_up, overhead, budget, .. } = *self;
        if step <= warm_up {
            return Err(SettingsError::StepTime { step, warm_up });
        }
        if budget.as_nanos() < step.as_nanos().saturating_add(overhead.as_nanos()) {
            return Err(SettingsError::Budget { budget, step, overhead });
        }
        Ok(())
    }

    /// Seconds of a deciding step that are measured.
    pub(super) fn measured_s(&self) -> f64 {
        self.step_time.as_secs_f64() - self.warm_up.as_secs_f64()
    }

    /// Error probability of each side of the interval.
    pub(super) fn side(&self) -> f64 {
        (1.0 - self.confidence) / 2.0
    }
}
