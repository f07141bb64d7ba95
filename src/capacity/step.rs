//! Judges a step: holds, fails, or open.

use serde::{Deserialize, Serialize};

use super::evidence::{BacklogEvidence, MoneyEvidence, StepEvidence};
use super::pooled::Pooled;
use crate::stats::student_quantile;

/// Growth of the backlog, as a share of the offered rate, above which a step fails: 0.2 %.
const GROWTH_FAILS: f64 = 0.002;
/// Growth that a step which holds may hide in the scatter of its counts, as a share of the offered rate: 2 %. Requests in
/// flight scatter so much near the limit that less is not to be shown in a minute; with more, rates beyond the limit by 1 %
/// are too often taken to hold (benches/calibrate/capacity.rs, the station where only the backlog tells).
const GROWTH_HIDDEN: f64 = 0.02;
/// Growth too small to look at, as a share of the offered rate: less than the grain of a step of some seconds.
const GROWTH_NONE: f64 = 0.000_2;
/// A number in the system that stays the same on average scatters like a Poisson count at least, and slow journeys fill up
/// for some seconds: what grows over the window by fewer standard deviations of a count of its mean is not called growth.
const GROWTH_MATERIAL: f64 = 4.0;
/// What grows by fewer of them does not keep a step from holding.
const GROWTH_IMMATERIAL: f64 = 2.0;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    /// Every objective and invariant was shown to hold, nothing was dropped, and the backlog does not grow.
    Holds,
    /// The opposite of any of these was shown.
    Fails,
    /// Neither was shown, or the harness itself was not fit.
    Open,
}

impl StepVerdict {
    /// The word used in files: `holds`, `fails` or `open`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Open => "open",
        }
    }
}

/// What a step came to, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct StepJudgement {
    /// Holds, fails or open.
    pub verdict: StepVerdict,
    /// In sentences, heaviest first.
    pub reasons: Vec<String>,
    /// What gave way (of a step that fails) or is nearest to it: the text of an objective, the name of an invariant,
    /// `backlog`, `dropped` or `abort`.
    pub binding: Option<String>,
    /// Whether the harness, not the target, was the limit.
    pub is_void: bool,
    /// How near the target seems to be to its limit: below 0 within, above 0 beyond. The logarithm of the odds of a
    /// break over the odds allowed, of the objective that is worst; infinite if a count, the backlog or the money
    /// decides.
    pub score: f64,
    /// Standard error of the score; infinite where it tells nothing but a side.
    pub score_error: f64,
    /// Whether an open step lacks nothing but observations of its objectives: all else was shown to hold.
    pub lacks_only_shares: bool,
}

