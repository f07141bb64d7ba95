//! The command line of the bench.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use plimsoll::time::Span;
use plimsoll::units::parse_span;

use crate::profile::BenchBank;

/// What mock channels cost and how true they are.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Cargo says it to every bench.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

/// What one process of the bench does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints the profile of a bank, for `plimsoll mock serve`.
    Profile {
        /// Which bank.
        bank: BenchBank,
    },
    /// Writes signed payments as they go over the wire, one after the other, each with an order number of its own and all of
    /// one length, which is printed.
    Requests {
        /// For which bank.
        bank: BenchBank,
        /// How many.
        #[arg(long)]
        count: u64,
        /// Into which file.
        #[arg(long)]
        out: PathBuf,
    },
    /// Payments at a rate, constant gaps: how late answers are, and how many come in a second.
    Pace(Load),
    /// Payments at a rate, each told to a merchant that acknowledges the second attempt alone.
    Callbacks(Load),
    /// Serves one constant answer by `wiremock`, until it is killed.
    Wiremock {
        /// Where it listens on the loopback interface.
        #[arg(long, default_value_t = PORT)]
        port: u16,
    },
}

/// What a load is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Load {
    /// Which bank is served.
    pub(crate) bank: BenchBank,
    /// Where it listens.
    #[arg(long, default_value_t = PORT)]
    pub(crate) port: u16,
    /// Payments a second.
    #[arg(long)]
    pub(crate) rate: u32,
    /// How long the load goes on.
    #[arg(long = "for", value_parser = duration)]
    pub(crate) time: Duration,
    /// The bank's process, to look at its memory.
    #[arg(long)]
    pub(crate) server: Option<u32>,
    /// Tell nobody where to call back.
    #[arg(long)]
    pub(crate) untold: bool,
}

const PORT: u16 = 18_080;

fn duration(text: &str) -> Result<Duration, String> {
    parse_span(text).map(Span::to_std).ok_or_else(|| format!("`{text}` is not a length of time such as `5s`"))
}
