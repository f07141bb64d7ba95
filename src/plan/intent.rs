//! What a kind of journey wants done exactly once, as templates that only need the journey.

use std::collections::BTreeMap;

use super::error::PlanProblem;
use super::journey::PlannedJourney;
use crate::ledger::{Intent, IntentKind, Probe};
use crate::scenario::model::{ColumnKind, DataFile, IntentSpec, IntentWord, Journey, ProbeWord};
use crate::scenario::template::Template;
use crate::scenario::typed::data_column;

/// The intents of one kind of journey.
#[derive(Debug, Default)]
pub(super) struct Intents {
    specs: Vec<Spec>,
    /// For each step, those inside other steps counted through: which of `specs` it carries.
    by_step: Vec<Option<usize>>,
}

#[derive(Debug)]
struct Spec {
    kind: IntentKind,
    key: Template,
    original: Option<Template>,
    amount: AmountFrom,
    from: Template,
    to: Template,
    probe: Probe,
}

#[derive(Debug)]
enum AmountFrom {
    Minor(i64),
    Variable(String),
}

impl Intents {
    /// Reads the intents of a journey's steps; what cannot be planned is told in `problems`.
    pub(super) fn new(
        name: &str,
        journey: &Journey,
        data: &BTreeMap<String, DataFile>,
        problems: &mut Vec<PlanProblem>,
    ) -> Self {
        let known = Known { journey, data };
        let mut intents = Self::default();
        // A step whose intent is at fault has a name all the same: that it does is not one more fault.
        let mut named: Vec<(&str, Option<usize>)> = Vec::new();
        let mut repeats: Vec<(usize, &str)> = Vec::new();
        let mut fault = |step_idx: usize, what: String| {
            problems.push(PlanProblem::Intent { journey: name.to_owned(), step: step_idx + 1, what });
        };
        for (step_idx, step) in journey.flat_steps().enumerate() {
            intents.by_step.push(None);
            let Some(spec) = &step.intent else { continue };
            if let Some(other) = &spec.same_as {
                repeats.push((step_idx, other));
                continue;
            }
            match Spec::new(spec, known) {
                Ok(read) => {
                    intents.by_step[step_idx] = Some(intents.specs.len());
                    intents.specs.push(read);
                }
                Err(what) => fault(step_idx, what),
            }
            named.extend(step.name.as_deref().map(|n| (n, intents.by_step[step_idx])));
        }
        // Last, as a step may repeat a later one.
        for (step_idx, other) in repeats {
            match named.iter().find(|(n, _)| *n == other) {
                Some(&(_, None)) => (),
                Some(&(_, Some(idx))) => {
                    intents.by_step[step_idx] = Some(idx);
                    // A conflict over money weighs more than a repetition: it decides who may be refused.
                    if intents.specs[idx].probe == Probe::None {
                        intents.specs[idx].probe = Probe::SameKey;
                    }
                }
                None => fault(step_idx, format!("no step with an intent is named `{other}`")),
            }
        }
        intents
    }

    /// Which intent a step carries.
    pub(super) fn index(&self, step_idx: usize) -> Option<usize> {
        self.by_step.get(step_idx).copied().flatten()
    }

    /// The intents of one journey, in step order.
    pub(super) fn render(&self, journey: &PlannedJourney) -> Vec<Intent> {
        let text = |t: &Template| t.render(|name| journey.lookup(name)).expect("variables were checked");
        self.specs
            .iter()
            .enumerate()
            .map(|(n, spec)| Intent {
                id: format!("{:07}.{n}", journey.number),
                journey: journey.number,
                kind: spec.kind,
                key: text(&spec.key),
                original_key: spec.original.as_ref().map(text),
                amount: match &spec.amount {
                    AmountFrom::Minor(minor) => *minor,
                    AmountFrom::Variable(name) => journey.number_of(name).expect("variables were checked"),
                },
                currency: journey.currency.code().to_owned(),
                from: text(&spec.from),
                to: text(&spec.to),
                method: journey.method.to_string(),
                probe: spec.probe,
                due_ns: journey.due.as_nanos(),
            })
            .collect()
    }
}

impl Spec {
    fn new(spec: &IntentSpec, known: Known<'_>) -> Result<Self, String> {
        let template = |key: &str, text: &Option<String>| {
            let text = text.as_deref().ok_or_else(|| format!("`{key}` is missing"))?;
            let template = Template::parse(text).map_err(|e| format!("`{key}`: {e}"))?;
            if let Some(name) = template.vars().find(|name| !known.is_planned(name)) {
                return Err(format!("`{key}`: `{{{{{name}}}}}` is not known when the plan is made"));
            }
            Ok(template)
        };
        let kind = match spec.kind.ok_or("`kind` is missing")? {
            IntentWord::Pay => IntentKind::Pay,
            IntentWord::Refund => IntentKind::Refund,
        };
        let amount = template("amount", &spec.amount)?;
        let amount = match amount.sole_var().filter(|name| known.is_number(name)) {
            Some(name) => AmountFrom::Variable(name.to_owned()),
            None => spec
                .amount
                .as_deref()
                .and_then(|text| text.trim().parse().ok())
                .filter(|minor| *minor > 0)
                .map(AmountFrom::Minor)
                .ok_or("`amount` must be one variable that is an amount, or minor units above 0")?,
        };
        Ok(Self {
            kind,
            key: template("key", &spec.key)?,
            original: match kind {
                IntentKind::Pay => None,
                IntentKind::Refund => Some(template("original", &spec.original)?),
            },
            amount,
            from: template("from", &spec.from)?,
            to: template("to", &spec.to)?,
            probe: match spec.probe {
                ProbeWord::None => Probe::None,
                ProbeWord::SameKey => Probe::SameKey,
                ProbeWord::OtherAmount => Probe::OtherAmount,
                ProbeWord::SameMoney => Probe::SameMoney,
            },
        })
    }
}

/// What is planned of journeys of one kind.
#[derive(Clone, Copy)]
struct Known<'s> {
    journey: &'s Journey,
    data: &'s BTreeMap<String, DataFile>,
}

impl Known<'_> {
    /// Whether [`PlannedJourney::lookup`] knows the variable.
    fn is_planned(self, name: &str) -> bool {
        let words = ["order_no", "payer.id", "merchant.id", "currency", "method"];
        let is_column = data_column(self.data, name).is_some();
        words.contains(&name) || name.starts_with("no.") || is_column || self.is_number(name)
    }

    fn is_number(self, name: &str) -> bool {
        ["amount", "payer.balance"].contains(&name)
            || self.journey.lets.contains_key(name)
            || data_column(self.data, name) == Some(ColumnKind::Number)
    }
}
