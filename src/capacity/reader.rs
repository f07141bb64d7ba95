//! Reads a step's history into the series that its judgement rests on, in one pass and bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::evidence::{BacklogEvidence, MoneyEvidence, ObjectiveEvidence, StepEvidence, StepFacts};
use super::flow::Flow;
use super::watch::Watch;
use crate::history::{Event, Exchange, Outcome};
use crate::measure::{Frame, Settling, Waiting};
use crate::scenario::objective::Metric;
use crate::stats::Histogram;
use crate::time::Span;

/// Takes a step's history event by event.
///
/// Memory: up to four million samples of 8 bytes for each objective, three counts for each
/// twentieth of a second, journeys in flight, and the limit of the table of what has not settled.
#[derive(Debug)]
pub struct StepReader {
    kinds: Vec<String>,
    schedule: Span,
    warm_up: Span,
    watches: Vec<Watch>,
    requests: Flow,
    journeys: Flow,
    arrivals: Flow,
    response: Histogram,
    answered: u64,
    lasted: Histogram,
    settling: Settling,
    /// Journeys that started and have not ended: kind, due time, id of the first payment.
    open: HashMap<u64, Open>,
    dropped: u64,
    due: u64,
}

#[derive(Debug)]
struct Open {
    kind: u16,
    due_ns: u64,
    first_id: Option<String>,
}

/// What a step's history gave, before it is put together with its verdict.
#[derive(Clone, Debug)]
pub struct StepSeries {
    schedule: Span,
    warm_up: Span,
    objectives: Vec<ObjectiveEvidence>,
    requests: Flow,
    journeys: Flow,
    arrivals: Flow,
    /// How long journeys last, the 99th percentile.
    filled: Span,
    response: Histogram,
    answered: u64,
    dropped: u64,
    due: u64,
}

impl StepReader {
    /// Ready for the first event; the frame as for [`Measurer`](crate::measure::Measurer), with the step's warm-up.
    pub fn new(frame: Frame) -> Self {
        let window = (frame.warm_up.as_secs_f64(), frame.schedule.as_secs_f64());
        Self {
            watches: frame.objectives.into_iter().filter_map(|o| Watch::new(o, window)).collect(),
            kinds: frame.kinds,
            schedule: frame.schedule,
            warm_up: frame.warm_up,
            requests: Flow::new(frame.schedule),
            journeys: Flow::new(frame.schedule),
            arrivals: Flow::new(frame.schedule),
            response: Histogram::new(),
            answered: 0,
            lasted: Histogram::new(),
            settling: Settling::default(),
            open: HashMap::new(),
            dropped: 0,
            due: 0,
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
            Event::Dropped { .. } => {
                self.dropped += 1;
                self.due += 1;
            }
            Event::Ended { journey, kind, due_ns, at_ns, outcome } => {
                if self.open.remove(journey).is_none() {
                    self.start(*due_ns);
                }
                self.journeys.leave(*at_ns);
                self.lasted.record(between(*due_ns, *at_ns));
                self.end(*kind, *due_ns, *outcome);
            }
            Event::Notice(_) | Event::Note { .. } => {}
        }
    }

    /// Everything the history gave.
    pub fn finish(mut self) -> StepSeries {
        // Nothing is known of what never ended.
        let lost: Vec<(u16, u64)> = self.open.drain().map(|(_, open)| (open.kind, open.due_ns)).collect();
        for (kind, due_ns) in lost {
            self.end(kind, due_ns, Outcome::Unknown);
        }
        StepSeries {
            schedule: self.schedule,
            warm_up: self.warm_up,
            objectives: self.watches.into_iter().map(Watch::evidence).collect(),
            requests: self.requests,
            journeys: self.journeys,
            arrivals: self.arrivals,
            filled: self.lasted.quantile(0.99).unwrap_or(Span::ZERO),
            response: self.response,
            answered: self.answered,
            dropped: self.dropped,
            due: self.due,
        }
    }

    fn exchange(&mut self, x: &Exchange) {
        if let Entry::Vacant(journey) = self.open.entry(x.journey) {
            journey.insert(Open { kind: x.kind, due_ns: x.due_ns, first_id: None });
            self.start(x.due_ns);
        }
        if !x.is_poll {
            self.requests.enter(x.due_ns);
            self.requests.leave(x.answered_ns);
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
            let (response, service) = (between(x.due_ns, x.answered_ns), between(x.sent_ns, x.answered_ns));
            if x.due_ns >= self.warm_up.as_nanos() {
                self.response.record(response);
            }
            if (self.warm_up.as_nanos()..self.schedule.as_nanos()).contains(&x.answered_ns) {
                self.answered += 1;
            }
            self.watch(x.kind, x.due_ns, |metric| match metric {
                Metric::ResponseTime { .. } => Some(micros(response)),
                Metric::ServiceTime { .. } => Some(micros(service)),
                _ => None,
            });
        }
    }

    /// The id of what a journey's first step wants, whichever of its attempts was told it.
    fn first_id(&mut self, x: &Exchange) {
        let Some(id) = &x.target_id else { return };
        let Some(open) = self.open.get_mut(&x.journey).filter(|open| open.first_id.is_none()) else { return };
        open.first_id = Some(id.clone());
        let waiting = Waiting { journey: x.journey, kind: x.kind, due_ns: open.due_ns };
        let sample = if x.target_status.as_deref().is_some_and(is_final) {
            Some((waiting, between(open.due_ns, x.answered_ns)))
        } else {
            self.settling.wait_for(id, waiting)
        };
        self.settle(sample);
    }

