//! The texts of a scenario as typed values: parse, don't validate.
//!
//! After a scenario is checked every method here gives a value (`Some` where it is an `Option` and the key is
//! in the file); the checks call the same functions, so the two cannot disagree. Before the check they may
//! give `None`; they never panic.

mod closed;
mod control;
mod data;
mod journey;
mod retry;
mod sign;
mod skew;
mod step;

use crate::arrival::{Gamma, Mmpp, RateLine, Spike, spike_lines};
use crate::money::{Amount, Currency};
use crate::scenario::model::{
    Abort, AccountGroup, Arrivals, AuditLimits, GammaSpec, Load, LoadModel, MmppSpec, Scenario, Stage, StageSpike,
    Target, Trace, Usual,
};
use crate::scenario::objective::{Objective, parse_objective};
use crate::time::Span;
use crate::units::{parse_percent, parse_rate, parse_span};

pub use closed::{ClosedEnd, ClosedLoad};
pub use control::{PauseRule, WhenKey};
pub use data::data_column;
pub use journey::DerivedRule;
pub use retry::BackOffRule;
pub use sign::{DeclaredScheme, NamedKey};
pub use skew::{SkewFault, measured_fault};
pub use step::{If, StepKind};

/// The rate over one stage, in journeys per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateCurve {
    /// Changes evenly from one rate to the other; both alike for `hold`.
    Line {
        /// At the stage's start.
        from: f64,
        /// At its end.
        to: f64,
    },
    /// Up evenly, and down by half of what is left in each half-life.
    Spike(Spike),
    /// The shape's hour curve with this mean.
    Day {
        /// The mean rate.
        mean: f64,
    },
}

impl RateCurve {
    /// How many journeys are due over a stage of this rate and length, on average.
    pub fn n_expected(self, lasts: Span) -> f64 {
        match self {
            Self::Line { from, to } => RateLine { from, to, lasts }.n_expected(),
            Self::Spike(spike) => spike_lines(&spike, lasts).iter().map(RateLine::n_expected).sum(),
            Self::Day { mean } => mean * lasts.as_secs_f64(),
        }
    }
}

/// One stream of journeys of a load.
#[derive(Clone, Copy, Debug)]
pub struct LoadStream<'s> {
    /// Its name; `None` for the load's own.
    pub name: Option<&'s str>,
    /// The rule giving due times.
    pub arrivals: &'s Arrivals,
    /// When its first stage begins, counted from the start of the load.
    pub after: Span,
    /// The rate over time; none for a trace.
    pub stages: &'s [Stage],
}

impl LoadStream<'_> {
    /// When it ends, counted from the start of the load.
    pub fn ends(&self) -> Option<Span> {
        if let Arrivals::Trace(trace) = self.arrivals {
            return trace.into_span();
        }
        let spans: Option<Vec<Span>> = self.stages.iter().map(Stage::lasts).collect();
        let sum = spans?.into_iter().fold(self.after.as_nanos(), |sum, span| sum.saturating_add(span.as_nanos()));
        Some(Span::from_nanos(sum))
    }

    /// How many journeys are due over its stages, on average.
    pub fn n_expected(&self) -> Option<f64> {
        self.stages.iter().map(|stage| Some(stage.rate()?.n_expected(stage.lasts()?))).sum()
    }
}

/// What is put under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind<'s> {
    /// A target we start ourselves, by its name: `chain`.
    Embedded(&'s str),
    /// A running gateway at this address.
    Url(&'s str),
    /// The mock channel of this name, without a chain.
    Channel(&'s str),
}

/// Numbers that virtual accounts must not touch, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveRange {
    /// The first number.
    pub first: u128,
    /// The last number, not below the first.
    pub last: u128,
}

impl LiveRange {
    /// The range written `1000000..8999999`; `None` unless both ends are digits and in order.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once("..")?;
        let number = |t: &str| {
            let t = t.trim();
            t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse().ok()).flatten()
        };
        let range = Self { first: number(first)?, last: number(last)? };
        (range.first <= range.last).then_some(range)
    }

    /// Whether `number` is one of them.
    pub const fn contains(self, number: u128) -> bool {
        self.first <= number && number <= self.last
    }
}

impl Scenario {
    /// The objectives, in file order; those that do not parse are left out (there are none after the check).
    pub fn parsed_objectives(&self) -> Vec<Objective> {
        self.objectives.iter().filter_map(|text| parse_objective(text).ok()).collect()
    }

    /// The ranges of live accounts, in file order.
    pub fn parsed_live_ranges(&self) -> Vec<LiveRange> {
        self.live_ranges.iter().filter_map(|text| LiveRange::parse(text)).collect()
    }

    /// The one currency of the run: that of the account groups' balances.
    pub fn currency(&self) -> Option<Currency> {
        self.accounts.values().find_map(AccountGroup::balance).map(|amount| amount.currency)
    }

