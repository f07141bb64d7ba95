//! Scenario steps made ready to run: every template, path and length of time parsed once.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::Method;
use hyper::header::HeaderValue;
use thiserror::Error;

use super::body::JsonBody;
use super::capture;
use super::condition::Conditions;
use super::content::{Content, FormBody, TEXT, XML};
use super::glance::Wanted;
use super::path::StepPath;
use super::pause::Pause;
use super::program::{
    AwaitCallback, AwaitGet, AwaitNotice, Choose, GoOn, If, Journey, Program, Repeat, RequestStep, Step,
};
use super::retry::Retry;
use super::signing::{Keys, Signer};
use super::turns::Counted;
use super::values::Captured;
use super::when::{Outcomes, When};
use super::xml::XmlBody;
use crate::plan::{Chance, Plan, Weighted};
use crate::scenario::model;
use crate::scenario::path::BadPath;
use crate::scenario::template::{Template, TemplateError};
use crate::scenario::typed::{StepKind, data_column};
use crate::time::Span;
use crate::units::parse_span;

/// A scenario that cannot run. `plimsoll check` finds all of these with their place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("journey `{journey}`: {fault}")]
pub struct CompileError {
    /// The journey, or `sign`.
    pub journey: String,
    /// What is wrong in it.
    pub fault: Fault,
}

/// What is wrong in a journey.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A text that is not a template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A text that is not a path of JSON or XML.
    #[error(transparent)]
    Path(#[from] BadPath),
    /// A text that is not a length of time.
    #[error("`{0}` is not a length of time such as `200ms`")]
    Span(String),
    /// A text that is not the name or value of a header.
    #[error("`{0}` cannot stand in a header")]
    Header(String),
    /// A text that is not a pattern.
    #[error("`{0}` is not a pattern")]
    Pattern(String),
    /// A back-off or jitter that cannot be read.
    #[error("`retry` needs a `back_off` of readable times, and a `jitter` of at most 100 %")]
    Retry,
    /// A step that is nothing, several things, or not allowed where it stands.
    #[error("a step must be exactly one of post, get, await, parallel, pause, repeat, if and choose")]
    Step,
    /// A signature without a scheme, or with several.
    #[error("a signature needs exactly one of hmac_sha256, rsa2, rsa_pss and md5")]
    Scheme,
    /// A key that was not read, or is none.
    #[error("the key of a signature was not read or cannot be used")]
    Key,
    /// A condition that looks at nothing there is.
    #[error("a condition must be an outcome, a status, or a variable in braces")]
    When,
    /// Ways of which none is ever taken.
    #[error("`choose` needs weights of at least 0, one of them above")]
    Weights,
}

impl Program {
    /// Compiles the journeys of a scenario that `plan` was made from, to be signed with its `keys`. The run takes
    /// notifications and callbacks at `endpoint`.
    ///
    /// # Errors
    /// [`CompileError`] for the first fault; none in a scenario that checks.
    pub fn compile(scenario: &model::Scenario, plan: &Plan, keys: &Keys, endpoint: &str) -> Result<Self, CompileError> {
        let in_journey = |journey: &str| {
            let journey = journey.to_owned();
            move |fault| CompileError { journey, fault }
        };
        let signer = scenario.sign.as_ref().map(|sign| Signer::compile(sign, keys)).transpose();
        let signer = signer.map_err(in_journey("sign"))?;
        let kinds = scenario.journeys.iter().zip(0..).map(|((name, journey), kind)| {
            let intent_of = |step_idx: u16| plan.intent_index(kind, usize::from(step_idx));
            let chance = |place| plan.chance(kind, place);
            let (intent_of, chance) = (&intent_of, &chance);
            let compiler = Compiler {
                journey,
                data: &scenario.data,
                intent_of,
                chance,
                index: 0,
                place: 0,
                is_repeated: false,
                awaits_notice: false,
                callbacks: Vec::new(),
                by_capture: BTreeMap::new(),
            };
            compiler.journey().map_err(in_journey(name))
        });
        let mut known = Captured::default();
        let address = |name: &String| (format!("callback.{name}").into(), format!("{endpoint}/callback/{name}"));
        known.keep(scenario.callbacks.keys().map(address).collect());
        Ok(Self { kinds: kinds.collect::<Result<_, _>>()?, signer, known })
    }
}

