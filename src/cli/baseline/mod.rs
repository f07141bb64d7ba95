//! `plimsoll baseline`: keep accepted load lines, and compare new ones with them.

mod accept;
mod compare;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Failure;
use super::capacity::SEARCH_JSON;
use crate::capacity::{Baseline, Environment};

/// `plimsoll baseline …`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Show a baseline.
    #[command(after_help = "Example: plimsoll baseline show reports/baselines/marketplace_day.json")]
    Show(ShowArgs),
    /// Keep the baseline of a search as the accepted one.
    #[command(after_help = "Example: plimsoll baseline accept reports/out/r1q2w3e4r5t6")]
    Accept(AcceptArgs),
    /// Compare a new baseline with an old one: did the load line fall?
    #[command(
        after_help = "Example: plimsoll baseline compare reports/baselines/marketplace_day.json reports/out/r1q2w3e4r5t6\n\
        Exit codes: 0 no fall was shown, 1 it fell, 2 a file cannot be used, 4 the two cannot be compared."
    )]
    Compare(CompareArgs),
}

/// `plimsoll baseline show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The baseline, or the directory of the search that made it.
    pub file: PathBuf,
    /// Print the file itself.
    #[arg(long)]
    pub json: bool,
}

/// `plimsoll baseline accept`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The directory of a search, or its `baseline.json`.
    pub from: PathBuf,
    /// Where to keep it; default: `reports/baselines/` and the scenario's name.
    #[arg(long = "as", value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// `plimsoll baseline compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The accepted baseline.
    pub old: PathBuf,
    /// The new one, or the directory of its search.
    pub new: PathBuf,
    /// How far the load line may fall before it counts.
    #[arg(long, value_name = "SHARE")]
    pub tolerance: Option<String>,
    /// Also write `verdict.json`, `junit.xml` and `summary.md` into this directory.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the verdict as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Does what was asked; the exit code.
pub(crate) fn run(command: &BaselineCommand) -> Result<u8, Failure> {
    match command {
        BaselineCommand::Show(args) => show::show(args),
        BaselineCommand::Accept(args) => accept::accept(args),
        BaselineCommand::Compare(args) => compare::compare_files(args),
    }
}

/// The file the user named: itself, or the baseline in the directory of a search.
fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("baseline.json") } else { path.to_owned() }
}

/// Reads a baseline; a file that cannot be used is the user's mistake, with all that is wrong with it.
pub(crate) fn load(path: &Path) -> Result<Baseline, Failure> {
    let file = file_of(path);
    let text = std::fs::read_to_string(&file).map_err(|e| Failure::User {
        message: format!("cannot read the baseline `{}`: {e}", file.display()),
        help: Some(if path.join(SEARCH_JSON).is_file() {
            format!("the search has none yet; `plimsoll judge {}` makes it", path.display())
        } else {
            "name a `baseline.json`, or the directory of a search as `plimsoll capacity` printed it".to_owned()
        }),
    })?;
    Baseline::parse(&text).map_err(|error| {
        let problems: Vec<String> = error.problems.iter().map(|p| format!("  {p}")).collect();
        Failure::User {
            message: format!("`{}` is not a usable baseline:\n{}", file.display(), problems.join("\n")),
            help: Some("a baseline is made by `plimsoll capacity` and not edited afterwards".to_owned()),
        }
    })
}

/// What differs between two environments, each with both values.
pub(crate) fn differences(old: &Environment, new: &Environment) -> Vec<String> {
    let pairs = [
        ("cores", old.cores.to_string(), new.cores.to_string()),
        ("processor", old.cpu.clone(), new.cpu.clone()),
        ("memory", format!("{} bytes", old.memory_bytes), format!("{} bytes", new.memory_bytes)),
        ("kernel", old.kernel.clone(), new.kernel.clone()),
    ];
    let mut differs: Vec<String> = pairs
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(what, old, new)| format!("{what} ({old} then, {new} now)"))
        .collect();
    if old.topology_sha256 != new.topology_sha256 {
        differs.push("the kind of target, a channel profile, or whether plimsoll was built for release".to_owned());
    }
    differs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment {
            cores: 2,
            cpu: "a".to_owned(),
            memory_bytes: 8,
            kernel: "Linux 6".to_owned(),
            topology_sha256: "00".to_owned(),
        }
    }

    #[test]
    fn each_difference_is_told_with_both_values() {
        assert_eq!(differences(&environment(), &environment()), Vec::<String>::new());
        let other = Environment { cores: 4, topology_sha256: "01".to_owned(), ..environment() };
        assert_eq!(
            differences(&environment(), &other),
            [
                "cores (2 then, 4 now)",
                "the kind of target, a channel profile, or whether plimsoll was built for release"
            ]
        );
    }
}
