//! What all steps so far say together: one group for each rate, judged on all its evidence.

use super::estimate::Fit;
use super::evidence::StepEvidence;
use super::probe::Purpose;
use super::search::{SearchSettings, StepOutcome};
use super::step::{StepJudgement, StepVerdict, judge_step};
use crate::stats::normal_quantile;

/// Share of a side's error probability kept for rates tried only to find out where the line is.
const FOR_LOCATING: f64 = 0.05;
/// The error probability at each look of the joint judgement of all rates near the limit, as a multiple of a side's. It
/// comes on top of what single rates spend, and was set by simulation: every station of benches/calibrate/capacity.rs
/// is covered as often as stated, with some to spare.
const FIT_LEVEL: f64 = 1.7;
/// A probe that by itself shows its side at this level and is contradicted by another so sure of itself was no bad luck.
const FLAP_LEVEL: f64 = 0.002;
/// How the share of a rate is spent over looks at it: after the first probe, the second, …; then halves of the last.
const LOOKS: [f64; 3] = [0.25, 0.45, 0.15];

/// All that was tried at one rate.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) rate: f64,
    /// Indices of its outcomes.
    pub(super) probes: Vec<usize>,
    /// Whether it was tried as an end of the interval.
    pub(super) is_end: bool,
    pub(super) judged: StepJudgement,
    /// Whether it was shown to hold in one probe and to fail in another.
    pub(super) flaps: bool,
    /// Seconds measured.
    pub(super) measured_s: f64,
    /// Journeys per second that the target got done when it was shown to be overloaded.
    pub(super) completed: Option<f64>,
}

/// Which side of the line a rate seems to be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    Good,
    Bad,
    /// The harness was not fit there.
    Void,
}

/// All groups, by rate ascending.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) groups: Vec<Group>,
    /// All rates near the limit together.
    pub(super) fit: Option<Fit>,
}

impl Group {
    pub(super) fn lean(&self) -> Lean {
        match self.judged.verdict {
            _ if self.judged.is_void => Lean::Void,
            StepVerdict::Fails => Lean::Bad,
            StepVerdict::Open if self.judged.score > 0.0 => Lean::Bad,
            StepVerdict::Holds | StepVerdict::Open => Lean::Good,
        }
    }

    /// Whether this was shown, and shown again.
    pub(super) fn is_confirmed(&self, verdict: StepVerdict) -> bool {
        self.judged.verdict == verdict && self.probes.len() >= 2
    }
}

impl View {
    /// Groups the outcomes by rate. What was spent on a rate depends on the order in which rates were tried, so that the
    /// error probabilities of all of them together stay within the side's.
    pub(super) fn new(settings: &SearchSettings, outcomes: &[StepOutcome]) -> Self {
        let mut rates: Vec<(f64, Vec<usize>)> = Vec::new();
        for (index, outcome) in outcomes.iter().enumerate().filter(|(_, o)| o.evidence.is_some()) {
            match rates.iter_mut().find(|(rate, _)| rate.to_bits() == outcome.probe.rate.to_bits()) {
                Some((_, probes)) => probes.push(index),
                None => rates.push((outcome.probe.rate, vec![index])),
            }
        }
        // A rate is an end from the moment it is tried as one.
        let since = |probes: &[usize]| probes.iter().copied().find(|&i| outcomes[i].probe.purpose != Purpose::Locate);
        let mut ends: Vec<usize> = rates.iter().filter_map(|(_, probes)| since(probes)).collect();
        ends.sort_unstable();
        let mut groups: Vec<Group> = Vec::new();
        let mut n_located = 0;
        for (rate, probes) in rates {
            let weight = if let Some(first) = since(&probes) {
                let turn = ends.partition_point(|&e| e < first);
                (1.0 - FOR_LOCATING) * share_of_end(turn)
            } else {
                n_located += 1;
                FOR_LOCATING * 0.5_f64.powi(clamp(n_located))
            };
            let is_end = since(&probes).is_some();
            groups.push(Group::new(rate, probes, is_end, settings.side() * weight, outcomes));
        }
        groups.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        // One statement about one line, looked at after every step on nearly the same evidence. That all of this together
        // covers as often as stated is measured by simulation, not derived.
        let fit = Fit::of(&groups);
        if let Some(fit) = &fit {
            groups.iter_mut().filter(|g| g.is_end).for_each(|g| g.judge_by(fit, settings.side() * FIT_LEVEL));
        }
        Self { groups, fit }
    }

