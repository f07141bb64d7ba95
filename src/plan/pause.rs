//! Waits of customers: how long one lasts.

use crate::scenario::typed::PauseRule;
use crate::stats::Draws;
use crate::time::Span;

/// Draws above this are taken as this.
const DRAWN_MAX: Span = Span::from_secs(60);

/// How long a wait of this rule lasts; `draws` are made only if something is to be drawn.
pub fn pause_length(rule: PauseRule, draws: impl FnOnce() -> Draws) -> Span {
    let secs = match rule {
        PauseRule::Constant(span) => return span,
        PauseRule::Uniform { low, high } => {
            low.as_secs_f64() + (high.as_secs_f64() - low.as_secs_f64()) * draws().unit()
        }
        PauseRule::Exponential { mean } => mean.as_secs_f64() * draws().exponential(),
        PauseRule::Lognormal { median, sigma } => median.as_secs_f64() * (sigma * draws().normal()).exp(),
    };
    Span::from_secs_f64(secs).min(DRAWN_MAX)
}
