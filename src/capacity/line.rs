//! The load line: what a search came to.

use serde::{Deserialize, Serialize};

use super::evidence::ObjectiveEvidence;
use super::probe::Purpose;
use super::step::StepVerdict;
use crate::judge::CapacityPart;
use crate::stats::{Estimate, fit_usl};
use crate::verdict::Verdict;

/// The highest offered rate that holds, as an interval: shown to hold at one end, shown to fail at the other.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadLine {
    /// Highest offered rate shown to hold, journeys per second; 0 if none was.
    pub holds: f64,
    /// Lowest offered rate above it shown to fail; `None` if none was.
    pub fails: Option<f64>,
    /// How sure the interval is, 0 to 1.
    pub confidence: f64,
    /// How narrow it should be: `fails / holds - 1`.
    pub width: f64,
    /// What broke first at the lowest failing step: the text of an objective, the name of an invariant, `backlog`,
    /// `dropped`; `none` if nothing failed.
    pub binding: String,
    /// Which hop was exhausted first, where traces tell.
    pub hop: Option<String>,
    /// In the order they were run.
    pub steps: Vec<StepRecord>,
    /// How often the ends showed the same again.
    pub retests: Retests,
    /// How long the search took, seconds.
    pub search_s: f64,
    /// The Universal Scalability Law over the steps.
    pub usl: Option<Scalability>,
    /// Why there is none.
    pub usl_why: Option<String>,
    /// *pass*: an interval as narrow as asked; *fail*: nothing holds, shown; *inconclusive*: anything else.
    pub verdict: Verdict,
    /// Why, in sentences.
    pub reasons: Vec<String>,
}

/// One step as it was, for files and plots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Counting from 1.
    pub number: u32,
    /// Journeys per second asked for.
    pub offered_rate: f64,
    /// Length of its schedule.
    pub seconds: f64,
    /// What for.
    pub purpose: Purpose,
    /// What it came to, judged by itself.
    pub verdict: StepVerdict,
    /// Why, in sentences.
    pub reasons: Vec<String>,
    /// Journeys started per second.
    pub achieved_rate: f64,
    /// Journeys per second that ended with an accepted outcome.
    pub goodput: f64,
    /// Median response time, microseconds.
    pub response_us_p50: f64,
    /// 99th percentile, microseconds.
    pub response_us_p99: f64,
    /// Mean, microseconds.
    pub response_us_mean: f64,
    /// First requests answered per second.
    pub throughput: f64,
    /// Mean number in the system, by Little's law: throughput times mean response time.
    pub in_system: f64,
    /// What it showed of each objective.
    #[serde(default)]
    pub objectives: Vec<ObjectiveEvidence>,
    /// Highest rate shown to hold and lowest shown to fail, after this step.
    pub interval: (Option<f64>, Option<f64>),
}

/// How often each end of the interval was tried, and how often it showed the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retests {
    /// Of the end that holds; `None` if there is none.
    pub holds: Option<EndTests>,
    /// Of the end that fails; `None` if there is none.
    pub fails: Option<EndTests>,
}

/// The probes of one end, each judged by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndTests {
    /// Journeys per second.
    pub rate: f64,
    /// How many probes there were.
    pub probes: u32,
    /// How many of them leaned the way the end was judged.
    pub agreed: u32,
}

/// A fit of the Universal Scalability Law: each parameter as `[value, low, high]`, 95 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scalability {
    /// Throughput of one in the system, per second.
    pub lambda: [f64; 3],
    /// Contention, 0 or more.
    pub sigma: [f64; 3],
    /// Crosstalk, 0 or more.
    pub kappa: [f64; 3],
    /// How many in the system give the highest throughput; `None` if it only rises.
    pub peak_n: Option<f64>,
    /// That throughput, per second.
    pub peak_x: Option<f64>,
}

/// Fits the law to the steps, by the number in the system and the throughput of each.
///
/// # Errors
/// Why there is no fit, as a fragment for people.
pub fn scalability(steps: &[StepRecord]) -> Result<Scalability, String> {
    let points: Vec<(f64, f64)> =
        steps.iter().filter(|s| s.in_system > 0.0 && s.throughput > 0.0).map(|s| (s.in_system, s.throughput)).collect();
    let fit = fit_usl(&points).map_err(|why| why.to_string())?;
    let all = |e: Estimate| [e.value, e.low, e.high];
    if !all(fit.lambda).iter().chain(&all(fit.sigma)).chain(&all(fit.kappa)).all(|v| v.is_finite()) {
        return Err("the law does not fit these points".to_owned());
    }
    Ok(Scalability {
        lambda: all(fit.lambda),
        sigma: all(fit.sigma),
        kappa: all(fit.kappa),
        peak_n: fit.peak_n(),
        peak_x: fit.peak_x(),
    })
}

impl LoadLine {
    /// The part of `verdict.json`.
    pub fn part(&self) -> CapacityPart {
        CapacityPart {
            holds: self.holds,
            fails: self.fails,
            confidence: self.confidence,
            binding: self.binding.clone(),
            hop: self.hop.clone(),
            steps: self.steps.len() as u64,
            search_s: self.search_s,
        }
    }
}
