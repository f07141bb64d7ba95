//! Runs the program under test and reads what it leaves behind.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    command.args(args).current_dir(root()).stdin(Stdio::null());
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

/// A server that ends with this.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// Where each of its parts is called, by name.
    pub(crate) parts: Value,
}

impl Served {
    /// The program with these arguments and environment variables, once it says that it is ready.
    pub(crate) fn start(args: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::of(plimsoll(args).envs(variables.iter().copied()))
    }

    /// What `command` starts, once it says that it is ready.
    pub(crate) fn of(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("a line once it is ready");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let address = ready["address"].as_str().expect("an address").to_owned();
        Self { child, address, parts: ready["parts"].clone() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have been ended already, as part of a test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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

/// Looks every 50 ms until `done` gives something.
#[expect(clippy::disallowed_methods, reason = "another process is watched; there is nothing else to wait for")]
pub(crate) fn wait_until<T>(limit: Duration, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < limit, "nothing happened within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends `signal`, such as `-TERM`.
pub(crate) fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let status = std::process::Command::new("kill").args([signal, &pid]).status().expect("kill runs");
    assert!(status.success());
}

/// All that a piped stream holds.
pub(crate) fn text(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("UTF-8");
    text
}

/// The process below `parent` that has `word` among its arguments.
pub(crate) fn child_named(parent: u32, word: &str) -> Option<u32> {
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let above = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if above == Some(parent) && line.split(|&b| b == 0).any(|argument| argument == word.as_bytes()) {
            return Some(pid);
        }
    }
    None
}

/// A verdict is as its published schema says.
pub(crate) fn assert_fits_the_schema(verdict: &Value) {
    let schema = json(&root().join("tests/fixtures/verdict.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let problems: Vec<String> = validator.iter_errors(verdict).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "verdict.json: {problems:?}");
}
