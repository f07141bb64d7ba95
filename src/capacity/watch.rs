//! One objective over a step: what broke it, when, and how strongly breaks come together.

use super::evidence::{ObjectiveEvidence, TailEvidence};
use super::series::per_independent;
use crate::scenario::objective::{Comparison, Metric, Objective, Scope};

/// Samples kept of one objective to see their correlation; later ones are only counted.
pub(super) const LIMIT: usize = 2_000_000;

/// Follows one objective that is a share or a quantile.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    objective: Objective,
    allowed: f64,
    /// Seconds.
    window: (f64, f64),
    samples: u64,
    broke: u64,
    /// When due, in seconds, and how bad: the larger the worse.
    kept: Vec<(f32, f32)>,
}

impl Watch {
    /// `None` for objectives that are judged apart, see [`allowed`].
    pub(super) fn new(objective: Objective, window: (f64, f64)) -> Option<Self> {
        let allowed = allowed(&objective)?;
        Some(Self { objective, allowed, window, samples: 0, broke: 0, kept: Vec::new() })
    }

    pub(super) fn metric(&self) -> Metric {
        self.objective.metric
    }

    /// Whether it is about journeys of this name.
    pub(super) fn is_about(&self, journey: Option<&str>) -> bool {
        match &self.objective.scope {
            Scope::All => true,
            Scope::Journey(name) => journey == Some(name.as_str()),
        }
    }

    /// Takes a value in the unit of the bound; of a share 1 for what is counted and 0 for what is not.
    #[expect(clippy::cast_possible_truncation, reason = "six digits are enough to see correlation")]
    pub(super) fn take(&mut self, due_s: f64, value: f64) {
        let wants_little = wants_little(&self.objective);
        let broke = match self.objective.metric.quantile() {
            Some(_) => !self.objective.comparison.holds(value, self.objective.bound),
            None => (value > 0.5) == wants_little,
        };
        self.samples += 1;
        self.broke += u64::from(broke);
        let badness = match self.objective.metric.quantile() {
            None => f64::from(u8::from(broke)),
            Some(_) if wants_little => value,
            Some(_) => -value,
        };
        if self.kept.len() < LIMIT {
            self.kept.push((due_s as f32, badness as f32));
        }
    }

    /// What the step showed of it.
    pub(super) fn evidence(self) -> ObjectiveEvidence {
        let threshold = self.threshold();
        let per_independent = threshold.map_or(1.0, |threshold| self.per_independent(threshold));
        ObjectiveEvidence {
            tail: threshold.and_then(|threshold| self.tail(threshold, per_independent)),
            text: self.objective.text,
            allowed: self.allowed,
            samples: self.samples,
            broke: self.broke,
            per_independent,
        }
    }

    /// How many observations are worth one independent one, those that are as bad as `threshold` taken as breaks.
    fn per_independent(&self, threshold: f32) -> f64 {
        let n = self.kept.len();
        let n_beyond = self.kept.iter().filter(|&&(_, v)| v >= threshold).count();
        if n_beyond > n / 2 && self.broke < self.samples / 4 {
            // Many equal values: none is worse than another.
            return 1.0;
        }
        per_independent(self.kept.iter().map(|&(at, v)| (f64::from(at), v >= threshold)), n, n_beyond, self.window)
    }

    /// How far the worst observations, those as bad as `threshold`, stayed from the bound; `None` if one broke it.
    fn tail(&self, threshold: f32, per_independent: f64) -> Option<TailEvidence> {
        self.objective.metric.quantile().filter(|_| self.broke == 0)?;
        let least = f64::from(threshold);
        let bound = if wants_little(&self.objective) { self.objective.bound } else { -self.objective.bound };
        let worst = || self.kept.iter().map(|&(_, v)| f64::from(v)).filter(|&v| v >= least);
        let n = worst().count() as f64;
        let excess = (worst().sum::<f64>() / n - least) / (bound - least);
        // Values are kept to a millionth or so: an excess of none is one too small to see.
        (bound > least).then(|| TailEvidence { excess: excess.max(1e-6), independent: (n / per_independent).max(1.0) })
    }

    /// How bad the best of those is that broke, or may break; `None` where there is nothing to compare.
    ///
    /// What matters is how breaks would come together if there were as many as are allowed. If there are fewer, the
    /// worst observations, as many as are allowed, stand for them. Of a share there are no worse and better ones: if
    /// fewer than a handful broke, they are taken as independent.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count between 0 and the samples")]
    fn threshold(&self) -> Option<f32> {
        let n = self.kept.len();
        if self.objective.metric.quantile().is_none() {
            return (n >= 2 && self.broke >= 5).then_some(0.5);
        }
        if n < 2 {
            return None;
        }
        let allowed = (self.allowed * n as f64).ceil() as usize;
        let k = allowed.max(usize::try_from(self.broke).unwrap_or(n)).clamp(1, n - 1);
        let mut values: Vec<f32> = self.kept.iter().map(|&(_, v)| v).collect();
        Some(*values.select_nth_unstable_by(n - k, f32::total_cmp).1)
    }
}

/// The share of observations that may break an objective. `None` for what is not a matter of how much the target can
/// carry: dropped journeys and the generator's lag are judged apart, and throughput follows the offered rate.
pub(super) fn allowed(objective: &Objective) -> Option<f64> {
    let wants_little = wants_little(objective);
    match objective.metric {
        Metric::Dropped | Metric::Lag { .. } | Metric::Throughput => None,
        metric => Some(match metric.quantile() {
            Some(q) if wants_little => 1.0 - q,
            Some(q) => q,
            None if wants_little => objective.bound,
            None => 1.0 - objective.bound,
        }),
    }
}

fn wants_little(objective: &Objective) -> bool {
    matches!(objective.comparison, Comparison::Less | Comparison::AtMost | Comparison::Equal)
}
