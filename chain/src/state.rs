//! The states of payments and refunds.
//!
//! | from | to |
//! |---|---|
//! | `CREATED` | `RISK_CHECKED` (payments of v2), `ROUTED` (payments of v1), `SUBMITTED` (refunds), `FAILED` (refused before a channel was asked; v1) |
//! | `RISK_CHECKED` | `ROUTED`, `FAILED` (refused before a channel was asked; v2) |
//! | `ROUTED` | `SUBMITTED` |
//! | `SUBMITTED` | `ACCEPTED`, `UNKNOWN`, `SUCCEEDED`, `FAILED` |
//! | `ACCEPTED` | `UNKNOWN`, `SUCCEEDED`, `FAILED` |
//! | `UNKNOWN` | `SUCCEEDED`, `FAILED` |
//! | `SUCCEEDED`, `FAILED` | nothing: they are final |

/// Where a payment or refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    RiskChecked,
    Routed,
    Submitted,
    Accepted,
    Unknown,
    Succeeded,
    Failed,
}

impl State {
    pub(crate) const ALL: [State; 8] = [
        State::Created,
        State::RiskChecked,
        State::Routed,
        State::Submitted,
        State::Accepted,
        State::Unknown,
        State::Succeeded,
        State::Failed,
    ];

    /// The name in the book.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Created => "CREATED",
            State::RiskChecked => "RISK_CHECKED",
            State::Routed => "ROUTED",
            State::Submitted => "SUBMITTED",
            State::Accepted => "ACCEPTED",
            State::Unknown => "UNKNOWN",
            State::Succeeded => "SUCCEEDED",
            State::Failed => "FAILED",
        }
    }

    /// The state of that name in the book.
    pub(crate) fn of_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// What a merchant is told: everything not final is `PROCESSING`.
    pub(crate) fn told(self) -> &'static str {
        if self.is_final() { self.name() } else { "PROCESSING" }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(self, State::Succeeded | State::Failed)
    }

    /// Whether the table above has the row `self` → `next`.
    pub(crate) fn may_become(self, next: State) -> bool {
        match self {
            State::Created => {
                matches!(next, State::RiskChecked | State::Routed | State::Submitted | State::Failed)
            }
            State::RiskChecked => matches!(next, State::Routed | State::Failed),
            State::Routed => next == State::Submitted,
            State::Submitted => {
                matches!(next, State::Accepted | State::Unknown | State::Succeeded | State::Failed)
            }
            State::Accepted => matches!(next, State::Unknown | State::Succeeded | State::Failed),
            State::Unknown => matches!(next, State::Succeeded | State::Failed),
            State::Succeeded | State::Failed => false,
        }
    }

    /// The names of the states that may become this one, each between bars: what the store compares with.
    pub(crate) fn predecessors(self) -> String {
        State::ALL
            .into_iter()
            .filter(|from| from.may_become(self))
            .fold("|".to_owned(), |list, from| list + from.name() + "|")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair not listed is refused; the list is written by hand from the interface.
    #[test]
    fn the_table_is_the_one_of_the_interface() {
        let allowed = [
            "CREATED RISK_CHECKED",
            "CREATED ROUTED",
            "CREATED SUBMITTED",
            "CREATED FAILED",
            "RISK_CHECKED ROUTED",
            "RISK_CHECKED FAILED",
            "ROUTED SUBMITTED",
            "SUBMITTED ACCEPTED",
            "SUBMITTED UNKNOWN",
            "SUBMITTED SUCCEEDED",
            "SUBMITTED FAILED",
            "ACCEPTED UNKNOWN",
            "ACCEPTED SUCCEEDED",
            "ACCEPTED FAILED",
            "UNKNOWN SUCCEEDED",
            "UNKNOWN FAILED",
        ];
        for from in State::ALL {
            for to in State::ALL {
                let pair = format!("{} {}", from.name(), to.name());
                assert_eq!(from.may_become(to), allowed.contains(&pair.as_str()), "{pair}");
            }
        }
    }

    #[test]
    fn the_store_compares_with_the_predecessors() {
        assert_eq!(State::Unknown.predecessors(), "|SUBMITTED|ACCEPTED|");
        assert_eq!(State::Failed.predecessors(), "|CREATED|RISK_CHECKED|SUBMITTED|ACCEPTED|UNKNOWN|");
        assert_eq!(State::Created.predecessors(), "|");
    }

    #[test]
    fn merchants_are_told_three_words() {
        let told: Vec<&str> = State::ALL.into_iter().map(State::told).collect();
        assert_eq!(told.iter().filter(|word| **word == "PROCESSING").count(), 6);
        assert_eq!(told[6..], ["SUCCEEDED", "FAILED"]);
    }
}
