//! Where the line seems to be, from what was seen at the rates tried so far. Steers only; nothing is shown by it.

use super::choose::tidy;
use super::search::SearchSettings;
use super::step::StepVerdict;
use super::view::{Group, Lean, View};

/// Scores beyond this tell the side and no more.
const SCORE_MAX: f64 = 3.5;
/// By how much of itself a score may be off the straight line.
const BENT: f64 = 0.2;
/// How far, as a logarithm, a rate may be from the one nearest to the limit to be on the line with it.
const NEAR: f64 = 0.2;
/// Flatter than the odds of a break growing with the square of the rate no limit of a queue is.
const STEEP_MIN: f64 = 2.0;
/// Standard errors that show a side, with some to spare.
const SIGMAS: f64 = 2.5;
/// Standard errors off the line beyond which a score counts for less (P. J. Huber, *Robust Statistics*, 1981, section 7.8).
const TRUSTED: f64 = 1.5;
/// The line and what its scores count for settle within so many rounds.
const ROUNDS: usize = 8;

/// The highest rate that seems good below the lowest that seems bad, and that one. Rates at which the harness was not
/// fit are left out.
pub(super) fn bracket(view: &View) -> (Option<&Group>, Option<&Group>) {
    let bad = view.groups.iter().find(|g| g.lean() == Lean::Bad && !is_weak(g, view));
    let good = view.groups.iter().rev().find(|g| g.lean() == Lean::Good && bad.is_none_or(|b| g.rate < b.rate));
    (good, bad)
}

/// Whether a group that was not shown to fail is outweighed by one above it: by one shown to hold, or by one that seems
/// good more clearly than this one bad.
fn is_weak(group: &Group, view: &View) -> bool {
    if group.judged.verdict == StepVerdict::Open
        && !group.flaps
        && view.groups.iter().any(|g| g.judged.verdict == StepVerdict::Holds && g.rate > group.rate)
    {
        return true;
    }
    let strength = |g: &Group| (g.judged.score / g.judged.score_error).abs();
    let above = view.groups.iter().filter(|g| g.lean() == Lean::Good && g.rate > group.rate);
    group.judged.score.is_finite()
        && group.judged.score_error.is_finite()
        && above.map(strength).fold(0.0, f64::max) > strength(group)
}

/// The middle of the pair of ends to try: `None` while it is not known well enough.
pub(super) fn centre(settings: &SearchSettings, view: &View, good: &Group, bad: &Group) -> Option<f64> {
    let width = 1.0 + settings.width;
    let into = |rate: f64| rate.clamp(good.rate, bad.rate);
    if let Some(fit) = &view.fit
        && let rate = fit.crossing()
        && fit.error() < 1.5 * settings.width
        && good.rate / width < rate
        && rate < bad.rate * width
    {
        return Some(rate);
    }
    if let Some(done) = bad.completed
        && good.rate <= done * 1.002
        && done <= good.rate * width
    {
        return Some(into(done));
    }
    (bad.rate / good.rate <= width * width).then(|| (good.rate * bad.rate).sqrt())
}

/// A rate within the bracket that should tell most: where a straight line between the scores of its ends crosses the limit. An
/// end that stayed while the other moved counts for half with each move, or the other would creep (the Illinois rule: M. Dowell
/// and P. Jarratt, BIT 11, 1971).
pub(super) fn propose(settings: &SearchSettings, view: &View, good: &Group, bad: &Group) -> f64 {
    let width = 1.0 + settings.width;
    // What an overloaded target got done is near its capacity, unless it collapses: then it is below what was good.
    if let Some(done) = bad.completed.map(|done| done / width.sqrt())
        && good.rate * 1.02 < done
        && done * 1.1 < bad.rate
    {
        return tidy(done);
    }
    let (low, high) = (good.rate.ln(), bad.rate.ln());
    let score = |g: &Group, other: &Group| {
        let halves = i32::try_from(moves_since(view, g, other)).unwrap_or(i32::MAX);
        g.judged.score.clamp(-SCORE_MAX - 1.0, SCORE_MAX + 1.0) * 0.5_f64.powi(halves)
    };
    let (below, above) = (score(good, bad).min(-0.01), score(bad, good).max(0.01));
    let share = (-below / (above - below)).clamp(0.2, 0.8);
    tidy((low + share * (high - low)).exp())
}

/// How often `other` moved since `end` became an end, but for the first time.
fn moves_since(view: &View, end: &Group, other: &Group) -> usize {
    let first = |g: &Group| g.probes.first().copied();
    let moved = view.groups.iter().filter(|g| g.lean() == other.lean() && first(g) > first(end));
    moved.count().saturating_sub(1)
}

