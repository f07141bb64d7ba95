//! A scenario made concrete: every due time and every random choice fixed by the seed.
//!
//! A plan is a recipe, not a list: journeys are made one by one as they are asked for, the same ones every
//! time. Each use of chance has a stream of its own for each journey number, so that one more draw somewhere
//! moves nothing elsewhere.

mod account;
mod chance;
mod choice;
mod closed;
mod data;
mod error;
mod intent;
mod journey;
mod kind;
mod load;
mod part;
mod pause;
mod summary;

pub use account::{VirtualAccount, account_number, is_live};
pub use chance::Chance;
pub use choice::Weighted;
pub use closed::UserPlan;
pub use data::{DataRow, DataSet};
pub use error::{PlanError, PlanProblem};
pub use journey::PlannedJourney;
pub use load::Overrides;
pub use part::Part;
pub use pause::pause_length;
pub use summary::{DrawnRows, PlanSummary};

use std::sync::{Arc, OnceLock};

use account::Group;
use data::Feed;
use kind::Kind;
use load::PlannedLoad;
use summary::Survey;

use crate::arrival::{DueTimes, RateCurve, TraceData};
use crate::id::RunId;
use crate::scenario::model::Scenario;
use crate::scenario::typed::ClosedEnd;
use crate::seed::Seed;
use crate::shape::Shape;
use crate::stats::Draws;
use crate::time::{RunOffset, Span};

/// Everything a plan is made of.
#[derive(Clone, Debug)]
pub struct PlanInputs<'a> {
    /// The scenario, checked.
    pub scenario: &'a Scenario,
    /// SHA-256 of the scenario's text, hex; told in the summary.
    pub scenario_sha256: String,
    /// The shape named by the scenario, if it names one.
    pub shape: Option<&'a Shape>,
    /// The trace named by the scenario, if it names one.
    pub trace: Option<Arc<TraceData>>,
    /// The data files named by the scenario.
    pub data: &'a [DataSet],
    /// The seed of the run.
    pub seed: Seed,
    /// What the command line changes.
    pub overrides: Overrides,
}

/// The plan of a run. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Plan(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    scenario: String,
    scenario_sha256: String,
    seed: Seed,
    load: PlannedLoad,
    groups: Vec<Group>,
    feeds: Vec<Feed>,
    kinds: Vec<Kind>,
    kind_names: Vec<Arc<str>>,
    mix: Weighted,
    survey: OnceLock<Survey>,
}

impl Plan {
    /// Makes the plan.
    ///
    /// # Errors
    /// [`PlanError`] with everything that keeps the scenario from being planned.
    pub fn new(inputs: PlanInputs<'_>) -> Result<Self, PlanError> {
        let mut problems = Vec::new();
        let PlanInputs { scenario, scenario_sha256, shape, trace, data, seed, overrides } = inputs;
        if let Some(shape) = shape {
            problems.extend(shape.problems().into_iter().map(PlanProblem::Shape));
        }
        let groups = account::groups(scenario, seed, &mut problems);
        let feeds = data::feeds(scenario, data, &mut problems);
        let kinds = kind::kinds(scenario, shape, &groups, &mut problems);
        let mix = Weighted::new(scenario.journeys.values().map(|j| j.weight));
        if mix.is_none() {
            problems.push(PlanProblem::NoWeight);
        }
        let load = load::load(&scenario.load, shape, trace.as_ref(), overrides).map_err(|p| problems.extend(p)).ok();
        match (load, mix) {
            (Some(load), Some(mix)) if problems.is_empty() => Self(Arc::new(Inner {
                scenario: scenario.name.clone(),
                scenario_sha256,
                seed,
                load,
                groups,
                feeds,
                kind_names: kinds.iter().map(|k| Arc::clone(&k.name)).collect(),
                kinds,
                mix,
                survey: OnceLock::new(),
            }))
            .with_enough_rows(),
            _ => Err(PlanError { problems }),
        }
    }

