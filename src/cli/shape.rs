//! `plimsoll shape`: learns a production shape from records.

mod error;
mod table;

pub use error::ShapeCommandError;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::seed::Seed;
use crate::shape::{Shape, fit, head_comment, parse_yaml, render_yaml};

/// What can be done with shapes.
#[derive(Debug, Subcommand)]
pub enum ShapeCommand {
    /// Learn a shape from a table of orders, or add to a shape what another table tells.
    ///
    /// Only what the named columns tell is learnt; the rest stays as it is in `--onto`. Rows of one order are
    /// put together.
    #[command(after_help = "Example:\n  plimsoll shape fit --orders payments.csv.gz --amount-column value \
        --method-column type --map credit_card=card --out shape.yaml")]
    Fit(FitArgs),
}

/// Arguments of `plimsoll shape fit`.
#[derive(Debug, Args)]
pub struct FitArgs {
    /// A CSV file with a header line, `.gz` allowed.
    #[arg(long, value_name = "FILE")]
    orders: PathBuf,
    /// Add to this shape; without it, to the shape of which nothing is known.
    #[arg(long, value_name = "FILE")]
    onto: Option<PathBuf>,
    /// Write the shape here; without it, to standard output. May be the file of `--onto`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Which order a row is part of; without it every row is an order.
    #[arg(long, value_name = "COLUMN")]
    order_column: Option<String>,
    /// When it was ordered, local time, such as `2010-12-01 08:26:00`: gives hour curve and gaps.
    #[arg(long, value_name = "COLUMN")]
    time_column: Option<String>,
    /// How times are written, as in strptime, such as `%d/%m/%Y %H:%M`. Default: ISO 8601 without a zone.
    #[arg(long, value_name = "FORMAT", requires = "time_column")]
    time_format: Option<String>,
    /// How much was paid, in major units such as `12.50`.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["quantity_column", "price_column"])]
    amount_column: Option<String>,
    /// How many, where the amount of a row is quantity times price.
    #[arg(long, value_name = "COLUMN", requires = "price_column")]
    quantity_column: Option<String>,
    /// The price of one, where the amount of a row is quantity times price.
    #[arg(long, value_name = "COLUMN", requires = "quantity_column")]
    price_column: Option<String>,
    /// Digits after the point of the currency's amounts.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    decimals: u8,
    /// How it was paid: with amounts, gives the mix of methods and the amounts of each.
    #[arg(long, value_name = "COLUMN")]
    method_column: Option<String>,
    /// What a method of the table is called in the target, such as `credit_card=card`; may be repeated.
    #[arg(long, value_name = "FROM=TO", value_parser = parse_pair)]
    map: Vec<(String, String)>,
    /// Who was paid: gives the skew of merchants, by rows.
    #[arg(long, value_name = "COLUMN")]
    merchant_column: Option<String>,
    /// Who paid: gives the skew of payers, by orders.
    #[arg(long, value_name = "COLUMN")]
    payer_column: Option<String>,
    /// Orders whose number starts with this are cancellations: gives their share.
    #[arg(long, value_name = "TEXT", requires = "order_column")]
    cancel_prefix: Option<String>,
    /// What the shape is of, in a sentence.
    #[arg(long, value_name = "TEXT")]
    about: Option<String>,
    /// Where the table comes from, with licence and attribution; kept in the shape.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Seed of the draws that spread times rounded to minutes or hours.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Does what `command` says. `words` are the words of the command line, for the comment in the file.
///
/// # Errors
/// [`ShapeCommandError`]; rows that cannot be used are not among them, they are counted and told.
pub fn run(command: &ShapeCommand, words: &[String]) -> Result<(), ShapeCommandError> {
    match command {
        ShapeCommand::Fit(args) => run_fit(args, words),
    }
}

fn run_fit(args: &FitArgs, words: &[String]) -> Result<(), ShapeCommandError> {
    let map: BTreeMap<&str, &str> = args.map.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let (onto, comment) = match &args.onto {
        Some(path) => load_shape(path)?,
        None => (Shape::default(), String::from("A production shape: numbers only, no row of the data. Made by")),
    };
    let table = table::read(args, &map)?;
    let (mut shape, notes) = fit(onto, &table.records, Seed(args.seed))?;
    if let Some(about) = &args.about {
        shape.about = Some(about.clone());
    }
    if let Some(source) = args.source.as_ref().filter(|s| !shape.sources.contains(s)) {
        shape.sources.push(source.clone());
    }
    let text = render_yaml(&shape, &format!("{comment}\n{}", command_text(words)));
    store(args.out.as_deref(), &text)?;
    let told = format!(
        "{} rows read, {} orders, of these {} paid and {} cancellations\n{}",
        table.n_rows, notes.n_orders, notes.n_paid, notes.n_cancelled, table.left_out
    );
    // Nobody listening on stderr is no reason to fail.
    let _ = io::stderr().write_all(told.as_bytes());
    Ok(())
}

fn load_shape(path: &Path) -> Result<(Shape, String), ShapeCommandError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|source| ShapeCommandError::Read { path: name.clone(), source })?;
    let shape = parse_yaml(&name, &text).map_err(ShapeCommandError::Shape)?;
    Ok((shape, head_comment(&text)))
}

fn store(path: Option<&Path>, text: &str) -> Result<(), ShapeCommandError> {
    let name = path.map_or_else(|| String::from("standard output"), |p| p.display().to_string());
    let written = match path {
        Some(path) => fs::write(path, text),
        None => io::stdout().write_all(text.as_bytes()),
    };
    written.map_err(|source| ShapeCommandError::Write { path: name, source })
}

/// The command as it can be given again, in lines of at most 118 characters where its values allow it; an
/// option and its value stay on one line.
fn command_text(words: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:%".contains(c);
    let mut parts = vec![String::from("plimsoll")];
    for word in words.iter().skip(1) {
        let is_option = word.starts_with("--");
        let word = if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        };
        match parts.last_mut().filter(|_| !is_option) {
            Some(part) => *part = format!("{part} {word}"),
            None => parts.push(word),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut().filter(|line| line.chars().count() + part.chars().count() < 115) {
            Some(line) => *line = format!("{line} {part}"),
            None => lines.push(format!("{}{part}", if lines.is_empty() { "  " } else { "    " })),
        }
    }
    lines.join(" \\\n")
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (from, to) = text.split_once('=').ok_or("write it as FROM=TO, such as credit_card=card")?;
    if from.is_empty() || to.is_empty() {
        return Err("neither side may be empty".into());
    }
    Ok((from.to_owned(), to.to_owned()))
}

#[cfg(test)]
mod tests;
