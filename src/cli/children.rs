//! The embedded chain and the mock channels: child processes of the same binary, so that a crash stays theirs
//! and their CPU is accounted apart.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// How long a child may take until it says that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How long a child may take to end by itself once it is let go.
const END_WITHIN: Duration = Duration::from_secs(10);

/// A running child that says what it serves.
pub(crate) struct Served {
    /// For messages: `chain`, `mock channels`.
    pub(crate) name: &'static str,
    /// What it said when it was ready.
    pub(crate) ready: Ready,
    child: Child,
    /// Held apart from `child`, because waiting for a child closes the standard input it still holds.
    lifeline: Option<ChildStdin>,
    cpu_s: f64,
}

/// The line a child prints on standard output when it serves.
#[derive(Debug, Deserialize)]
pub(crate) struct Ready {
    /// Where it listens.
    pub(crate) address: String,
    /// Parts of it with their addresses.
    #[serde(default)]
    pub(crate) parts: BTreeMap<String, String>,
}

impl Served {
    /// Starts this program again with `args`, its messages going to `log`.
    pub(crate) async fn start(
        name: &'static str,
        args: &[String],
        secrets: &[(String, String)],
        log: &Path,
    ) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = Command::new(program)
            .args(args)
            .envs(secrets.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        let lifeline = child.stdin.take();
        let out = child.stdout.take().context("a child without standard output")?;
        let mut lines = BufReader::new(out).lines();
        let line = match tokio::time::timeout(READY_WITHIN, lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => bail!("the {name} ended before it was ready: {}", tail(log)),
            Err(_) => bail!("the {name} was not ready within {} s: {}", READY_WITHIN.as_secs(), tail(log)),
        };
        let ready = serde_json::from_str(&line).with_context(|| format!("the {name} answered `{line}`"))?;
        // Keep reading, so that the child never blocks on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { name, ready, child, lifeline, cpu_s: 0.0 })
    }

    /// Resolves with a description when the child ends by itself.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("the {} ended by itself: {status}", self.name),
            Err(error) => format!("the {} cannot be watched: {error}", self.name),
        }
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// CPU seconds used so far; the last known figure once it has ended.
    pub(crate) fn cpu_s(&mut self) -> f64 {
        if let Some(now) = self.child.id().and_then(cpu_seconds) {
            self.cpu_s = now;
        }
        self.cpu_s
    }

    /// Lets the child go by closing its standard input, and waits until it has ended; kills it after a while.
    pub(crate) async fn let_go(mut self) -> Result<()> {
        drop(self.lifeline.take());
        if tokio::time::timeout(END_WITHIN, self.child.wait()).await.is_err() {
            self.child.kill().await.with_context(|| format!("cannot end the {}", self.name))?;
            bail!("the {} did not end within {} s and was killed", self.name, END_WITHIN.as_secs());
        }
        Ok(())
    }
}

/// The last lines of a child's log, for a message.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    if last.is_empty() {
        format!("it left no word in {}", log.display())
    } else {
        last.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }
}

/// User and system CPU time of process `pid` in seconds. Source: proc(5), fields 14 and 15 of `stat`.
fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}
