//! What is told of a plan: counts, sums, and a digest of everything that chance decided.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::data::Feed;
use super::journey::PlannedJourney;
use super::load::PlannedLoad;
use super::{Inner, VirtualAccount};
use crate::money::Sums;
use crate::scenario::model::AccountKind;
use crate::scenario::typed::{ClosedEnd, ClosedLoad};
use crate::time::Span;

/// The plan in the run's record: `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Version of the format: 1.
    pub format: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of its text, hex.
    pub scenario_sha256: String,
    /// The seed of the run.
    pub seed: u64,
    /// SHA-256, hex, over everything that chance decided.
    pub digest: String,
    /// How long journeys become due, nanoseconds; 0 where that is a result, as users of a closed load do a number of
    /// iterations.
    pub duration_ns: u64,
    /// How many journeys there are; 0 where that is a result, as users of a closed load go on for a time.
    pub n_journeys: u64,
    /// How many users a closed load has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<u32>,
    /// How many of each kind, by name.
    pub n_by_journey: BTreeMap<String, u64>,
    /// How many virtual accounts each group has.
    pub n_accounts: BTreeMap<String, u64>,
    /// Which rows of data files journeys were given, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, DrawnRows>,
    /// Corners of the rate curve: seconds since the start, journeys per second. None of a closed load.
    pub rate: Vec<(f64, f64)>,
    /// Sum of the journeys' amounts by currency, minor units.
    pub amounts: BTreeMap<String, i64>,
}

/// Which rows of a data file journeys were given. All of them are part of the digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnRows {
    /// Rows of the file.
    pub n_rows: u32,
    /// How often one was given; 0 where it is a result how many journeys there are.
    pub n_drawn: u64,
    /// The first of them: number of the journey, and row from 0.
    pub first: Vec<(u64, u32)>,
}

/// How many rows of each file are told one by one.
const TOLD: usize = 1_000;

/// What of a data file was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    pub(super) n: u64,
    first: Vec<(u64, u32)>,
}

impl Drawn {
    fn told(&self, feed: &Feed) -> DrawnRows {
        DrawnRows { n_rows: feed.n_rows, n_drawn: self.n, first: self.first.clone() }
    }
}

/// What one walk through all journeys tells.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) digest: String,
    /// By kind.
    pub(super) n_by_kind: Vec<u64>,
    pub(super) amounts: Sums,
    /// By data file.
    pub(super) drawn: Vec<Drawn>,
}

impl Survey {
    pub(super) fn of(plan: &Inner, journeys: impl Iterator<Item = PlannedJourney>) -> Self {
        let mut survey = Self::empty(plan);
        let mut hash = Hash::of_accounts(plan);
        for journey in journeys {
            hash.journey(&journey);
            survey.count(&journey);
            survey.note_rows(plan, &journey);
        }
        Self { digest: hash.finish(), ..survey }
    }

    /// Of a closed load; counts and sums only where it is known how many journeys there are.
    pub(super) fn of_users(
        plan: &Inner,
        load: &ClosedLoad,
        journeys: impl Iterator<Item = (PlannedJourney, Span)>,
    ) -> Self {
        let mut survey = Self::empty(plan);
        let mut hash = Hash::of_accounts(plan);
        hash.closed(load);
        for (journey, think_time) in journeys {
            hash.journey(&journey);
            hash.0.update(think_time.as_nanos().to_le_bytes());
            survey.note_rows(plan, &journey);
            if let ClosedEnd::Iterations(_) = load.end {
                survey.count(&journey);
            }
        }
        if let ClosedEnd::After(_) = load.end {
            survey.drawn.iter_mut().for_each(|drawn| drawn.n = 0);
        }
        Self { digest: hash.finish(), ..survey }
    }

    fn empty(plan: &Inner) -> Self {
        Self {
            digest: String::new(),
            n_by_kind: vec![0; plan.kinds.len()],
            amounts: Sums::default(),
            drawn: vec![Drawn::default(); plan.feeds.len()],
        }
    }

