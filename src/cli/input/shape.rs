//! What journeys need of a shape.

use crate::scenario::diagnostic::suggest;
use crate::scenario::document::{child, item};
use crate::scenario::model::Scenario;
use crate::shape::Shape;

/// Journeys that would draw from the shape what it does not have: pointer, message and help of each.
pub(super) fn faults_of_journeys(scenario: &Scenario, shape: &Shape) -> Vec<(String, String, String)> {
    let known = || shape.methods.keys().map(String::as_str);
    let mut faults = Vec::new();
    for (name, journey) in scenario.journeys.iter().filter(|(_, journey)| journey.amount.is_none()) {
        let pointer = child(&child("/journeys", name), "methods");
        for (n, method) in journey.methods.iter().enumerate() {
            if !shape.methods.contains_key(method) {
                let message = format!("the shape has no amounts of method `{method}`");
                faults.push((item(&pointer, n), message, suggest(method, "methods", known())));
            }
        }
        if journey.methods.is_empty() && shape.methods.is_empty() {
            let message = format!("journey `{name}` draws method and amount from a shape that has no methods");
            faults.push((pointer, message, String::from("give `methods` and `amount`, or another shape")));
        }
    }
    faults
}