    /// This plan, unless a data file runs out that must not.
    fn with_enough_rows(self) -> Result<Self, PlanError> {
        let mut problems = Vec::new();
        for (n, feed) in self.0.feeds.iter().enumerate().filter(|(_, feed)| feed.is_unique) {
            let n_journeys = match &self.0.load {
                PlannedLoad::Open(_) => self.survey().drawn[n].n,
                // Rows are taken by number there, by whoever uses them.
                PlannedLoad::Closed(load) => match load.end {
                    ClosedEnd::Iterations(n) => u64::from(n) * u64::from(load.users),
                    ClosedEnd::After(_) => {
                        problems.push(PlanProblem::NobodyKnows(feed.name.to_string()));
                        continue;
                    }
                },
            };
            if u64::from(feed.n_rows) < n_journeys {
                let (file, n_rows) = (feed.name.to_string(), feed.n_rows);
                problems.push(PlanProblem::RunsOut { file, n_rows, n_journeys });
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(PlanError { problems }) }
    }

    /// The journeys of an open load in order of their due times, made one by one; the same ones every time. None of a
    /// closed load: see [`users`](Self::users).
    pub fn journeys(&self, run: &RunId) -> impl Iterator<Item = PlannedJourney> + Send + use<> {
        self.journeys_of(Part::WHOLE, run)
    }

    /// What the users of a closed load do; `None` of an open one.
    pub fn users(&self, run: &RunId) -> Option<UserPlan> {
        let PlannedLoad::Closed(load) = self.0.load else { return None };
        Some(UserPlan { inner: Arc::clone(&self.0), load, run: Arc::new(run.clone()) })
    }

    /// The journeys without their intents, which follow from the rest.
    fn decisions(&self, run: &RunId) -> Journeys {
        Journeys {
            due: match &self.0.load {
                PlannedLoad::Open(load) => Some(load.due_times(self.0.seed)),
                PlannedLoad::Closed(_) => None,
            },
            turns: Turns::starting_at(0, &self.0),
            inner: Arc::clone(&self.0),
            run: Arc::new(run.clone()),
            number: 0,
        }
    }

    /// All virtual accounts, group by group in name order, serials ascending.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<VirtualAccount>> {
        self.0.groups.iter().flat_map(|g| &g.accounts)
    }

    /// SHA-256, hex, over everything that chance decided. The run's name is left out: two runs with one digest
    /// had the same plan.
    ///
    /// The first call walks through all journeys, as do [`n_journeys`](Self::n_journeys) and
    /// [`summary`](Self::summary); later ones do not.
    pub fn digest(&self) -> String {
        self.survey().digest.clone()
    }

    /// How long journeys become due: no due time is at or after it. Draining comes on top. Zero where the load ends
    /// when its users have done their iterations: how long that takes is a result.
    pub fn duration(&self) -> Span {
        self.0.load.duration()
    }

    /// How many journeys there are; 0 where users go on for a time: how many they do is a result.
    pub fn n_journeys(&self) -> u64 {
        self.survey().n_by_kind.iter().sum()
    }

    /// The names of the journeys, in name order; [`PlannedJourney::kind`] is an index into them.
    pub fn kinds(&self) -> &[Arc<str>] {
        &self.0.kind_names
    }

    /// Which of its journey's intents the step carries: an index into [`PlannedJourney::intents`].
    ///
    /// `step_idx` counts steps in file order, those inside other steps counted through. Steps that are another
    /// attempt (`same_as`) give the intent of the step they repeat.
    pub fn intent_index(&self, kind: u16, step_idx: usize) -> Option<usize> {
        self.0.kinds.get(usize::from(kind))?.intents.index(step_idx)
    }

    /// What chance decides at the step numbered `place` of a kind of journey, while it runs.
    ///
    /// # Panics
    /// If there is no such kind.
    pub fn chance(&self, kind: u16, place: u16) -> Chance {
        Chance::new(self.0.seed, &self.0.kind_names[usize::from(kind)], place)
    }

