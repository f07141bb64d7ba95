//! Data files: rows of CSV and Parquet.

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::plan::{DataSet, Weighted};
use crate::scenario::diagnostic::suggest;
use crate::scenario::document::child;
use crate::scenario::model::{ColumnKind, DataFile, Journey, RowChoice, Scenario};

/// The most rows that are taken from one file.
const ROWS_MAX: usize = 1_000_000;

/// What is wrong with a data file, and what of the scenario points at it.
pub(super) struct DataProblem {
    pub(super) pointer: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// A file's header and rows, all of it text. Rows have as many cells as the header.
struct Table {
    header: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    /// Where it stands, for people: `line 7`.
    place: String,
    cells: Vec<String>,
}

/// Reads what the data file `name` at `pointer` has for journeys.
pub(super) fn parse(
    scenario: &Scenario,
    (name, spec): (&str, &DataFile),
    pointer: &str,
    bytes: Vec<u8>,
) -> Result<DataSet, Vec<DataProblem>> {
    let at = |key| child(pointer, key);
    let of_file = |message| vec![DataProblem { pointer: at("file"), message, help: None }];
    let is_parquet = std::path::Path::new(&spec.file).extension().is_some_and(|e| e == "parquet");
    let table = if is_parquet { parquet(bytes) } else { csv(&bytes) }.map_err(of_file)?;
    if table.rows.is_empty() {
        return Err(of_file("there are no rows".to_owned()));
    }
    let mut problems = Vec::new();
    let mut place = |column: &str, pointer: String| {
        let found = table.header.iter().position(|known| known == column);
        if found.is_none() {
            let known = table.header.iter().map(String::as_str);
            let message = format!("the file has no column `{column}`");
            problems.push(DataProblem { pointer, message, help: Some(suggest(column, "columns", known)) });
        }
        found
    };
    let columns: Vec<(&String, Option<usize>)> =
        spec.columns.keys().map(|column| (column, place(column, child(&at("columns"), column)))).collect();
    let weight_place = match &spec.rows {
        RowChoice::ByWeight(column) => place(column, child(&at("rows"), "by_weight")),
        _ => None,
    };
    for (column, place) in &columns {
        let kind = spec.columns.get(*column).copied().unwrap_or(ColumnKind::Text);
        if let (Some(place), ColumnKind::Number) = (*place, kind) {
            let least = if is_amount(scenario, &format!("{name}.{column}")) { 1 } else { i64::MIN };
            problems.extend(not_a_number(&table, place, least).map(|message| DataProblem {
                pointer: child(&at("columns"), column),
                message,
                help: None,
            }));
        }
    }
    let weights = weight_place.map(|place| weights(&table, place)).transpose().unwrap_or_else(|message| {
        problems.push(DataProblem { pointer: child(&at("rows"), "by_weight"), message, help: None });
        None
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let places: Vec<usize> = columns.iter().filter_map(|(_, place)| *place).collect();
    let names = columns.iter().map(|(column, _)| column.as_str().into()).collect();
    let cells = |row: &Row| places.iter().map(|&place| row.cells[place].as_str().into()).collect();
    let rows = table.rows.iter().map(cells).collect();
    DataSet::new(name, names, rows, weights).ok_or_else(|| of_file("there are no rows".to_owned()))
}

/// Whether an intent of the scenario wants `variable` as its amount.
fn is_amount(scenario: &Scenario, variable: &str) -> bool {
    let wanted = format!("{{{{{variable}}}}}");
    let intents = scenario.journeys.values().flat_map(Journey::flat_steps).filter_map(|s| s.intent.as_ref());
    let mut amounts = intents.filter_map(|intent| intent.amount.as_deref());
    amounts.any(|amount| amount.replace(' ', "") == wanted)
}

/// The first cell of a column that is not a whole number of at least `least`.
fn not_a_number(table: &Table, place: usize, least: i64) -> Option<String> {
    let is_wrong = |row: &&Row| row.cells[place].parse::<i64>().map_or(true, |n| n < least);
    let row = table.rows.iter().find(is_wrong)?;
    let (column, cell) = (&table.header[place], &row.cells[place]);
    Some(match cell.parse::<i64>() {
        Ok(_) => format!("{}: `{cell}` of column `{column}` cannot be an amount, which is above zero", row.place),
        Err(_) => format!("{}: `{cell}` of column `{column}` is not a whole number", row.place),
    })
}

fn weights(table: &Table, place: usize) -> Result<Weighted, String> {
    let column = &table.header[place];
    let mut weights = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let cell = &row.cells[place];
        match cell.trim().parse::<f64>() {
            Ok(weight) if weight >= 0.0 && weight.is_finite() => weights.push(weight),
            _ => return Err(format!("{}: `{cell}` of column `{column}` is not a weight of at least 0", row.place)),
        }
    }
    Weighted::new(weights).ok_or_else(|| format!("no row is ever chosen: all weights in column `{column}` are 0"))
}

fn csv(bytes: &[u8]) -> Result<Table, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header: Vec<String> = reader.headers().map_err(|e| csv_fault(&e))?.iter().map(str::to_owned).collect();
    if let Some(twice) = header.iter().enumerate().find_map(|(n, name)| header[..n].contains(name).then_some(name)) {
        return Err(format!("the header has two columns `{twice}`"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| csv_fault(&e))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != header.len() {
            let (n, expected) = (record.len(), header.len());
            return Err(format!("line {line} has another number of cells than the header: {n}, not {expected}"));
        }
        push(&mut rows, Row { place: format!("line {line}"), cells: record.iter().map(str::to_owned).collect() })?;
    }
    Ok(Table { header, rows })
}

fn csv_fault(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => format!("line {line} is not UTF-8 text"),
        _ => format!("line {line} is not CSV: {error}"),
    }
}

fn parquet(bytes: Vec<u8>) -> Result<Table, String> {
    // The decoder panics on some damaged files; whatever it leaves half done is never looked at again.
    catch_unwind(AssertUnwindSafe(|| read_parquet(bytes.into())))
        .unwrap_or_else(|_| Err("it is not a whole Parquet file".to_owned()))
}

fn read_parquet(bytes: Bytes) -> Result<Table, String> {
    let not_parquet = |e: parquet::errors::ParquetError| format!("it is not a whole Parquet file: {e}");
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(not_parquet)?;
    let header = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let reader = builder.build().map_err(not_parquet)?;
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| format!("it is not a whole Parquet file: {e}"))?;
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let columns: Vec<ArrayFormatter<'_>> =
            columns.collect::<Result<_, _>>().map_err(|e| format!("a column cannot be shown as text: {e}"))?;
        for n in 0..batch.num_rows() {
            let place = format!("row {}", rows.len() + 1);
            let text = |column: &ArrayFormatter<'_>| column.value(n).try_to_string();
            let cells: Result<Vec<String>, _> = columns.iter().map(text).collect();
            let cells = cells.map_err(|e| format!("{place}: {e}"))?;
            push(&mut rows, Row { place, cells })?;
        }
    }
    Ok(Table { header, rows })
}

fn push(rows: &mut Vec<Row>, row: Row) -> Result<(), String> {
    if rows.len() == ROWS_MAX {
        return Err(format!("it has more than the {ROWS_MAX} rows allowed"));
    }
    rows.push(row);
    Ok(())
}

#[cfg(test)]
mod tests;
