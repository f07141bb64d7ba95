//! How much is simulated.

/// How much is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// A minute without optimisation: for the test command.
    Quick,
    /// What the README quotes.
    Full,
}

impl Size {
    /// The one that fits.
    pub(crate) fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}
