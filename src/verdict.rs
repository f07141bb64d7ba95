//! Three-valued verdicts: the worst wins, and nothing observed is never a pass.

use std::fmt;

/// What a judgement came to. Ordered from best to worst, so that `max` keeps the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything asked for was shown to hold.
    Pass,
    /// The evidence is too thin, or the generator too late, to say. Holds a release; never promotes it.
    Inconclusive,
    /// Something asked for was shown not to hold.
    Fail,
}

impl Verdict {
    /// The worst of `verdicts`; inconclusive if there are none, as nothing observed is not a pass.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Inconclusive)
    }

    /// The word used in files: `pass`, `fail` or `inconclusive`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How much a finding weighs. Ordered from lightest to heaviest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// A caveat on the numbers.
    Warning,
    /// Makes the verdict inconclusive.
    Inconclusive,
    /// Makes the verdict fail.
    Fail,
}

impl Severity {
    /// The word used in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// The verdict a finding of this severity leads to.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Info | Self::Warning => Verdict::Pass,
            Self::Inconclusive => Verdict::Inconclusive,
            Self::Fail => Verdict::Fail,
        }
    }
}

/// One observed fact that supports a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// What was seen, in a sentence a person can act on.
    pub text: String,
    /// Where to look, such as a file of the run directory with a row, or what to do.
    pub see: Option<String>,
}

impl Finding {
    /// A finding without a place to look.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, text: text.into(), see: None }
    }

    /// The same finding with a place to look.
    #[must_use]
    pub fn see(mut self, place: impl Into<String>) -> Self {
        self.see = Some(place.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Fail, Inconclusive, Pass};
    use super::*;

    #[test]
    fn the_worst_wins_and_nothing_is_inconclusive() {
        assert_eq!(Verdict::worst([Pass, Pass]), Pass);
        assert_eq!(Verdict::worst([Pass, Inconclusive, Pass]), Inconclusive);
        assert_eq!(Verdict::worst([Fail, Inconclusive, Pass]), Fail);
        assert_eq!(Verdict::worst([]), Inconclusive);
    }
}
