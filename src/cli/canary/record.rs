//! `canary.json`: what a comparison was, besides the runs of its two releases.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::timetable::{Arm, Timetable};
use crate::canary::CanarySettings;

/// Name of the file in the directory of a comparison.
pub(crate) const FILE: &str = "canary.json";

/// Everything a judgement of a comparison needs besides the two runs. Written at the start, completed at the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CanaryRecord {
    /// Version of this file: 1.
    pub(crate) format: u32,
    /// Name of the comparison.
    pub(crate) run: String,
    /// Seed of the stream, and of the order within pairs.
    pub(crate) seed: u64,
    /// What stood under load, by release.
    pub(crate) control: String,
    /// The same.
    pub(crate) canary: String,
    /// Digest of the stream that both got.
    pub(crate) plan_sha256: String,
    /// By what it is judged.
    pub(crate) settings: CanarySettings,
    /// When which release got which journeys.
    pub(crate) timetable: Timetable,
    /// State of the round of the stable release against itself, `pass`, `fail` or `hold`, if there was one; it lies
    /// in `calibration`.
    pub(crate) calibration: Option<String>,
    /// How the load ended; `None` while it goes on, and so for ever after a crash.
    pub(crate) end: Option<RecordedEnd>,
}

/// How the load of a comparison ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedEnd {
    /// `completed`, `decided` (early), `budget`, `stopped` or `failed`.
    pub(crate) how: String,
    /// For people: why, when it did not complete.
    pub(crate) why: Option<String>,
    /// Pairs of blocks that are judged: those whose journeys all had their time.
    pub(crate) pairs: u64,
}

impl CanaryRecord {
    /// Reads the record in the directory of a comparison.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let record: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is not what a comparison writes", path.display()))?;
        record.settings.check().with_context(|| format!("{} was changed", path.display()))?;
        ensure!(record.format == 1, "{}: format {} is not known here", path.display(), record.format);
        Ok(record)
    }

    /// The record as text.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// Where the run of a release lies.
pub(crate) fn arm_dir(dir: &Path, arm: Arm) -> PathBuf {
    dir.join("arms").join(arm.word())
}

/// Where the round of the stable release against itself lies.
pub(crate) fn calibration_dir(dir: &Path) -> PathBuf {
    dir.join("calibration")
}