/// Judges all evidence of one rate together.
///
/// `level` is the error probability that may be spent on each side: of saying *holds* of a rate that does not, and of
/// saying *fails* of one that does. `evidence` are the probes of this rate; none is open.
///
/// | Seen | Verdict |
/// |---|---|
/// | a money invariant violated, in any probe | fails |
/// | the harness was not fit in any probe | open |
/// | journeys dropped, or the run broken off by the scenario's guard | fails |
/// | an objective's breaks shown to be more than allowed, or the backlog shown to grow | fails |
/// | each objective's breaks shown to be no more than allowed, the backlog not to grow, the money held | holds |
/// | anything else | open |
///
/// A *fail* may come from any of several objectives, so the level is split over them; *holds* needs all of them, so it
/// is not. Breaks are counted as so many independent ones ([`per_independent`](super::ObjectiveEvidence::per_independent)).
///
/// # Source
/// C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), with effective counts.
pub fn judge_step(evidence: &[&StepEvidence], level: f64) -> StepJudgement {
    if let Some(judged) = money_violated(evidence) {
        return judged;
    }
    let fit: Vec<&StepEvidence> = evidence.iter().copied().filter(|e| e.void.is_empty()).collect();
    let Some(first) = fit.first() else {
        let mut reasons: Vec<String> = evidence.iter().flat_map(|e| e.void.clone()).collect();
        reasons.dedup();
        return StepJudgement { reasons, is_void: !evidence.is_empty(), ..open() };
    };
    if let Some(judged) = counted(&fit) {
        return judged;
    }
    let objectives: Vec<Pooled> = (0..first.objectives.len()).map(|n| Pooled::new(&fit, n)).collect();
    let backlogs: Vec<Growth> = ["requests", "journeys"].iter().filter_map(|what| Growth::new(&fit, what)).collect();
    let each = level / (objectives.len() + backlogs.len()).max(1) as f64;
    let mut judged = open();
    for o in &objectives {
        if o.score() > judged.score {
            (judged.score, judged.score_error) = (o.score(), o.score_error());
            judged.binding = Some(o.text.clone());
        }
    }
    let failing = objectives.iter().filter(|o| o.fails(each)).map(|o| (o.text.clone(), o.why()));
    let growing = backlogs.iter().filter(|b| b.fails(each)).map(|b| ("backlog".to_owned(), b.why()));
    let broken: Vec<(String, String)> = failing.chain(growing).collect();
    // Journeys that wait for callbacks fill up for seconds: of a short step only requests tell which way to go.
    let leans = |b: &Growth| {
        let is_growing = b.slope > GROWTH_FAILS * b.rate && b.slope > 2.0 * b.error && b.is_material(b.slope);
        b.what == "requests" && is_growing
    };
    if judged.score < 1.0 && (backlogs.iter().any(leans) || fit.iter().any(|e| !e.came_to_rest)) {
        (judged.score, judged.score_error) = (1.0, f64::INFINITY);
    }
    if let Some((binding, _)) = broken.first() {
        judged.verdict = StepVerdict::Fails;
        judged.binding = Some(binding.clone());
        judged.reasons = broken.iter().map(|(_, why)| why.clone()).collect();
        if broken.iter().any(|(binding, _)| binding == "backlog") {
            (judged.score, judged.score_error) = (f64::INFINITY, f64::INFINITY);
        }
        return judged;
    }
    let lacking = objectives.iter().filter(|o| !o.holds(level)).map(|o| format!("open: {}", o.why()));
    let other: Vec<String> = objectives
        .iter()
        .filter(|o| o.contradicts)
        .map(|o| format!("open: `{}` differs between probes of this rate by more than chance", o.text))
        .chain(backlogs.iter().filter(|b| !b.holds(level)).map(|b| format!("open: {}", b.why())))
        .chain(unproven(&fit))
        .chain((objectives.is_empty() && backlogs.is_empty()).then(|| "open: nothing was observed".to_owned()))
        .collect();
    judged.lacks_only_shares = other.is_empty();
    judged.reasons = lacking.chain(other).collect();
    if judged.reasons.is_empty() {
        judged.verdict = StepVerdict::Holds;
        judged.reasons = objectives.iter().map(Pooled::why).collect();
        if first.money.is_empty() {
            judged.reasons.push("money was not judged".to_owned());
        }
    }
    judged
}

fn open() -> StepJudgement {
    StepJudgement {
        verdict: StepVerdict::Open,
        reasons: Vec::new(),
        binding: None,
        is_void: false,
        score: f64::NEG_INFINITY,
        score_error: f64::INFINITY,
        lacks_only_shares: false,
    }
}

fn failed(binding: &str, reasons: Vec<String>) -> StepJudgement {
    StepJudgement {
        verdict: StepVerdict::Fails,
        reasons,
        binding: Some(binding.to_owned()),
        score: f64::INFINITY,
        ..open()
    }
}

/// A single violation is enough, however fit the harness was: a late generator cannot make money wrong.
fn money_violated(evidence: &[&StepEvidence]) -> Option<StepJudgement> {
    let violated: Vec<&MoneyEvidence> =
        evidence.iter().flat_map(|e| &e.money).filter(|m| m.verdict == "violated").collect();
    let first = violated.first()?;
    let why = |m: &&MoneyEvidence| format!("money: `{}` is violated; violations: {}", m.name, m.violations);
    Some(failed(&first.name, violated.iter().map(why).collect()))
}

