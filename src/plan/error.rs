//! Why a scenario cannot be planned.

use thiserror::Error;

use crate::arrival::CurveError;
use crate::shape::ShapeProblem;

/// Everything that keeps a scenario from being planned.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{}", listed(.problems))]
pub struct PlanError {
    /// In file order, at least one.
    pub problems: Vec<PlanProblem>,
}

fn listed(problems: &[PlanProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One thing that keeps a scenario from being planned.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanProblem {
    /// More groups of accounts than numbers for them.
    #[error("{0} groups of accounts are too many; at most 99 can be numbered")]
    TooManyGroups(usize),
    /// A group without accounts, or with an unreadable balance.
    #[error("account group `{0}` needs at least one account and a balance such as `CNY 500.00`")]
    Group(String),
    /// A skew with a number out of range, or shares that are none.
    #[error("the skew of account group `{0}` must be a number of at least 0, or shares of the busiest accounts")]
    Skew(String),
    /// Usual merchants of a group that are none.
    #[error("`usual` of account group `{0}` needs payers, a number of merchants and a share such as `80 %`")]
    Usual(String),
    /// A virtual account that a live one may have the number of.
    #[error("virtual account {id} of group `{group}` lies within the live range {first}..{last}")]
    Live {
        /// The group.
        group: String,
        /// The first such account.
        id: String,
        /// The range's first number.
        first: u128,
        /// The range's last number.
        last: u128,
    },
    /// No journey has a weight above zero, or one has a negative one.
    #[error("journeys need weights of at least 0, one of them above")]
    NoWeight,
    /// More kinds of journeys than can be told apart in a history.
    #[error("{0} kinds of journeys are too many; at most 65,535 can be told apart")]
    TooManyKinds(usize),
    /// A journey names a group that is not there, or of the other kind.
    #[error("journey `{journey}` needs `{group}` to be a group of {kind}s")]
    NoGroup {
        /// The journey.
        journey: String,
        /// The group it names.
        group: String,
        /// `payer` or `merchant`.
        kind: &'static str,
    },
    /// Amounts of two currencies in one journey.
    #[error("journey `{journey}` mixes {one} and {other}")]
    Currencies {
        /// The journey.
        journey: String,
        /// One code.
        one: String,
        /// Another.
        other: String,
    },
    /// Nothing tells how a journey pays.
    #[error("journey `{0}` has no payment method: name `methods`, or a shape that has some")]
    NoMethod(String),
    /// Nothing tells how much a journey pays by this method.
    #[error("journey `{journey}` has no amount for method `{method}`: give `amount`, or a shape with this method")]
    NoAmount {
        /// The journey.
        journey: String,
        /// The method.
        method: String,
    },
    /// A further amount that cannot be computed.
    #[error("`let` {name} of journey `{journey}` must be `percent` or `plus` of `amount` or `payer.balance`")]
    Let {
        /// The journey.
        journey: String,
        /// Its name.
        name: String,
    },
    /// An intent that cannot be planned.
    #[error("intent of step {step} of journey `{journey}`: {what}")]
    Intent {
        /// The journey.
        journey: String,
        /// Which step, counted from 1, those inside other steps counted through.
        step: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A stage without a readable rate or length.
    #[error("{0} needs one rate and a length")]
    Stage(String),
    /// An arrival process with a number out of range.
    #[error("a number of {0} is out of range")]
    Arrivals(String),
    /// The stages are no rate curve.
    #[error("{0}")]
    Curve(#[from] CurveError),
    /// A day or a bursty load without a shape.
    #[error("`{0}` needs a shape")]
    NoShape(&'static str),
    /// The shape is unusable.
    #[error("shape: {0}")]
    Shape(ShapeProblem),
    /// A stream on top of the load that replays a trace.
    #[error("stream `{0}` cannot replay a trace; only the load itself can")]
    TraceOnTop(String),
    /// A trace that was not given.
    #[error("the trace has not been read")]
    NoTrace,
    /// A stretch of a trace in which nothing is.
    #[error("the stretch of the trace is empty: check `from`, `take`, `into` and `scale`")]
    EmptyTrace,
    /// A closed load that lacks something.
    #[error("a closed load needs `users`, and either `for` or `iterations`")]
    Users,
    /// A rate for a closed load.
    #[error(
        "a closed load has no rate to set: how fast its users come back is a result; change `users` or `think_time`"
    )]
    ClosedRate,
    /// A length for a load that lasts as long as it takes.
    #[error("a closed load with `iterations` lasts as long as they take; give it `for` instead to set its length")]
    ClosedDuration,
    /// A data file that was not given.
    #[error("the data file `{0}` has not been read")]
    NoData(String),
    /// A data file with fewer rows than journeys that want one of their own.
    #[error("data file `{file}` runs out: it has {n_rows} rows, and {n_journeys} journeys take one each")]
    RunsOut {
        /// Its name in the scenario.
        file: String,
        /// Rows it has.
        n_rows: u32,
        /// Journeys that take one.
        n_journeys: u64,
    },
    /// A row for each journey, of which nobody knows how many there will be.
    #[error(
        "data file `{0}` has no row twice, and users who go on for a time take nobody knows how many; give the load `iterations`"
    )]
    NobodyKnows(String),
    /// An override that is not above zero.
    #[error("{0} must be above 0")]
    Override(&'static str),
}
