//! One objective of a rate, over all probes of it.

use super::evidence::{ObjectiveEvidence, StepEvidence, TailEvidence};
use crate::stats::{normal_quantile, share_lower, share_upper, student_quantile};

/// Two probes of one rate whose shares differ by so many standard errors contradict each other.
const CONTRADICTION: f64 = 3.0;

/// One objective over all probes of a rate.
pub(super) struct Pooled {
    pub(super) text: String,
    allowed: f64,
    samples: f64,
    broke: f64,
    /// How many observations are worth one independent one.
    each: f64,
    /// How many groups of breaks that rests on.
    clusters: f64,
    pub(super) contradicts: bool,
    /// Of all probes together, if none of them saw a break.
    tail: Option<TailEvidence>,
}

impl Pooled {
    pub(super) fn new(fit: &[&StepEvidence], index: usize) -> Self {
        let parts: Vec<&ObjectiveEvidence> = fit.iter().filter_map(|e| e.objectives.get(index)).collect();
        let samples: f64 = parts.iter().map(|o| o.samples as f64).sum();
        let broke: f64 = parts.iter().map(|o| o.broke as f64).sum();
        let weighted: f64 = parts.iter().map(|o| o.samples as f64 * o.per_independent).sum();
        let each = if samples > 0.0 { (weighted / samples).max(1.0) } else { 1.0 };
        let share = if samples > 0.0 { broke / samples } else { 0.0 };
        let differs = |o: &&ObjectiveEvidence| {
            let n = o.samples as f64 / each;
            let p = share.max(parts[0].allowed);
            let error = (p * (1.0 - p) / n.max(1.0)).sqrt();
            o.samples > 0 && (o.broke as f64 / o.samples as f64 - share).abs() > CONTRADICTION * error
        };
        Self {
            text: parts[0].text.clone(),
            allowed: parts[0].allowed,
            samples,
            broke,
            each,
            clusters: broke.max(parts[0].allowed * samples) / each,
            contradicts: parts.len() > 1 && parts.iter().any(differs),
            tail: tail_of(&parts),
        }
    }

    pub(super) fn holds(&self, level: f64) -> bool {
        let each = self.widened(level);
        let by_count = || share_upper(self.broke / each, self.samples / each, level) <= self.allowed;
        self.samples > 0.0 && (by_count() || self.tail.is_some_and(|tail| is_far(tail, level)))
    }

    pub(super) fn fails(&self, level: f64) -> bool {
        let each = self.widened(level);
        self.samples > 0.0 && share_lower(self.broke / each, self.samples / each, level) > self.allowed
    }

    /// How strongly breaks come together is itself only known from so many groups of them: as Student's t widens a
    /// normal interval, it widens what is added for correlation.
    fn widened(&self, level: f64) -> f64 {
        let wide = student_quantile(1.0 - level, self.clusters.max(1.0)) / normal_quantile(1.0 - level);
        1.0 + (self.each - 1.0) * wide * wide
    }

    /// Log odds of a break, half a break added to each side, over the odds allowed.
    pub(super) fn score(&self) -> f64 {
        if self.samples <= 0.0 || self.allowed <= 0.0 || self.allowed >= 1.0 {
            return if self.broke > 0.0 { f64::INFINITY } else { f64::NEG_INFINITY };
        }
        let (k, n) = (self.broke / self.each, self.samples / self.each);
        ((k + 0.5) / (n - k + 0.5)).ln() - (self.allowed / (1.0 - self.allowed)).ln()
    }

    pub(super) fn score_error(&self) -> f64 {
        // The variance of Student's t with as many degrees of freedom as there are groups of breaks.
        let freedom = self.clusters.max(2.5);
        let each = 1.0 + (self.each - 1.0) * freedom / (freedom - 2.0);
        let (k, n) = (self.broke / each, self.samples / each);
        (1.0 / (k + 0.5) + 1.0 / (n - k + 0.5)).sqrt()
    }

    pub(super) fn why(&self) -> String {
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let (seen, allowed) = (percent(self.broke / self.samples.max(1.0)), percent(self.allowed));
        format!(
            "`{}`: {seen} of {} broke it, {allowed} may; worth {:.0} independent ones{}",
            self.text,
            self.samples,
            self.samples / self.each,
            match self.tail {
                Some(tail) if tail.excess < 0.1 => ", and none came near",
                _ => "",
            }
        )
    }
}

/// The tails of all probes as one: the mean of their excesses, each by what it is worth.
fn tail_of(parts: &[&ObjectiveEvidence]) -> Option<TailEvidence> {
    let tails = parts.iter().filter(|o| o.samples > 0).map(|o| o.tail).collect::<Option<Vec<TailEvidence>>>()?;
    let independent: f64 = tails.iter().map(|t| t.independent).sum();
    let excess = tails.iter().map(|t| t.independent * t.excess).sum::<f64>() / independent;
    (independent > 0.0).then_some(TailEvidence { excess, independent })
}

/// Whether so few observations lie beyond the bound as are allowed, although none did and they are too few to count on:
/// what lies beyond the worst that may break falls off at least as fast as an exponential, whose mean their excess tells.
///
/// Response times of queues fall off so; times of a target that jams all at once do not, and are told by its backlog.
/// The error probability is split between how many the worst are and how far they reach.
///
/// # Source
/// J. Pickands, *Statistical inference using extreme order statistics*, Annals of Statistics 3 (1975), with the shape
/// parameter 0; exact limits of a Poisson count and of an exponential mean: F. Garwood, Biometrika 28 (1936).
fn is_far(tail: TailEvidence, level: f64) -> bool {
    // A binomial count of so many trials is a Poisson count.
    const MANY: f64 = 1e9;
    let m = tail.independent;
    let more = share_upper(m, MANY, level / 2.0) * MANY / m;
    let fewer = share_lower(m, MANY, level / 2.0) * MANY / m;
    more.ln() * tail.excess <= fewer
}
