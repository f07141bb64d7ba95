//! Turns the history into measures in one pass and bounded memory.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::model::{JourneyMeasures, Measures};
use super::objective::Observation;
use super::seconds::Seconds;
use super::settled::{Settling, Waiting, is_final};
use super::tally::{Tally, us};
use crate::history::{Event, Exchange, Outcome};
use crate::ledger::Books;
use crate::scenario::objective::{Metric, Objective, Scope};
use crate::time::Span;

/// Different reasons of failure told apart; more are counted together.
const REASONS: usize = 200;

/// What is known of a run before its history is read.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Names of journeys, in the order `kind` indices refer to.
    pub kinds: Vec<String>,
    /// Length of the schedule.
    pub schedule: Span,
    /// Opening time left out of times.
    pub warm_up: Span,
    /// What the scenario bounds; counted exactly while the history goes by, not read off a histogram.
    pub objectives: Vec<Objective>,
}

/// What a history gave.
#[derive(Clone, Debug)]
pub struct Measured {
    /// For `measures.json`; without money until [`money_rows`](super::money_rows) are put in.
    pub measures: Measures,
    /// One for each objective of the frame, in its order.
    pub observations: Vec<Observation>,
}

/// Takes a history event by event.
///
/// Memory: some 200 kB for each kind of time of each journey, a row for each second, journeys in flight, and
/// the stated limits of its parts.
#[derive(Debug)]
pub struct Measurer {
    frame: Frame,
    /// Before `kinds`: all together.
    all: Tally,
    kinds: Vec<Tally>,
    seconds: Seconds,
    settling: Settling,
    /// Journeys that started and have not ended; each leaves with its end, so as many as were in flight.
    open: HashMap<u64, Open>,
    reasons: BTreeMap<String, u64>,
    /// How many samples of each objective broke its bound.
    beyond: Vec<u64>,
}

#[derive(Debug)]
struct Open {
    kind: u16,
    due_ns: u64,
    first_id: Option<String>,
}

impl Measurer {
    /// Ready for the first event.
    pub fn new(frame: Frame) -> Self {
        Self {
            all: Tally::new("all"),
            kinds: frame.kinds.iter().map(|name| Tally::new(name)).collect(),
            seconds: Seconds::default(),
            settling: Settling::default(),
            open: HashMap::new(),
            reasons: BTreeMap::new(),
            beyond: vec![0; frame.objectives.len()],
            frame,
        }
    }

