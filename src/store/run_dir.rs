//! Where everything of one run lives.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::parquet_file::{parquet_facts, part_of};
use super::stream::stream_facts;
use crate::id::RunId;

/// The directory of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
    run: RunId,
}

impl RunDir {
    /// Makes `<out>/<run>` for a run that is about to start.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it is there already, [`StoreError::Io`] or [`StoreError::Full`] if it cannot be made.
    pub fn create(out: &Path, run: &RunId) -> Result<Self, StoreError> {
        Self::create_at(&out.join(run.as_str()), run)
    }

    /// Makes the directory `path` for a run that is about to start, where it is part of something larger.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_at(path: &Path, run: &RunId) -> Result<Self, StoreError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| StoreError::io(parent, "create", e))?;
        }
        fs::create_dir(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists { path: path.to_owned() },
            _ => StoreError::io(path, "create", e),
        })?;
        Ok(Self { path: path.to_owned(), run: run.clone() })
    }

    /// The run stored in the directory `path`.
    ///
    /// Which run it is stands in its history, so a renamed or copied directory keeps its run; only a directory
    /// without a readable history is taken by its name.
    ///
    /// # Errors
    /// [`StoreError::NotARun`] if it holds neither a plan nor a history.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let not_a_run = || StoreError::NotARun { path: path.to_owned() };
        let marks = ["plan.json", "history.parquet", "history.arrows"];
        if !marks.iter().any(|name| path.join(name).is_file()) {
            return Err(not_a_run());
        }
        // The absolute name, as `.` and `out/..` have none.
        let by_name = || {
            let full = path.canonicalize().ok()?;
            RunId::parse(full.file_name()?.to_str()?)
        };
        let run = run_of_files(path).or_else(by_name).ok_or_else(not_a_run)?;
        Ok(Self { path: path.to_owned(), run })
    }

    /// The directory `path` of something larger than a run, such as a comparison of two: it holds runs, and files of
    /// its own.
    pub fn around(path: &Path, run: &RunId) -> Self {
        Self { path: path.to_owned(), run: run.clone() }
    }

    /// The run it belongs to.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a small file of the run, such as `verdict.json`, whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::Io`]; a file of that name is then as it was.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        write_whole(path, bytes)
    }

    /// Reads a small file of the run.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if it is not there, [`StoreError::Io`] if it cannot be read as text.
    pub fn read(&self, path: &Path) -> Result<String, StoreError> {
        fs::read_to_string(path).map_err(|e| StoreError::io(path, "read", e))
    }
}

/// Writes a small file whole or not at all.
///
/// # Errors
/// As [`RunDir::write`].
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let part = part_of(path);
    let written = File::create(&part).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|e| StoreError::io(&part, "write", e))?;
    fs::rename(&part, path).map_err(|e| StoreError::io(&part, "rename", e))
}

/// Where each file is.
#[expect(missing_docs, reason = "each is the path of the file it is named for")]
impl RunDir {
    pub fn plan_json(&self) -> PathBuf {
        self.path.join("plan.json")
    }
    pub fn history_parquet(&self) -> PathBuf {
        self.path.join("history.parquet")
    }
    pub fn intents_parquet(&self) -> PathBuf {
        self.path.join("intents.parquet")
    }
    pub fn platform_dir(&self) -> PathBuf {
        self.path.join("platform")
    }
    pub fn channels_dir(&self) -> PathBuf {
        self.path.join("channels")
    }
    pub fn measures_json(&self) -> PathBuf {
        self.path.join("measures.json")
    }
    pub fn verdict_json(&self) -> PathBuf {
        self.path.join("verdict.json")
    }
    pub fn report_html(&self) -> PathBuf {
        self.path.join("report.html")
    }
    pub fn junit_xml(&self) -> PathBuf {
        self.path.join("junit.xml")
    }
    pub fn summary_md(&self) -> PathBuf {
        self.path.join("summary.md")
    }
    /// Where mock channels write their journals while the run goes on.
    pub fn journals_dir(&self) -> PathBuf {
        self.path.join("journals")
    }
    pub(super) fn history_stream(&self) -> PathBuf {
        self.path.join("history.arrows")
    }
    pub(super) fn intents_stream(&self) -> PathBuf {
        self.path.join("intents.arrows")
    }
}

/// The run named in the first table of `dir` that names one. A damaged one is found out when it is read.
fn run_of_files(dir: &Path) -> Option<RunId> {
    let in_parquet = |name: &str| parquet_facts(&dir.join(name)).ok()?.run;
    let in_stream = |name: &str| stream_facts(&dir.join(name)).ok()??.run;
    in_parquet("history.parquet")
        .or_else(|| in_stream("history.arrows"))
        .or_else(|| in_parquet("intents.parquet"))
        .or_else(|| in_stream("intents.arrows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunId {
        RunId::parse("r0test").expect("valid")
    }

    #[test]
    fn a_run_is_never_overwritten() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = RunDir::create(out.path(), &run()).expect("creates");
        let error = RunDir::create(out.path(), &run()).expect_err("is there already");
        assert_eq!(error.to_string(), format!("`{}` exists already", dir.path().display()));
    }

    #[test]
    fn a_directory_that_is_no_run_is_refused() {
        let out = tempfile::tempdir().expect("a scratch directory");
        fs::write(out.path().join("notes.txt"), "hello").expect("writes");
        let error = RunDir::open(out.path()).expect_err("no run");
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` is not a run directory: it holds no `plan.json`, `history.parquet` or `history.arrows`",
                out.path().display()
            )
        );
        assert!(matches!(RunDir::open(&out.path().join("nowhere")), Err(StoreError::NotARun { .. })));
    }

    #[test]
    fn a_small_file_is_written_whole_or_not_at_all() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = RunDir::create(out.path(), &run()).expect("creates");
        dir.write(&dir.plan_json(), b"{}").expect("writes");
        assert_eq!(dir.read(&dir.plan_json()).expect("reads"), "{}");
        assert_eq!(RunDir::open(dir.path()).expect("opens").run(), &run());

        // `summary.md` cannot be replaced, as a directory is in its place: it stays, and the error says where.
        fs::create_dir(dir.summary_md()).expect("creates");
        let error = dir.write(&dir.summary_md(), b"text").expect_err("in the way");
        assert!(matches!(error, StoreError::Io { doing: "rename", .. }), "{error}");
        assert!(matches!(dir.read(&dir.verdict_json()), Err(StoreError::Missing { .. })));
    }

    #[test]
    fn a_renamed_run_keeps_its_name() {
        let out = tempfile::tempdir().expect("a scratch directory");
        let dir = RunDir::create(out.path(), &run()).expect("creates");
        let (_, handle) = crate::store::start_history(&dir).expect("starts");
        handle.finish().expect("ends");
        let copy = out.path().join("copy1");
        fs::rename(dir.path(), &copy).expect("renames");
        assert_eq!(RunDir::open(&copy).expect("opens").run(), &run());
    }
}
