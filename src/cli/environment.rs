//! The fingerprint of a machine and of what was put under load on it.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::input::{Loaded, read_text};
use super::run::Site;
use crate::capacity::Environment;

/// Reads what must be the same before two baselines may be compared.
pub(crate) fn read(site: &Site, loaded: &Loaded) -> Result<Environment> {
    Ok(Environment {
        cores: std::thread::available_parallelism().map_or(0, |n| n.get() as u64),
        cpu: line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        memory_bytes: memory_bytes().unwrap_or(0),
        kernel: kernel(),
        topology_sha256: topology(site, loaded)?,
    })
}

/// Digest of what takes part besides the machine: the kind of target, every channel profile, and whether this
/// program was optimised. The chain's release is no part of it: releases are what is compared.
fn topology(site: &Site, loaded: &Loaded) -> Result<String> {
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    };
    add(build);
    match site {
        Site::Embedded => add("embedded chain"),
        Site::Url(url) => add(url),
        Site::Channel(name) => add(&format!("channel {name}")),
    }
    if site.has_mocks() {
        for profile in &loaded.profiles {
            let text = read_text(&profile.path).with_context(|| format!("cannot read {}", profile.path.display()))?;
            add(&text);
        }
    }
    Ok(hex::encode(digest.finalize()))
}

fn kernel() -> String {
    let name = rustix::system::uname();
    format!("{} {}", name.sysname().to_string_lossy(), name.release().to_string_lossy())
}

fn memory_bytes() -> Option<u64> {
    let line = line_of("/proc/meminfo", "MemTotal")?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// What stands after the colon in the first line of `path` that starts with `key`.
fn line_of(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_name_and_memory() {
        assert!(memory_bytes().is_some_and(|bytes| bytes > 1 << 20));
        assert!(kernel().starts_with("Linux "), "{}", kernel());
    }
}