    /// Takes the next event. Events come in the order they were recorded.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Exchange(x) => self.exchange(x),
            Event::Notice(n) if n.is_signed && is_final(&n.status) => {
                let sample = self.settling.notice(&n.subject, n.at_ns);
                self.settle(sample);
            }
            // A journey that a stop kept from starting was never due.
            Event::Dropped { reason, .. } if matches!(reason.as_str(), "stopped" | "aborted") => {}
            Event::Dropped { kind, due_ns, .. } => {
                self.seconds.due(*due_ns);
                self.seconds.dropped(*due_ns);
                self.each(*kind, |t| {
                    t.counts.due += 1;
                    t.counts.dropped += 1;
                });
            }
            Event::Ended { journey, kind, due_ns, at_ns, outcome } => {
                if self.open.remove(journey).is_none() {
                    self.start(*kind, *due_ns, *due_ns);
                }
                self.seconds.ended(*at_ns, *outcome);
                let in_schedule = u64::from(*at_ns <= self.frame.schedule.as_nanos());
                self.each(*kind, |t| {
                    t.counts.ended += 1;
                    t.ended_in_schedule += in_schedule;
                    t.end(*outcome);
                });
            }
            Event::Notice(_) | Event::Note { .. } => {}
        }
    }

    /// The numbers of the whole history.
    pub fn finish(mut self) -> Measured {
        // Nothing is known of what never ended. It has no second to be counted in.
        let lost: Vec<u16> = self.open.drain().map(|(_, open)| open.kind).collect();
        for kind in lost {
            self.each(kind, |t| t.counts.unknown += 1);
        }
        let observations = (0..self.frame.objectives.len()).map(|n| self.observe(n)).collect();
        let mut reasons: Vec<(String, u64)> = self.reasons.into_iter().collect();
        // Stable: equally frequent ones stay in the order of the alphabet.
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let tallies = || std::iter::once(&self.all).chain(&self.kinds);
        let measures = Measures {
            format: 1,
            schedule_s: self.frame.schedule.as_secs_f64(),
            warm_up_s: self.frame.warm_up.as_secs_f64(),
            journeys: tallies().map(Tally::measures).collect(),
            curves: tallies().map(Tally::curve).collect(),
            seconds: self.seconds.finish(),
            money: Vec::new(),
            reasons,
        };
        Measured { measures, observations }
    }

    fn exchange(&mut self, x: &Exchange) {
        if let Entry::Vacant(journey) = self.open.entry(x.journey) {
            journey.insert(Open { kind: x.kind, due_ns: x.due_ns, first_id: None });
            self.start(x.kind, x.due_ns, x.sent_ns);
        }
        if x.outcome != Outcome::NotSent {
            self.each(x.kind, |t| t.counts.requests += 1);
        }
        if x.outcome.is_failed() {
            self.count_reason(x);
        }
        if x.step == 0 && !x.is_poll {
            if x.attempt == 1 {
                self.first_request(x);
            }
            self.first_id(x);
        } else if x.is_poll && x.target_status.as_deref().is_some_and(is_final) {
            let first_id = self.open.get(&x.journey).and_then(|open| open.first_id.clone());
            if let Some(id) = x.target_id.clone().or(first_id) {
                let sample = self.settling.answer(&id, x.answered_ns);
                self.settle(sample);
            }
        }
    }

    /// The request by which a journey is timed.
    fn first_request(&mut self, x: &Exchange) {
        if x.outcome != Outcome::NotSent {
            let between = |from: u64, to: u64| Span::from_nanos(to.saturating_sub(from));
            let (response, service) = (between(x.due_ns, x.answered_ns), between(x.sent_ns, x.answered_ns));
            let lag = between(x.due_ns, x.sent_ns);
            self.seconds.response(x.answered_ns, response);
            self.seconds.lag(x.sent_ns, lag);
            if self.is_measured(x.due_ns) {
                self.each(x.kind, |t| {
                    t.response.record(response);
                    t.service.record(service);
                    t.lag.record(lag);
                });
                self.time(x.kind, |m| match m {
                    Metric::ResponseTime { .. } => Some(response),
                    Metric::ServiceTime { .. } => Some(service),
                    Metric::Lag { .. } => Some(lag),
                    _ => None,
                });
            }
        }
    }

    /// The id of what a journey's first step wants, whichever of its attempts was told it.
    fn first_id(&mut self, x: &Exchange) {
        let Some(id) = &x.target_id else { return };
        let Some(open) = self.open.get_mut(&x.journey).filter(|open| open.first_id.is_none()) else { return };
        open.first_id = Some(id.clone());
        let waiting = Waiting { journey: x.journey, kind: x.kind, due_ns: open.due_ns };
        let sample = if x.target_status.as_deref().is_some_and(is_final) {
            Some((waiting, Span::from_nanos(x.answered_ns.saturating_sub(open.due_ns))))
        } else {
            self.settling.wait_for(id, waiting)
        };
        self.settle(sample);
    }

    fn settle(&mut self, sample: Option<(Waiting, Span)>) {
        let Some((waiting, span)) = sample.filter(|(w, _)| self.is_measured(w.due_ns)) else { return };
        self.each(waiting.kind, |t| t.settled.record(span));
        self.time(waiting.kind, |m| matches!(m, Metric::Settled { .. }).then_some(span));
    }

    fn start(&mut self, kind: u16, due_ns: u64, sent_ns: u64) {
        self.seconds.due(due_ns);
        self.seconds.started(sent_ns);
        self.each(kind, |t| {
            t.counts.due += 1;
            t.counts.started += 1;
        });
    }

    /// Counts a sample against every objective that is about it.
    fn time(&mut self, kind: u16, sample: impl Fn(Metric) -> Option<Span>) {
        for (objective, beyond) in self.frame.objectives.iter().zip(&mut self.beyond) {
            let is_about = match &objective.scope {
                Scope::All => true,
                Scope::Journey(name) => self.frame.kinds.get(usize::from(kind)) == Some(name),
            };
            if let Some(span) = sample(objective.metric).filter(|_| is_about) {
                *beyond += u64::from(!objective.comparison.holds(us(span), objective.bound));
            }
        }
    }

    /// What was seen of objective `n`.
    fn observe(&self, n: usize) -> Observation {
        let objective = self.frame.objectives[n].clone();
        let tally = match &objective.scope {
            Scope::All => Some(&self.all),
            Scope::Journey(name) => self.kinds.iter().find(|t| t.counts.name == *name),
        };
        let Some(tally) = tally else { return Observation { objective, samples: 0, beyond: 0, observed: None } };
        let c: &JourneyMeasures = &tally.counts;
        let time = |h: &crate::stats::Histogram, q| (h.n(), self.beyond[n], h.quantile(q).map(us));
        let share = |k: u64| (c.started, k, (c.started > 0).then(|| k as f64 / c.started as f64));
        let (samples, beyond, observed) = match objective.metric {
            Metric::ResponseTime { quantile } => time(&tally.response, quantile),
            Metric::ServiceTime { quantile } => time(&tally.service, quantile),
            Metric::Settled { quantile } => time(&tally.settled, quantile),
            Metric::Lag { quantile } => time(&tally.lag, quantile),
            Metric::Failed => share(c.failed + c.unknown),
            Metric::Unknown => share(c.unknown),
            Metric::Declined => share(c.declined),
            Metric::Dropped => (c.due, c.dropped, (c.due > 0).then_some(c.dropped as f64)),
            Metric::Throughput => {
                let seconds = self.frame.schedule.as_secs_f64();
                let rate = (c.due > 0 && seconds > 0.0).then(|| tally.ended_in_schedule as f64 / seconds);
                (tally.ended_in_schedule, 0, rate)
            }
        };
        Observation { objective, samples, beyond, observed }
    }

    fn count_reason(&mut self, x: &Exchange) {
        let reason = x.reason.clone().unwrap_or_else(|| x.outcome.word().to_owned());
        let is_known = self.reasons.contains_key(&reason);
        let word = if is_known || self.reasons.len() < REASONS { reason } else { "(other reasons)".to_owned() };
        *self.reasons.entry(word).or_default() += 1;
    }

    fn is_measured(&self, due_ns: u64) -> bool {
        due_ns >= self.frame.warm_up.as_nanos()
    }

    /// Does something to `all` and to the journey's own tally. A kind the frame does not name counts in `all`.
    fn each(&mut self, kind: u16, mut act: impl FnMut(&mut Tally)) {
        act(&mut self.all);
        if let Some(tally) = self.kinds.get_mut(usize::from(kind)) {
            act(tally);
        }
    }
}

impl Measured {
    /// The measures with the three books put side by side.
    #[must_use]
    pub fn with_money(mut self, books: &Books) -> Self {
        self.measures.money = super::money_rows(books);
        self
    }
}
