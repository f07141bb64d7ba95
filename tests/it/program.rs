//! Runs the program under test and reads what it leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Loads run one at a time: two at once would starve each other and be judged inconclusive, rightly.
static MACHINE: Mutex<()> = Mutex::new(());

/// Waits until no other test of this binary is putting load on the machine.
pub(crate) fn machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program with these arguments, started in the repository.
pub(crate) fn plimsoll(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(args).current_dir(root()).stdin(std::process::Stdio::null());
    command
}

/// What a finished program left.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs to the end.
pub(crate) fn finish(args: &[&str]) -> Ended {
    plimsoll(args).output().expect("the program starts").into()
}

/// The only run directory below `out`.
pub(crate) fn run_dir(out: &Path) -> PathBuf {
    let mut dirs: Vec<PathBuf> =
        fs::read_dir(out).expect("a readable directory").map(|e| e.expect("an entry").path()).collect();
    assert_eq!(dirs.len(), 1, "one run below {}", out.display());
    dirs.remove(0)
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A verdict's invariant by name.
pub(crate) fn invariant<'v>(verdict: &'v Value, name: &str) -> &'v Value {
    verdict["invariants"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|i| i["name"] == name)
        .unwrap_or_else(|| panic!("no invariant {name}"))
}

/// A verdict is as its published schema says.
pub(crate) fn assert_fits_the_schema(verdict: &Value) {
    let schema = json(&root().join("tests/fixtures/verdict.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let problems: Vec<String> = validator.iter_errors(verdict).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "verdict.json: {problems:?}");
}