fn counted(fit: &[&StepEvidence]) -> Option<StepJudgement> {
    let dropped: u64 = fit.iter().map(|e| e.dropped).sum();
    let due: u64 = fit.iter().map(|e| e.due).sum();
    if dropped > 0 {
        let why = format!("{dropped} of {due} journeys were dropped: too many were in flight");
        return Some(failed("dropped", vec![why]));
    }
    let why = "the scenario's guard broke the step off".to_owned();
    fit.iter().any(|e| e.ended == "aborted").then(|| failed("abort", vec![why]))
}

/// What keeps a step from being shown to hold although its numbers are good.
fn unproven(fit: &[&StepEvidence]) -> Vec<String> {
    let mut reasons = Vec::new();
    if fit.iter().any(|e| !e.came_to_rest) {
        reasons.push("open: the target did not come to rest after the step".to_owned());
    }
    for money in &fit[0].money {
        let is_held = |e: &&StepEvidence| e.money.iter().any(|m| m.name == money.name && m.verdict == "held");
        if !money.waived && !fit.iter().any(is_held) {
            let why = money.why.as_deref().unwrap_or("no reason was given");
            reasons.push(format!("open: money: `{}` is undecided: {why}", money.name));
        }
    }
    reasons
}

/// A backlog over all probes of a rate: the mean of their trends, each by its precision.
struct Growth {
    what: &'static str,
    rate: f64,
    slope: f64,
    error: f64,
    freedom: f64,
    /// How many probes.
    n: f64,
    /// Length of the measured window, the mean over the probes.
    seconds: f64,
    /// Number in the system, the mean over the window and the probes; at least 1.
    mean: f64,
}

impl Growth {
    fn new(fit: &[&StepEvidence], what: &'static str) -> Option<Self> {
        let parts: Vec<&BacklogEvidence> = fit.iter().flat_map(|e| &e.backlogs).filter(|b| b.what == what).collect();
        let seconds = fit.iter().map(|e| e.seconds - e.warm_up_s).sum::<f64>() / fit.len() as f64;
        let mean = parts.iter().map(|b| b.mean).sum::<f64>() / parts.len() as f64;
        let rate = fit.first()?.rate;
        // Even a trend without any scatter is only known to the grain of its counts.
        let weight = |b: &BacklogEvidence| b.error.max(rate * 1e-5).powi(-2);
        let sum: f64 = parts.iter().map(|b| weight(b)).sum();
        (sum > 0.0).then(|| Self {
            what,
            rate,
            slope: parts.iter().map(|b| weight(b) * b.slope).sum::<f64>() / sum,
            error: sum.sqrt().recip(),
            freedom: parts.iter().map(|b| b.freedom).sum(),
            n: parts.len() as f64,
            seconds,
            mean: mean.max(1.0),
        })
    }

    fn reach(&self, level: f64) -> f64 {
        student_quantile(1.0 - level, self.freedom) * self.error
    }

    /// How much a growth of `slope` comes to over the window, in standard deviations of a count of that mean.
    fn grown(&self, slope: f64) -> f64 {
        slope * self.seconds / self.mean.sqrt()
    }

    /// The same growth in each of several probes is less likely chance than in one: what counts add up to scatters by
    /// the root of their number.
    fn is_material(&self, slope: f64) -> bool {
        self.grown(slope) * self.n.sqrt() > GROWTH_MATERIAL
    }

    fn fails(&self, level: f64) -> bool {
        let least = self.slope - self.reach(level);
        least > GROWTH_FAILS * self.rate && self.is_material(least)
    }

    fn holds(&self, level: f64) -> bool {
        let reach = self.reach(level);
        let most = self.slope + reach;
        let is_level = self.slope - reach <= GROWTH_NONE * self.rate || self.grown(most) <= GROWTH_IMMATERIAL;
        is_level && most <= GROWTH_HIDDEN * self.rate
    }

    fn why(&self) -> String {
        let of = if self.what == "requests" { "requests in flight" } else { "journeys in flight" };
        format!("{of} change by {:+.2} ± {:.2} each second at {:.1}/s offered", self.slope, self.error, self.rate)
    }
}