    fn count(&mut self, journey: &PlannedJourney) {
        self.n_by_kind[usize::from(journey.kind)] += 1;
        self.amounts.add(journey.currency, journey.amount);
    }

    fn note_rows(&mut self, plan: &Inner, journey: &PlannedJourney) {
        for (&n, row) in plan.kinds[usize::from(journey.kind)].feeds.iter().zip(&journey.rows) {
            let drawn = &mut self.drawn[n];
            drawn.n += 1;
            if drawn.first.len() < TOLD {
                drawn.first.push((journey.number, row.row()));
            }
        }
    }
}

pub(super) fn summary(plan: &Inner, survey: &Survey) -> PlanSummary {
    let names = plan.kind_names.iter().map(ToString::to_string);
    PlanSummary {
        format: 1,
        scenario: plan.scenario.clone(),
        scenario_sha256: plan.scenario_sha256.clone(),
        seed: plan.seed.0,
        digest: survey.digest.clone(),
        duration_ns: plan.load.duration().as_nanos(),
        n_journeys: survey.n_by_kind.iter().sum(),
        users: match &plan.load {
            PlannedLoad::Open(_) => None,
            PlannedLoad::Closed(load) => Some(load.users),
        },
        n_by_journey: names.zip(survey.n_by_kind.iter().copied()).collect(),
        n_accounts: plan.groups.iter().map(|g| (g.name.to_string(), g.accounts.len() as u64)).collect(),
        data: plan
            .feeds
            .iter()
            .zip(&survey.drawn)
            .map(|(feed, drawn)| (feed.name.to_string(), drawn.told(feed)))
            .collect(),
        rate: plan
            .load
            .curve()
            .map(|curve| curve.points().into_iter().map(|(t, rate)| (t.as_secs_f64(), rate)).collect())
            .unwrap_or_default(),
        amounts: survey
            .amounts
            .iter()
            .map(|(currency, sum)| (currency.to_string(), i64::try_from(sum).unwrap_or(i64::MAX)))
            .collect(),
    }
}

/// Fields one after the other, texts with their length before them, so that no two plans read alike.
struct Hash(Sha256);

impl Hash {
    fn new() -> Self {
        Self(Sha256::new_with_prefix(b"plimsoll plan 1\n"))
    }

    fn of_accounts(plan: &Inner) -> Self {
        let mut hash = Self::new();
        plan.groups.iter().flat_map(|g| &g.accounts).for_each(|a| hash.account(a));
        hash
    }

    fn number(&mut self, n: i64) {
        self.0.update(n.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn account(&mut self, account: &VirtualAccount) {
        self.text("account");
        self.text(&account.id);
        self.text(&account.group);
        self.text(match account.kind {
            AccountKind::Payer => "payer",
            AccountKind::Merchant => "merchant",
        });
        self.number(account.balance);
        self.text(account.currency.code());
    }

    fn closed(&mut self, load: &ClosedLoad) {
        self.text("closed");
        self.0.update(load.users.to_le_bytes());
        self.0.update(load.ramp.as_nanos().to_le_bytes());
        let (word, n) = match load.end {
            ClosedEnd::After(span) => ("after", span.as_nanos()),
            ClosedEnd::Iterations(n) => ("iterations", u64::from(n)),
        };
        self.text(word);
        self.0.update(n.to_le_bytes());
    }

    fn journey(&mut self, journey: &PlannedJourney) {
        self.text("journey");
        self.0.update(journey.number.to_le_bytes());
        self.0.update(journey.kind.to_le_bytes());
        self.0.update(journey.due.as_nanos().to_le_bytes());
        self.text(&journey.payer.id);
        self.text(&journey.merchant.id);
        self.number(journey.amount);
        self.text(journey.currency.code());
        self.text(&journey.method);
        for (name, minor) in &journey.lets {
            self.text(name);
            self.number(*minor);
        }
        for row in &journey.rows {
            self.text("row");
            self.text(row.file());
            self.0.update(row.row().to_le_bytes());
        }
    }

    fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}