    /// Rates shown to be on one side, ascending.
    fn shown(&self, verdict: StepVerdict) -> impl DoubleEndedIterator<Item = f64> + '_ {
        self.groups.iter().filter(move |g| g.judged.verdict == verdict).map(|g| g.rate)
    }

    /// The rates that contradict each other: one that fails, and one at least as high that holds.
    pub(super) fn contradiction(&self) -> Option<(f64, f64)> {
        let fails = self.shown(StepVerdict::Fails).next()?;
        let holds = self.shown(StepVerdict::Holds).next_back()?;
        (fails <= holds).then_some((fails, holds))
    }

    /// Highest rate shown to hold and lowest shown to fail. Rates that contradict each other widen it: below all that
    /// fails, above all that holds.
    pub(super) fn interval(&self) -> (Option<f64>, Option<f64>) {
        let lowest_failing = self.shown(StepVerdict::Fails).next().unwrap_or(f64::INFINITY);
        let highest_holding = self.shown(StepVerdict::Holds).next_back().unwrap_or(0.0);
        let holds = self.shown(StepVerdict::Holds).rev().find(|&r| r < lowest_failing);
        let fails = self.shown(StepVerdict::Fails).find(|&r| r > highest_holding);
        (holds, fails)
    }

    pub(super) fn at(&self, rate: f64) -> Option<&Group> {
        self.groups.iter().find(|g| g.rate.to_bits() == rate.to_bits())
    }
}

impl Group {
    fn new(rate: f64, probes: Vec<usize>, is_end: bool, level: f64, outcomes: &[StepOutcome]) -> Self {
        let evidence: Vec<&StepEvidence> = probes.iter().filter_map(|&i| outcomes[i].evidence.as_ref()).collect();
        let level = level * look(probes.len());
        let mut judged = judge_step(&evidence, level);
        let by_itself = |verdict| evidence.iter().filter(|e| judge_step(&[e], FLAP_LEVEL).verdict == verdict).count();
        let (held, failed) = (by_itself(StepVerdict::Holds), by_itself(StepVerdict::Fails));
        let flaps = held > 0 && failed > 0;
        if flaps {
            judged.verdict = StepVerdict::Open;
            (judged.score, judged.score_error) = (1.0, f64::INFINITY);
            judged.reasons = vec![format!("open: held in {held} and failed in {failed} of {} probes", evidence.len())];
        }
        let fit = || evidence.iter().filter(|e| e.void.is_empty());
        let requests = fit().flat_map(|e| &e.backlogs).find(|b| b.what == "requests");
        let completed = requests.filter(|b| b.slope > 0.03 * rate && b.slope > 4.0 * b.error).map(|b| rate - b.slope);
        let measured_s = fit().map(|e| e.seconds - e.warm_up_s).sum();
        Self { rate, probes, is_end, judged, flaps, measured_s, completed }
    }

    /// Lets all rates near the limit decide together what this one by itself leaves open for want of observations.
    fn judge_by(&mut self, fit: &Fit, level: f64) {
        if self.judged.verdict != StepVerdict::Open || self.judged.is_void || self.flaps {
            return;
        }
        let (sigmas, wanted) = (fit.sigmas(self.rate), normal_quantile(1.0 - level));
        let verdict = match sigmas {
            s if s < -wanted && self.judged.lacks_only_shares => StepVerdict::Holds,
            s if s > wanted => StepVerdict::Fails,
            _ => return,
        };
        let side = if sigmas < 0.0 { "within" } else { "beyond" };
        let why =
            format!("all steps near the limit together put this rate {:.1} standard errors {side} it", sigmas.abs());
        self.judged.verdict = verdict;
        self.judged.reasons.insert(0, why);
    }
}

/// The share of all ends' error probability for the `turn`-th that is tried, `turn` from 0: inverse squares, which sum to
/// 1 and leave something to show for the tenth, as a target whose line moves needs many.
fn share_of_end(turn: usize) -> f64 {
    6.0 / (std::f64::consts::PI * (turn as f64 + 1.0)).powi(2)
}

/// The share of a rate's error probability that its `k`-th look may spend, `k` from 1.
fn look(k: usize) -> f64 {
    match LOOKS.get(k.saturating_sub(1)) {
        Some(share) => *share,
        None => (1.0 - LOOKS.iter().sum::<f64>()) * 0.5_f64.powi(clamp(k - LOOKS.len())),
    }
}

/// What a step says by itself, with the whole error probability of a side: to be shown, nothing rests on it.
pub(super) fn alone(settings: &SearchSettings, outcome: &StepOutcome) -> StepJudgement {
    judge_step(&outcome.evidence.iter().collect::<Vec<_>>(), settings.side())
}

fn clamp(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