/// What is known while the steps of one journey are walked in file order.
struct Compiler<'s> {
    journey: &'s model::Journey,
    /// Data files, whose columns may be numbers.
    data: &'s BTreeMap<String, model::DataFile>,
    /// Which planned intent a step carries, by its index.
    intent_of: &'s dyn Fn(u16) -> Option<usize>,
    /// What chance decides at the step of this place.
    chance: &'s dyn Fn(u16) -> Chance,
    /// As history counts steps.
    index: u16,
    /// As chance does: control steps have a place as well.
    place: u16,
    /// Whether this is inside a `repeat`.
    is_repeated: bool,
    awaits_notice: bool,
    callbacks: Vec<(Box<str>, Template)>,
    /// Name of a target id captured from an answer to the intent it belongs to.
    by_capture: BTreeMap<&'s str, usize>,
}

impl<'s> Compiler<'s> {
    fn journey(mut self) -> Result<Journey, Fault> {
        let steps = self.steps(&self.journey.steps)?;
        Ok(Journey { steps, awaits_notice: self.awaits_notice, callbacks: self.callbacks })
    }

    fn steps(&mut self, steps: &'s [model::Step]) -> Result<Vec<Step>, Fault> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &'s model::Step) -> Result<Step, Fault> {
        match step.kind().ok_or(Fault::Step)? {
            StepKind::Post(path) => Ok(Step::Request(Arc::new(self.request(step, Method::POST, path)?))),
            StepKind::Get(path) => Ok(Step::Request(Arc::new(self.request(step, Method::GET, path)?))),
            StepKind::Await(wait) => self.wait(wait),
            StepKind::Parallel(branches) => {
                let branches = branches.iter().map(|branch| match branch.kind() {
                    Some(StepKind::Post(path)) => self.request(branch, Method::POST, path).map(Arc::new),
                    Some(StepKind::Get(path)) => self.request(branch, Method::GET, path).map(Arc::new),
                    _ => Err(Fault::Step),
                });
                Ok(Step::Parallel(branches.collect::<Result<_, _>>()?))
            }
            StepKind::Pause(rule) => {
                self.next_index();
                let (chance, counted) = self.place();
                Ok(Step::Pause(Pause { rule, chance, counted }))
            }
            StepKind::Repeat(repeat) => {
                let is_repeated = std::mem::replace(&mut self.is_repeated, true);
                let steps = self.steps(&repeat.steps)?;
                self.is_repeated = is_repeated;
                let until = repeat.until.as_ref().map(|until| When::compile(until).ok_or(Fault::When));
                Ok(Step::Repeat(Repeat { times: repeat.times, until: until.transpose()?, steps }))
            }
            StepKind::If(question) => Ok(Step::If(If {
                when: When::compile(question.when).ok_or(Fault::When)?,
                then: self.steps(question.then)?,
                otherwise: self.steps(question.otherwise)?,
            })),
            StepKind::Choose(ways) => {
                let (chance, counted) = self.place();
                let mix = Weighted::new(ways.iter().map(|way| way.weight)).ok_or(Fault::Weights)?;
                let ways = ways.iter().map(|way| self.steps(&way.steps)).collect::<Result<_, _>>()?;
                Ok(Step::Choose(Choose { mix, ways, chance, counted }))
            }
        }
    }

    fn request(&mut self, step: &'s model::Step, method: Method, path: &str) -> Result<RequestStep, Fault> {
        let index = self.next_index();
        let intent = (self.intent_of)(index);
        let (chance, counted) = self.place();
        if let (Some(intent), Some(name)) = (intent, step.capture.keys().next()) {
            self.by_capture.insert(name, intent);
        }
        let content = self.content(step)?;
        let expect = step.expect.as_ref().map(Conditions::compile).transpose()?.unwrap_or_default().or_status_200();
        let declined = step.declined.as_ref().map(Conditions::compile).transpose()?;
        let captures = capture::compile(&step.capture)?;
        let conditions = expect.paths().chain(declined.iter().flat_map(Conditions::paths));
        let wanted = Wanted::of(conditions.chain(capture::paths(&captures)));
        Ok(RequestStep {
            index,
            method,
            path: StepPath::compile(path)?,
            content,
            intent,
            expect,
            declined,
            captures,
            wanted,
            timeout: step.timeout.as_deref().map(span).transpose()?,
            retry: step.retry.as_ref().map(|policy| retry(policy, chance)).transpose()?,
            go_on: Outcomes::of(step.go_on.iter().copied()),
            counted,
        })
    }

