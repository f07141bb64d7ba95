//! A shape as it stands in its file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::stats::{QuantileTable, TableError};

/// The version of the file format this release writes and reads.
pub const FORMAT: u32 = 1;

/// A production shape: how much, how, when and by whom. Made by `plimsoll shape fit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Version of the format: 1.
    pub format: u32,
    /// What the shape is of, in a sentence.
    #[serde(default)]
    pub about: Option<String>,
    /// Where the numbers come from, with licence and attribution, one source each.
    #[serde(default)]
    pub sources: Vec<String>,
    /// How customers pay, by name in the target's words.
    #[serde(default)]
    pub methods: BTreeMap<String, MethodShape>,
    /// How busy each hour of the day is, from midnight; the mean is 1.
    #[serde(default = "flat_day")]
    pub hour_curve: [f64; 24],
    /// Gaps between arrivals as quantiles: pairs of probability and gap, the gap in units of the mean gap at
    /// that time of the day. Probabilities ascend from 0 to 1.
    #[serde(default = "exponential_gaps")]
    pub gaps: Vec<(f64, f64)>,
    /// How unevenly merchants are paid: the k-th has weight 1/k^s.
    #[serde(default)]
    pub merchant_skew: f64,
    /// How unevenly payers pay: the k-th has weight 1/k^s.
    #[serde(default)]
    pub payer_skew: f64,
    /// Share of orders that are cancelled later, 0 to 1.
    #[serde(default)]
    pub cancel_share: f64,
}

/// One way of paying.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodShape {
    /// How often it is chosen, relative to the others.
    pub weight: f64,
    /// Amounts as quantiles: pairs of probability and minor units, of whatever currency the scenario has.
    pub amounts: Vec<(f64, f64)>,
}

/// Something that makes a shape unusable.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ShapeProblem {
    /// Another format.
    #[error("format {0} is not known; this release reads format {FORMAT}")]
    Format(u32),
    /// A weight that is not above zero.
    #[error("method `{0}` needs a weight above zero")]
    Weight(String),
    /// Amounts that are no distribution.
    #[error("amounts of method `{method}`: {error}")]
    Amounts {
        /// Which method.
        method: String,
        /// What is wrong.
        error: TableError,
    },
    /// Gaps that are no distribution.
    #[error("gaps: {0}")]
    Gaps(TableError),
    /// Gaps that are all zero.
    #[error("gaps: at least one must be above zero")]
    ZeroGaps,
    /// An hour weight that is negative or not a number, or a day of nothing.
    #[error("hour_curve: weights must be at least 0 and not all 0")]
    Hours,
    /// A skew or share out of range.
    #[error("`{key}` must be between 0 and {most}, but is {value}")]
    Range {
        /// Which key.
        key: &'static str,
        /// What it is.
        value: f64,
        /// The largest value allowed.
        most: f64,
    },
}

impl Default for Shape {
    /// The shape of which nothing is known: Poisson arrivals all day, everybody alike, no methods.
    fn default() -> Self {
        Self {
            format: FORMAT,
            about: None,
            sources: Vec::new(),
            methods: BTreeMap::new(),
            hour_curve: flat_day(),
            gaps: exponential_gaps(),
            merchant_skew: 0.0,
            payer_skew: 0.0,
            cancel_share: 0.0,
        }
    }
}

impl Shape {
    /// Everything that makes it unusable, in file order; empty if it is sound.
    pub fn problems(&self) -> Vec<ShapeProblem> {
        let mut problems = Vec::new();
        if self.format != FORMAT {
            problems.push(ShapeProblem::Format(self.format));
        }
        for (name, method) in &self.methods {
            if !(method.weight > 0.0 && method.weight.is_finite()) {
                problems.push(ShapeProblem::Weight(name.clone()));
            }
            if let Err(error) = method.amount_table() {
                problems.push(ShapeProblem::Amounts { method: name.clone(), error });
            }
        }
        if self.hour_curve.iter().any(|w| !(w.is_finite() && *w >= 0.0)) || self.hour_curve.iter().sum::<f64>() <= 0.0 {
            problems.push(ShapeProblem::Hours);
        }
        match self.gap_table() {
            Err(error) => problems.push(ShapeProblem::Gaps(error)),
            Ok(table) if table.mean() <= 0.0 => problems.push(ShapeProblem::ZeroGaps),
            Ok(_) => (),
        }
        let ranges = [
            ("merchant_skew", self.merchant_skew, 10.0),
            ("payer_skew", self.payer_skew, 10.0),
            ("cancel_share", self.cancel_share, 1.0),
        ];
        let off = |&(_, value, most): &(_, f64, f64)| !(0.0..=most).contains(&value);
        problems.extend(ranges.into_iter().filter(off).map(|(key, value, most)| ShapeProblem::Range {
            key,
            value,
            most,
        }));
        problems
    }

    /// The gaps as a distribution, scaled as they stand.
    ///
    /// # Errors
    /// [`TableError`] if they are none.
    pub fn gap_table(&self) -> Result<QuantileTable, TableError> {
        QuantileTable::new(&self.gaps)
    }
}

impl MethodShape {
    /// The amounts as a distribution, in minor units.
    ///
    /// # Errors
    /// [`TableError`] if they are none.
    pub fn amount_table(&self) -> Result<QuantileTable, TableError> {
        QuantileTable::new(&self.amounts)
    }
}

fn flat_day() -> [f64; 24] {
    [1.0; 24]
}

fn exponential_gaps() -> Vec<(f64, f64)> {
    QuantileTable::exponential().points().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_of_nothing_known_is_sound() {
        assert_eq!(Shape::default().problems(), []);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let amounts = vec![(0.0, 5.0), (1.0, 1.0)];
        let shape = Shape {
            format: 2,
            methods: [("card".to_owned(), MethodShape { weight: 0.0, amounts })].into(),
            hour_curve: [0.0; 24],
            gaps: vec![(0.0, 0.0), (1.0, 0.0)],
            cancel_share: 14.81,
            ..Shape::default()
        };
        let texts: Vec<String> = shape.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "format 2 is not known; this release reads format 1",
                "method `card` needs a weight above zero",
                "amounts of method `card`: values must be at least 0 and ascend; point 2 breaks that",
                "hour_curve: weights must be at least 0 and not all 0",
                "gaps: at least one must be above zero",
                "`cancel_share` must be between 0 and 1, but is 14.81",
            ]
        );
    }
}