    /// The index of a journey in name order, which is its `kind` in plans and histories.
    pub fn journey_kind(&self, name: &str) -> Option<u16> {
        self.journeys.keys().position(|n| n == name).and_then(|n| u16::try_from(n).ok())
    }
}

impl Target {
    /// What it is; `None` unless exactly one of the kinds is given.
    pub fn kind(&self) -> Option<TargetKind<'_>> {
        match (self.embedded.as_deref(), self.url.as_deref(), self.channel.as_deref()) {
            (Some(name), None, None) => Some(TargetKind::Embedded(name)),
            (None, Some(url), None) => Some(TargetKind::Url(url)),
            (None, None, Some(channel)) => Some(TargetKind::Channel(channel)),
            _ => None,
        }
    }
}

impl AccountGroup {
    /// What each account has at the start.
    pub fn balance(&self) -> Option<Amount> {
        Amount::parse(&self.balance)
    }
}

impl Usual {
    /// The share of a payer's journeys that go to one of its usual merchants.
    pub fn share(&self) -> Option<f64> {
        parse_part(&self.share)
    }
}

impl Load {
    /// Opening time left out of measured response times; none by default.
    pub fn warm_up(&self) -> Span {
        span_or(self.warm_up.as_deref(), Span::ZERO)
    }

    /// How long started journeys may take to end after the last due time; 20 s by default.
    pub fn drain(&self) -> Span {
        span_or(self.drain.as_deref(), Span::from_secs(20))
    }

    /// Journeys in flight at once; 10,000 by default.
    pub fn in_flight_limit(&self) -> u32 {
        self.in_flight_limit.unwrap_or(10_000)
    }

    /// Its own stream and those on top of it, in name order; none of a closed load.
    pub fn streams(&self) -> impl Iterator<Item = LoadStream<'_>> {
        let own = self.arrivals.iter().map(|arrivals| LoadStream {
            name: None,
            arrivals,
            after: Span::ZERO,
            stages: &self.stages,
        });
        let also = self.also.iter().map(|(name, stream)| LoadStream {
            name: Some(name),
            arrivals: &stream.arrivals,
            after: span_or(stream.after.as_deref(), Span::ZERO),
            stages: &stream.stages,
        });
        own.chain(also)
    }

    /// How long all streams last together, or a closed load; `None` if only its iterations end it.
    pub fn lasts(&self) -> Option<Span> {
        if self.model == LoadModel::Closed {
            return self.lasts.as_deref().and_then(parse_span);
        }
        let ends: Option<Vec<Span>> = self.streams().map(|stream| stream.ends()).collect();
        ends?.into_iter().max()
    }
}

impl Stage {
    /// The rate over the stage; `None` unless exactly one of `hold`, `ramp`, `spike` and `day` is given and parses.
    pub fn rate(&self) -> Option<RateCurve> {
        match (&self.hold, &self.ramp, &self.spike, &self.day) {
            (Some(hold), None, None, None) => parse_rate(hold).map(|rate| RateCurve::Line { from: rate, to: rate }),
            (None, Some(ramp), None, None) => parse_ramp(ramp).map(|(from, to)| RateCurve::Line { from, to }),
            (None, None, Some(spike), None) => spike.rate().map(RateCurve::Spike),
            (None, None, None, Some(day)) => parse_rate(day).map(|mean| RateCurve::Day { mean }),
            _ => None,
        }
    }

    /// How long it lasts.
    pub fn lasts(&self) -> Option<Span> {
        parse_span(&self.lasts)
    }
}

impl StageSpike {
    /// The rate over time; `None` unless all of it parses.
    pub fn rate(&self) -> Option<Spike> {
        let half_life = match &self.half_life {
            Some(text) => Some(parse_span(text)?),
            None => None,
        };
        Some(Spike {
            from: self.from.as_deref().map_or(Some(0.0), parse_rate)?,
            peak: parse_rate(&self.peak)?,
            rise: parse_span(&self.rise)?,
            stay: self.stay.as_deref().map_or(Some(Span::ZERO), parse_span)?,
            half_life,
        })
    }
}

impl GammaSpec {
    /// The process; `None` if its number is out of range.
    pub fn process(self) -> Option<Gamma> {
        Gamma::new(self.cv)
    }
}

impl MmppSpec {
    /// The process; `None` if a time does not parse or a number is out of range.
    pub fn process(&self) -> Option<Mmpp> {
        Mmpp::new(parse_span(&self.calm)?, parse_span(&self.burst)?, self.ratio)
    }
}

impl Trace {
    /// How long one line of `counts` lasts.
    pub fn every(&self) -> Option<Span> {
        self.every.as_deref().and_then(parse_span)
    }

    /// Where reading starts, counted from the trace's start; at its start by default.
    pub fn from(&self) -> Span {
        span_or(self.from.as_deref(), Span::ZERO)
    }

