//! Shapes, and what journeys need of them.

use crate::scenario::diagnostic::{Diagnostic, suggest};
use crate::scenario::document::{child, item};
use crate::scenario::model::Scenario;
use crate::scenario::read::read;
use crate::shape::{Shape, ShapeProblem};

/// Reads and checks a shape.
///
/// # Errors
/// Every problem, in file order.
pub fn read_shape(name: &str, text: &str) -> Result<Shape, Vec<Diagnostic>> {
    let (shape, document) = read::<Shape>(name, text)?;
    let problems: Vec<Diagnostic> = shape
        .problems()
        .iter()
        .map(|problem| {
            let span = document.value_span(&pointer_of(problem));
            Diagnostic::error(document.source(), span, problem.to_string())
        })
        .collect();
    if problems.is_empty() { Ok(shape) } else { Err(problems) }
}

fn pointer_of(problem: &ShapeProblem) -> String {
    let of_method = |name: &str, key: &str| child(&child("/methods", name), key);
    match problem {
        ShapeProblem::Format(_) => String::from("/format"),
        ShapeProblem::Weight(method) => of_method(method, "weight"),
        ShapeProblem::Amounts { method, .. } => of_method(method, "amounts"),
        ShapeProblem::Gaps(_) | ShapeProblem::ZeroGaps => String::from("/gaps"),
        ShapeProblem::Hours => String::from("/hour_curve"),
        ShapeProblem::Range { key, .. } => child("", key),
    }
}

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