    fn settle(&mut self, sample: Option<(Waiting, Span)>) {
        let Some((waiting, span)) = sample else { return };
        self.watch(waiting.kind, waiting.due_ns, |m| matches!(m, Metric::Settled { .. }).then(|| micros(span)));
    }

    fn start(&mut self, due_ns: u64) {
        self.due += 1;
        self.arrivals.enter(due_ns);
        self.journeys.enter(due_ns);
    }

    fn end(&mut self, kind: u16, due_ns: u64, outcome: Outcome) {
        let is = |yes: bool| Some(f64::from(u8::from(yes)));
        self.watch(kind, due_ns, |metric| match metric {
            Metric::Failed => is(outcome.is_failed()),
            Metric::Unknown => is(outcome == Outcome::Unknown),
            Metric::Declined => is(outcome == Outcome::Declined),
            _ => None,
        });
    }

    fn watch(&mut self, kind: u16, due_ns: u64, value: impl Fn(Metric) -> Option<f64>) {
        if due_ns < self.warm_up.as_nanos() {
            return;
        }
        let name = self.kinds.get(usize::from(kind)).map(String::as_str);
        for watch in self.watches.iter_mut().filter(|w| w.is_about(name)) {
            if let Some(value) = value(watch.metric()) {
                watch.take(due_ns as f64 / 1e9, value);
            }
        }
    }
}

impl StepSeries {
    pub(super) fn evidence(&self, step: StepFacts<'_>) -> StepEvidence {
        let load = &step.verdict.load;
        let us = |span: Option<Span>| span.map_or(0.0, micros);
        let (from, to) = (self.warm_up.as_secs_f64(), self.schedule.as_secs_f64());
        StepEvidence {
            rate: step.rate,
            seconds: to,
            warm_up_s: from,
            achieved_rate: load.achieved_rate,
            goodput: load.goodput,
            response_us_p50: us(self.response.quantile(0.5)),
            response_us_p99: us(self.response.quantile(0.99)),
            response_us_mean: us(self.response.mean()),
            throughput: if to > from { self.answered as f64 / (to - from) } else { 0.0 },
            objectives: self.objectives.clone(),
            backlogs: self.backlogs(step.rate),
            money: money(step),
            dropped: self.dropped,
            due: self.due,
            ended: step.verdict.run.ended.clone(),
            came_to_rest: step.facts.end.as_ref().is_some_and(|end| end.is_quiescent),
            void: void(step),
        }
    }

    /// How what is in the system grew, `rate` journeys asked for each second.
    fn backlogs(&self, rate: f64) -> Vec<BacklogEvidence> {
        let mut backlogs = Vec::new();
        backlogs.extend(self.requests.evidence("requests", self.warm_up, &self.arrivals, rate));
        // Journeys that wait for a bank fill up for as long as they last; only then their number can tell a trend.
        let from = Span::from_nanos(self.filled.as_nanos().saturating_add(self.warm_up.as_nanos()));
        if from.as_nanos() <= self.schedule.as_nanos() / 2 {
            backlogs.extend(self.journeys.evidence("journeys", from, &self.arrivals, rate));
        }
        backlogs
    }
}

fn money(step: StepFacts<'_>) -> Vec<MoneyEvidence> {
    let parts = step.verdict.invariants.iter();
    parts
        .map(|i| MoneyEvidence {
            name: i.name.clone(),
            verdict: i.verdict.clone(),
            violations: i.violations,
            waived: i.waived,
            why: i.why.clone(),
        })
        .collect()
}

/// Why the step describes the harness and not the target.
fn void(step: StepFacts<'_>) -> Vec<String> {
    let audit = &step.verdict.audit;
    let ms = |us: f64| Span::from_secs_f64(us / 1e6);
    let mut why = Vec::new();
    if audit.lag_p99_us > audit.lag_limit_us {
        let (was, may) = (ms(audit.lag_p99_us), ms(audit.lag_limit_us));
        why.push(format!("the load generator ran late: lag p99 was {was}, {may} is allowed"));
    }
    for name in &audit.channel_saturated {
        why.push(format!("mock channel `{name}` was saturated"));
    }
    if audit.events_lost > 0 {
        why.push(format!("{} events could not be recorded", audit.events_lost));
    }
    if audit.generator_cpu > audit.generator_cpu_limit {
        why.push(format!("the load generator used {:.0} % of its core", audit.generator_cpu * 100.0));
    }
    if let Some(waited) = audit.run_queue.filter(|waited| *waited > audit.run_queue_limit) {
        why.push(format!("the load generator waited for a core {:.0} % of the time", waited * 100.0));
    }
    if let Some(limit) = audit.dropped_limit.filter(|limit| audit.dropped > *limit) {
        let (was, may) = (audit.dropped * 100.0, limit * 100.0);
        why.push(format!("{was:.2} % of the journeys due were dropped, {may:.2} % may be"));
    }
    if audit.refused_here > 0 {
        why.push(format!("this machine did not make {} connections", audit.refused_here));
    }
    if !audit.valid && why.is_empty() {
        why.push("the harness was not fit; see the step's own verdict".to_owned());
    }
    // An abort by the scenario's guard is the target's doing; anything else cut the step short from outside.
    let ended = step.verdict.run.ended.as_str();
    if !matches!(ended, "completed" | "aborted") {
        why.push(format!("the step did not complete: it was {ended}"));
    }
    why
}

fn is_final(status: &str) -> bool {
    matches!(status, "SUCCEEDED" | "FAILED")
}

fn between(from: u64, to: u64) -> Span {
    Span::from_nanos(to.saturating_sub(from))
}

fn micros(span: Span) -> f64 {
    span.as_nanos() as f64 / 1e3
}