    /// How much of the trace is replayed; `None` is to its end.
    pub fn take(&self) -> Option<Span> {
        self.take.as_deref().and_then(parse_span)
    }

    /// How long the replay lasts.
    pub fn into_span(&self) -> Option<Span> {
        parse_span(&self.into)
    }

    /// Journeys for one arrival, on average; 1 by default.
    pub fn scale(&self) -> f64 {
        self.scale.unwrap_or(1.0)
    }
}

impl Abort {
    /// The share of failed journeys (a ratio) and the window over which it is taken.
    pub fn failed(&self) -> Option<(f64, Span)> {
        self.failed.as_deref().and_then(parse_share_over)
    }

    /// The largest lag p99 over one second.
    pub fn lag_p99(&self) -> Option<Span> {
        self.lag_p99.as_deref().and_then(parse_span)
    }
}

impl AuditLimits {
    /// The largest lag p99 with which a run counts; 5 ms by default.
    pub fn lag_p99(&self) -> Span {
        span_or(self.lag_p99.as_deref(), Span::from_millis(5))
    }

    /// How late a mock channel's answers may leave, p99; 20 ms by default.
    pub fn channel_late_p99(&self) -> Span {
        span_or(self.channel_late_p99.as_deref(), Span::from_millis(20))
    }

    /// The largest share of its core that the generator may use; 0.9 by default. Above it the generator has no room to be
    /// in time for a burst, even if it was so far.
    pub fn generator_cpu(&self) -> f64 {
        self.generator_cpu.as_deref().and_then(parse_part).unwrap_or(0.9)
    }

    /// The largest share of its time in which the generator may wait for a core; 0.2 by default.
    pub fn run_queue(&self) -> f64 {
        self.run_queue.as_deref().and_then(parse_part).unwrap_or(0.2)
    }

    /// The largest share of due journeys that may not be started, if there is a limit.
    pub fn dropped(&self) -> Option<f64> {
        self.dropped.as_deref().and_then(parse_part)
    }
}

/// A part of a whole written `20 %`: at most all of it.
pub fn parse_part(text: &str) -> Option<f64> {
    parse_percent(text).filter(|part| *part <= 1.0)
}

/// The two rates written `0..200/s`.
pub fn parse_ramp(text: &str) -> Option<(f64, f64)> {
    let (from, to) = text.split_once("..")?;
    let (_, unit) = to.split_once('/')?;
    // The unit stands once, after the second rate, and is for both.
    let from = parse_rate(&format!("{}/{unit}", from.trim()))?;
    Some((from, parse_rate(to)?))
}

/// The share and the window written `20 % over 5s`.
pub fn parse_share_over(text: &str) -> Option<(f64, Span)> {
    let (share, window) = text.split_once(" over ")?;
    let share = parse_percent(share).filter(|s| *s <= 1.0)?;
    let window = parse_span(window).filter(|w| *w > Span::ZERO)?;
    Some((share, window))
}

fn span_or(text: Option<&str>, default: Span) -> Span {
    text.and_then(parse_span).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_become_rates_over_time() {
        let stage = |key: &str, rate: &str| {
            let text = format!(r#"{{ "{key}": "{rate}", "for": "50s" }}"#);
            serde_json::from_str::<Stage>(&text).expect("a stage")
        };
        assert_eq!(stage("hold", "200/s").rate(), Some(RateCurve::Line { from: 200.0, to: 200.0 }));
        assert_eq!(stage("ramp", "0..12000/min").rate(), Some(RateCurve::Line { from: 0.0, to: 200.0 }));
        assert_eq!(stage("day", "250/s").rate(), Some(RateCurve::Day { mean: 250.0 }));
        assert_eq!(stage("ramp", "0/s..200/s").rate(), None);
        assert_eq!(stage("hold", "200/s").lasts(), Some(Span::from_secs(50)));
    }

    #[test]
    fn a_stage_of_two_kinds_has_no_rate() {
        let both = r#"{ "hold": "1/s", "day": "1/s", "for": "1s" }"#;
        assert_eq!(serde_json::from_str::<Stage>(both).expect("a stage").rate(), None);
    }

    #[test]
    fn shares_over_windows_and_live_ranges_are_read_or_refused() {
        assert_eq!(parse_share_over("20 % over 5s"), Some((0.2, Span::from_secs(5))));
        for text in ["20 %", "20 over 5s", "120 % over 5s", "20 % over 0s"] {
            assert_eq!(parse_share_over(text), None, "{text}");
        }
        assert_eq!(LiveRange::parse("10..20"), Some(LiveRange { first: 10, last: 20 }));
        for text in ["10", "20..10", "..", "a..b", "1...2", "-1..2"] {
            assert_eq!(LiveRange::parse(text), None, "{text}");
        }
    }
}
