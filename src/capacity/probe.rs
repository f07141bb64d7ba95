//! One step that the search asks for.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// One step of offered load to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Counting from 1 in a search.
    pub number: u32,
    /// Offered rate, journeys per second.
    pub rate: f64,
    /// How long the schedule lasts, warm-up included.
    pub lasts: Span,
    /// Opening time left out of measurements.
    pub warm_up: Span,
    /// Seed of the step's plan.
    pub seed: u64,
    /// What for.
    pub purpose: Purpose,
}

/// Why a step is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To find out where about the line is: short, decides nothing near it.
    Locate,
    /// To show that the lower end holds.
    LowEnd,
    /// To show that the upper end fails.
    HighEnd,
    /// To ask whether an accepted rate still holds.
    Gate,
}
