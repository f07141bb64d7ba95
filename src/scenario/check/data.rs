//! Data files: what can be said of them before they are read.

use super::variables::is_built_in;
use super::{Found, Spot, is_identifier};
use crate::scenario::document::child;
use crate::scenario::model::{LoadModel, RowChoice, Scenario};

pub(super) fn check(scenario: &Scenario, found: &mut Found<'_>) {
    for (name, data) in &scenario.data {
        let pointer = child("/data", name);
        if !is_identifier(name) || is_built_in(name) {
            found
                .error(Spot::Key(&pointer), format!("`{name}` cannot be the name of a data file"))
                .help("use letters, digits and `_`, and not a name that the scenario language has already");
        }
        if data.file.is_empty() {
            found.error(Spot::Value(&child(&pointer, "file")), "the data has no file");
        }
        let columns = child(&pointer, "columns");
        if data.columns.is_empty() {
            found
                .error(Spot::Key(&columns), "no column can be used")
                .help("name those that journeys use: `columns: { email: text, limit: number }`");
        }
        for column in data.columns.keys().filter(|column| !is_identifier(column)) {
            found
                .error(Spot::Key(&child(&columns, column)), format!("`{column}` cannot be part of a variable's name"))
                .help("name the column in the file with letters, digits and `_`, not a digit first");
        }
        let is_used = scenario.journeys.values().any(|journey| journey.uses_data(name));
        if !is_used {
            let example = data.columns.keys().next().map_or("COLUMN", String::as_str);
            found
                .warning(Spot::Key(&pointer), format!("no journey uses the data file `{name}`"))
                .help(format!("write `{{{{{name}.{example}}}}}` in a step, or leave it out"));
        }
        let is_counted = scenario.load.model == LoadModel::Open || scenario.load.iterations.is_some();
        if data.rows == RowChoice::Unique && is_used && !is_counted {
            found
                .error(Spot::Value(&child(&pointer, "rows")), "nobody knows how many rows this takes")
                .label("users of this load go on for a time")
                .help("give the load `iterations` instead of `for`, or let rows be taken `in_turn`");
        }
    }
}