    fn content(&self, step: &model::Step) -> Result<Option<Content>, Fault> {
        let media_type = |usual: HeaderValue| match &step.content_type {
            Some(text) => HeaderValue::from_str(text).map_err(|_| Fault::Header(text.clone())),
            None => Ok(usual),
        };
        Ok(match (&step.json, &step.form, &step.xml, &step.raw) {
            (Some(json), ..) => Some(Content::Json(JsonBody::compile(json, &|name| self.is_number(name))?)),
            (None, Some(form), ..) => Some(Content::Form(FormBody::compile(form)?)),
            (None, None, Some(xml), _) => {
                Some(Content::Xml { body: XmlBody::new(Template::parse(xml)?), media_type: media_type(XML)? })
            }
            (None, None, None, Some(raw)) => {
                Some(Content::Raw { text: Template::parse(raw)?, media_type: media_type(TEXT)? })
            }
            (None, None, None, None) => None,
        })
    }

    fn wait(&mut self, wait: &model::Await) -> Result<Step, Fault> {
        let within = span(&wait.within)?;
        let go_on = GoOn(wait.go_on.iter().map(|s| s.as_str().into()).collect());
        match (&wait.get, &wait.notice, &wait.callback) {
            (Some(path), None, None) => {
                let about = self.about(&Template::parse(path)?);
                let until = Conditions::compile(&wait.until)?.or_status_200();
                let captures = capture::compile(&wait.capture)?;
                let poll = RequestStep {
                    index: self.next_index(),
                    counted: self.place().1,
                    method: Method::GET,
                    intent: about,
                    path: StepPath::compile(path)?,
                    content: None,
                    expect: Conditions::default().or_status_200(),
                    declined: None,
                    captures: Vec::new(),
                    wanted: Wanted::of(until.paths().chain(capture::paths(&captures))),
                    timeout: None,
                    retry: None,
                    go_on: Outcomes::default(),
                };
                let every = wait.every();
                Ok(Step::AwaitGet(AwaitGet { poll: Arc::new(poll), until, go_on, within, every, captures }))
            }
            (None, Some(subject), None) => {
                let subject = Template::parse(subject)?;
                self.awaits_notice = true;
                let intent = self.about(&subject);
                Ok(Step::AwaitNotice(AwaitNotice { index: self.next_index(), subject, intent, go_on, within }))
            }
            (None, None, Some(name)) => {
                let about = Template::parse(wait.about.as_deref().ok_or(Fault::Step)?)?;
                let name: Box<str> = name.as_str().into();
                self.callbacks.push((name.clone(), about.clone()));
                Ok(Step::AwaitCallback(AwaitCallback { index: self.next_index(), name, about, go_on, within }))
            }
            _ => Err(Fault::Step),
        }
    }

    /// The intent whose target id `template` names.
    fn about(&self, template: &Template) -> Option<usize> {
        template.vars().find_map(|name| self.by_capture.get(name).copied())
    }

    fn is_number(&self, name: &str) -> bool {
        matches!(name, "amount" | "payer.balance")
            || self.journey.lets.contains_key(name)
            || data_column(self.data, name) == Some(model::ColumnKind::Number)
    }

    /// The next place: what chance decides there, and where turns are counted if it comes more than once.
    fn place(&mut self) -> (Chance, Counted) {
        let place = self.place;
        self.place = self.place.saturating_add(1);
        ((self.chance)(place), self.is_repeated.then_some(place))
    }

    fn next_index(&mut self) -> u16 {
        let index = self.index;
        self.index = self.index.saturating_add(1);
        index
    }
}

fn retry(policy: &model::Retry, chance: Chance) -> Result<Retry, Fault> {
    Ok(Retry {
        attempts: policy.attempts,
        on: policy.on().into(),
        back_off: policy.back_off.rule().ok_or(Fault::Retry)?,
        jitter: policy.jitter().ok_or(Fault::Retry)?,
        chance,
    })
}

fn span(text: &str) -> Result<Span, Fault> {
    parse_span(text).ok_or_else(|| Fault::Span(text.to_owned()))
}