    /// The rate over time that journeys of an open load are due by.
    pub fn curve(&self) -> Option<&RateCurve> {
        self.0.load.curve()
    }

    /// The seed it was made from.
    pub fn seed(&self) -> Seed {
        self.0.seed
    }

    /// What is told of it in the run's record.
    pub fn summary(&self) -> PlanSummary {
        summary::summary(&self.0, self.survey())
    }

    fn survey(&self) -> &Survey {
        // The name does not matter: nothing of it is part of the survey.
        let run = RunId::parse("plan").expect("a valid name");
        self.0.survey.get_or_init(|| match &self.0.load {
            PlannedLoad::Open(_) => Survey::of(&self.0, self.decisions(&run).map(|(_, journey)| journey)),
            PlannedLoad::Closed(load) => {
                let run = Arc::new(run);
                Survey::of_users(&self.0, load, closed::surveyed(&self.0, load, &run))
            }
        })
    }
}

impl Inner {
    /// Journey `number` with everything decided but its intents. A `user` pays from an account of its own.
    fn decide(
        &self,
        number: u64,
        due: RunOffset,
        turns: &mut Turns,
        run: &Arc<RunId>,
        user: Option<u32>,
    ) -> PlannedJourney {
        let draw = |name: &str| Draws::one(self.seed, name, number);
        let kind_idx = self.mix.pick(draw("kind"));
        let kind = &self.kinds[kind_idx];
        let payers = &self.groups[kind.payer];
        let payer = match user {
            Some(user) => payers.own(user),
            None => payers.lease(draw("payer"), &mut turns.groups[kind.payer]),
        };
        let merchants = &self.groups[kind.merchant];
        let merchant = match payers.usual {
            Some(usual) if draw("usual") < usual.share => {
                let nth = Draws::new(self.seed, "usual one", number).below(u64::from(usual.n));
                merchants.usual_of(&payer, nth, self.seed)
            }
            _ => merchants.lease(draw("merchant"), &mut turns.groups[kind.merchant]),
        };
        let (method, amount) = kind.money(draw("method"), draw("amount"));
        PlannedJourney {
            number,
            kind: u16::try_from(kind_idx).expect("checked when the plan was made"),
            due,
            lets: kind.lets(amount, payer.balance),
            payer,
            merchant,
            amount,
            currency: kind.currency,
            method,
            rows: kind.feeds.iter().map(|&n| self.row(n, number, turns)).collect(),
            intents: Vec::new(),
            run: Arc::clone(run),
        }
    }

    /// The row of the `n`-th data file that journey `number` gets.
    fn row(&self, n: usize, number: u64, turns: &mut Turns) -> DataRow {
        let feed = &self.feeds[n];
        let draw = || Draws::new(self.seed.child("data", &feed.name), "row", number).unit();
        feed.row(draw, &mut turns.feeds[n])
    }
}

/// Whose turn it is, where things come one after the other.
struct Turns {
    /// How many journeys each group of accounts has served.
    groups: Vec<u64>,
    /// How many rows each data file has given.
    feeds: Vec<u64>,
}

impl Turns {
    fn starting_at(turn: u64, inner: &Inner) -> Self {
        Self { groups: vec![turn; inner.groups.len()], feeds: vec![turn; inner.feeds.len()] }
    }
}

/// Makes journeys one by one.
struct Journeys {
    inner: Arc<Inner>,
    run: Arc<RunId>,
    /// None of a closed load.
    due: Option<DueTimes>,
    number: u64,
    turns: Turns,
}

impl Iterator for Journeys {
    type Item = (Arc<Inner>, PlannedJourney);

    fn next(&mut self) -> Option<Self::Item> {
        let due = self.due.as_mut()?.next()?;
        let journey = self.inner.decide(self.number, due, &mut self.turns, &self.run, None);
        self.number += 1;
        Some((Arc::clone(&self.inner), journey))
    }
}

#[cfg(test)]
mod tests;
