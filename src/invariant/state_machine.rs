//! Which state may follow which: the tables of `chain/README.md`, sections *States* and *Releases*.

use crate::ledger::{IntentKind, StateRow};

/// The state every order begins with.
pub(super) const FIRST: &str = "CREATED";

/// The `cause` of the first state of a payment that has a risk check on its way.
const SCREENED: &str = "screened request";

/// The way an order takes, fixed when it is taken in. Payments of both ways may stand in one book: during a gray
/// release, what one release took in may be finished by the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `CREATED → ROUTED → SUBMITTED`.
    Payment,
    /// `CREATED → RISK_CHECKED → ROUTED → SUBMITTED`.
    ScreenedPayment,
    /// `CREATED → SUBMITTED`.
    Refund,
}

impl Way {
    /// The way of an order of this kind, whose log begins with `first`.
    pub(super) fn of(kind: IntentKind, first: &StateRow) -> Self {
        match kind {
            IntentKind::Refund => Self::Refund,
            IntentKind::Pay if first.cause == SCREENED => Self::ScreenedPayment,
            IntentKind::Pay => Self::Payment,
        }
    }

    /// What may come after `state`, in the order of the interface; nothing after a final or an unknown state.
    pub(super) fn after(self, state: &str) -> &'static [&'static str] {
        match (self, state) {
            (Self::ScreenedPayment, "CREATED") => &["RISK_CHECKED"],
            (Self::Payment, "CREATED") | (Self::ScreenedPayment, "RISK_CHECKED") => &["ROUTED", "FAILED"],
            (Self::Refund, "CREATED") => &["SUBMITTED", "FAILED"],
            (Self::Payment | Self::ScreenedPayment, "ROUTED") => &["SUBMITTED"],
            (_, "SUBMITTED") => &["ACCEPTED", "UNKNOWN", "SUCCEEDED", "FAILED"],
            (_, "ACCEPTED") => &["UNKNOWN", "SUCCEEDED", "FAILED"],
            (_, "UNKNOWN") => &["SUCCEEDED", "FAILED"],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way from the beginning to an end, written by hand from the interface.
    #[test]
    fn the_ways_are_those_of_the_interface() {
        let ends = [
            "SUCCEEDED",
            "FAILED",
            "UNKNOWN SUCCEEDED",
            "UNKNOWN FAILED",
            "ACCEPTED SUCCEEDED",
            "ACCEPTED FAILED",
            "ACCEPTED UNKNOWN SUCCEEDED",
            "ACCEPTED UNKNOWN FAILED",
        ];
        for (way, to_submitted, refused) in [
            (Way::Payment, "CREATED ROUTED SUBMITTED", "CREATED FAILED"),
            (Way::ScreenedPayment, "CREATED RISK_CHECKED ROUTED SUBMITTED", "CREATED RISK_CHECKED FAILED"),
            (Way::Refund, "CREATED SUBMITTED", "CREATED FAILED"),
        ] {
            let mut expected: Vec<String> = ends.iter().map(|end| format!("{to_submitted} {end}")).collect();
            expected.push(refused.to_owned());
            expected.sort();
            let mut found = Vec::new();
            walk(way, FIRST.to_owned(), &mut found);
            found.sort();
            assert_eq!(found, expected, "{way:?}");
        }
    }

    /// Collects every way that goes on from `path` to where nothing may follow.
    fn walk(way: Way, path: String, found: &mut Vec<String>) {
        let next = way.after(path.rsplit(' ').next().unwrap_or(""));
        if next.is_empty() {
            found.push(path);
            return;
        }
        for state in next {
            walk(way, format!("{path} {state}"), found);
        }
    }
}
