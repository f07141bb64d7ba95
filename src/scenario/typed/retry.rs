//! Policies of asking again as typed values.

use crate::scenario::model::{BackOff, Retry, RetryOn, RetryWord};
use crate::time::Span;
use crate::units::{parse_percent, parse_span};

/// What is asked again unless the policy says it.
const ON: [RetryOn; 5] = [
    RetryOn::Word(RetryWord::Timeout),
    RetryOn::Word(RetryWord::Reset),
    RetryOn::Word(RetryWord::NotSent),
    RetryOn::Word(RetryWord::ServerError),
    RetryOn::Status(429),
];

/// Waits between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackOffRule {
    /// Always as long.
    Constant(Span),
    /// Twice as long each time, up to a bound.
    Doubling {
        /// The first wait.
        first: Span,
        /// No wait is longer.
        max: Span,
    },
}

impl BackOffRule {
    /// How long to wait after the `nth` attempt, from 1, before any of it is drawn.
    pub fn after(self, nth: u32) -> Span {
        match self {
            Self::Constant(span) => span,
            Self::Doubling { first, max } => {
                let doubled = 1_u64.checked_shl(nth.saturating_sub(1)).unwrap_or(u64::MAX);
                Span::from_nanos(first.as_nanos().saturating_mul(doubled)).min(max)
            }
        }
    }
}

impl Retry {
    /// What is asked again, in file order.
    pub fn on(&self) -> &[RetryOn] {
        self.on.as_deref().unwrap_or(&ON)
    }

    /// How much of each wait is drawn, 0 to 1.
    pub fn jitter(&self) -> Option<f64> {
        self.jitter.as_deref().map_or(Some(0.0), parse_percent).filter(|share| *share <= 1.0)
    }
}

impl BackOff {
    /// The waits.
    pub fn rule(&self) -> Option<BackOffRule> {
        match self {
            Self::Constant(text) => parse_span(text).map(BackOffRule::Constant),
            Self::Doubling(doubling) => {
                let (first, max) = (parse_span(&doubling.first)?, parse_span(&doubling.max)?);
                Some(BackOffRule::Doubling { first, max })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound() {
        let ms = Span::from_millis;
        let doubling = BackOffRule::Doubling { first: ms(100), max: ms(750) };
        let waits: Vec<Span> = (1..=5).map(|nth| doubling.after(nth)).collect();
        assert_eq!(waits, [ms(100), ms(200), ms(400), ms(750), ms(750)]);
        assert_eq!(doubling.after(u32::MAX), ms(750));
        assert_eq!(BackOffRule::Constant(ms(30)).after(9), ms(30));
    }
}