/// The score of a rate: `x` its logarithm, `y` the score, `weight` its precision.
#[derive(Clone, Copy, Debug)]
struct Point {
    x: f64,
    y: f64,
    weight: f64,
}

/// A straight line through the scores of the rates near the limit, against log rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    x: f64,
    y: f64,
    steepness: f64,
    weight: f64,
    sxx: f64,
    /// How much more the scores scatter than their errors say, at least 1.
    scatter: f64,
}

impl Fit {
    /// Least squares, weighted by precision; scores far from the limit weigh less, as they are only nearly on a line, and
    /// so do scores far from the line: a queue has its bad seconds, and one of them must not turn the line. `None` with
    /// fewer than two rates near the limit, or a line that does not rise like a limit.
    pub(super) fn of(groups: &[Group]) -> Option<Self> {
        let usable =
            |g: &&Group| g.lean() != Lean::Void && g.judged.score.abs() < SCORE_MAX && g.judged.score_error.is_finite();
        let nearest =
            groups.iter().filter(usable).min_by(|a, b| a.judged.score.abs().total_cmp(&b.judged.score.abs()))?;
        let points: Vec<Point> = groups
            .iter()
            .filter(usable)
            .filter(|g| (g.rate / nearest.rate).ln().abs() < NEAR)
            .map(|g| {
                let variance = g.judged.score_error.powi(2) + (BENT * g.judged.score).powi(2);
                Point { x: g.rate.ln(), y: g.judged.score, weight: variance.recip() }
            })
            .collect();
        let mut line = Self::through(&points)?;
        for _ in 0..ROUNDS {
            let trusted = |p: &Point| Point { weight: p.weight * (TRUSTED / line.off(p)).min(1.0), ..*p };
            line = Self::through(&points.iter().map(trusted).collect::<Vec<_>>())?;
        }
        (line.steepness >= STEEP_MIN).then_some(line)
    }

    /// The line by weighted least squares; `None` through fewer than two different points.
    fn through(points: &[Point]) -> Option<Self> {
        let weight: f64 = points.iter().map(|p| p.weight).sum();
        let mean = |of: &dyn Fn(&Point) -> f64| points.iter().map(|p| of(p) * p.weight).sum::<f64>() / weight;
        let (x, y) = (mean(&|p| p.x), mean(&|p| p.y));
        let sxx: f64 = points.iter().map(|p| p.weight * (p.x - x).powi(2)).sum();
        let sxy: f64 = points.iter().map(|p| p.weight * (p.x - x) * (p.y - y)).sum();
        let steepness = sxy / sxx;
        if points.len() < 2 || !steepness.is_finite() {
            return None;
        }
        let mut line = Self { x, y, steepness, weight, sxx, scatter: 1.0 };
        let residual: f64 = points.iter().map(|p| line.off(p).powi(2)).sum();
        let freedom = points.len().saturating_sub(2).max(1) as f64;
        line.scatter = (residual / freedom).max(1.0).sqrt();
        Some(line)
    }

    /// How far a point is off the line, in its own standard errors.
    fn off(&self, point: &Point) -> f64 {
        point.weight.sqrt() * (point.y - self.y - self.steepness * (point.x - self.x)).abs()
    }

    /// The score of a rate in standard errors: below 0 within the limit, above 0 beyond.
    pub(super) fn sigmas(&self, rate: f64) -> f64 {
        let off = rate.ln() - self.x;
        let error = self.scatter * (1.0 / self.weight + off * off / self.sxx).sqrt();
        (self.y + self.steepness * off) / error
    }

    /// How far from the crossing a rate must be, as a logarithm, for it to be shown which side it is on once all that is
    /// seen has grown by `growth`.
    pub(super) fn reach(&self, growth: f64) -> f64 {
        let crossing = self.crossing();
        let shown = |off: f64| {
            let weakest = self.sigmas(crossing * (-off).exp()).abs().min(self.sigmas(crossing * off.exp()));
            weakest * growth.sqrt() >= SIGMAS
        };
        // Steps of half a percent, up to twice the rate.
        (1..140).map(|i| f64::from(i) * 0.005).find(|&off| shown(off)).unwrap_or(0.7)
    }

    /// Where the line crosses the limit.
    pub(super) fn crossing(&self) -> f64 {
        (self.x - self.y / self.steepness).exp()
    }

    /// How far the crossing may be off, one standard error, as a share of the rate.
    pub(super) fn error(&self) -> f64 {
        let off = self.y / self.steepness;
        self.scatter * (1.0 / self.weight + off * off / self.sxx).sqrt() / self.steepness
    }
}
