//! Data files in a plan: which row each journey gets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::choice::Weighted;
use super::error::PlanProblem;
use crate::scenario::model::{RowChoice, Scenario};

/// The rows of a data file, as far as journeys may use them.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    /// The file's name in the scenario.
    name: Box<str>,
    columns: Vec<Box<str>>,
    /// Row by row, as many in each as there are columns.
    cells: Vec<Box<str>>,
}

/// A data file that has been read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DataSet {
    rows: Arc<Rows>,
    n_rows: u32,
    weights: Option<Arc<Weighted>>,
}

impl DataSet {
    /// The data file `name` of a scenario: `rows` in file order, each with as many cells as there are `columns`, and by which
    /// weights they are chosen, if they are.
    ///
    /// `None` if there are no rows, or more than can be counted, or one has other cells.
    pub fn new(
        name: &str,
        columns: Vec<Box<str>>,
        rows: Vec<Vec<Box<str>>>,
        weights: Option<Weighted>,
    ) -> Option<Self> {
        let n_rows = u32::try_from(rows.len()).ok().filter(|n| *n > 0)?;
        if rows.iter().any(|row| row.len() != columns.len()) {
            return None;
        }
        let cells = rows.into_iter().flatten().collect();
        let rows = Arc::new(Rows { name: name.into(), columns, cells });
        Some(Self { rows, n_rows, weights: weights.map(Arc::new) })
    }
}

/// A row that a journey was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRow {
    rows: Arc<Rows>,
    row: u32,
}

impl DataRow {
    /// The data file's name in the scenario.
    pub fn file(&self) -> &str {
        &self.rows.name
    }

    /// Which row, from 0, the header not counted.
    pub const fn row(&self) -> u32 {
        self.row
    }

    /// The value in the column of this name, if journeys may use it.
    pub fn value(&self, column: &str) -> Option<&str> {
        let Rows { columns, cells, .. } = self.rows.as_ref();
        let place = columns.iter().position(|known| known.as_ref() == column)?;
        Some(&cells[self.row as usize * columns.len() + place])
    }
}

/// A data file with the rule by which its rows are given.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) name: Arc<str>,
    pub(super) n_rows: u32,
    pub(super) is_unique: bool,
    rows: Arc<Rows>,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    InTurn,
    Random,
    ByWeight(Arc<Weighted>),
}

impl Feed {
    /// The row that a draw, within (0, 1), falls on; in turn, the one after those `taken` before.
    pub(super) fn row(&self, draw: impl FnOnce() -> f64, taken: &mut u64) -> DataRow {
        let n = self.n_rows;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "draws are within (0, 1)")]
        let row = match &self.rule {
            Rule::InTurn => u32::try_from(*taken % u64::from(n)).expect("below the number of rows"),
            Rule::Random => ((draw() * f64::from(n)) as u32).min(n - 1),
            Rule::ByWeight(weights) => u32::try_from(weights.pick(draw())).expect("one of the rows"),
        };
        *taken += 1;
        DataRow { rows: Arc::clone(&self.rows), row }
    }
}

/// The scenario's data files in name order; those that were not read, or cannot be used, are told in `problems`.
pub(super) fn feeds(scenario: &Scenario, read: &[DataSet], problems: &mut Vec<PlanProblem>) -> Vec<Feed> {
    let by_name: BTreeMap<&str, &DataSet> = read.iter().map(|set| (set.rows.name.as_ref(), set)).collect();
    let mut feeds = Vec::new();
    for (name, spec) in &scenario.data {
        let feed = by_name.get(name.as_str()).and_then(|set| {
            let rule = match (&spec.rows, &set.weights) {
                (RowChoice::InTurn | RowChoice::Unique, _) => Rule::InTurn,
                (RowChoice::Random, _) => Rule::Random,
                (RowChoice::ByWeight(_), Some(weights)) => Rule::ByWeight(Arc::clone(weights)),
                (RowChoice::ByWeight(_), None) => return None,
            };
            Some(Feed {
                name: name.as_str().into(),
                n_rows: set.n_rows,
                is_unique: spec.rows == RowChoice::Unique,
                rows: Arc::clone(&set.rows),
                rule,
            })
        });
        match feed {
            Some(feed) => feeds.push(feed),
            None => problems.push(PlanProblem::NoData(name.clone())),
        }
    }
    feeds
}

#[cfg(test)]
mod tests;
