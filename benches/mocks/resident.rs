//! What a process keeps in memory.

use std::fs;

use anyhow::{Context, Result};

/// Resident memory of process `id`, in KiB.
pub(crate) fn resident_kib(id: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).context("cannot look at the bank's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    line.split_whitespace().next().context("no number")?.parse().context("no number")
}
