//! The command line of the bench.

use std::time::Duration;

use clap::{Parser, Subcommand};
use plimsoll::time::Span;
use plimsoll::units::parse_span;

/// What the load engine costs and how exact it is.
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
    /// Answers every request with the same JSON, after a constant time.
    Serve {
        /// Where it listens on the loopback interface.
        #[arg(long, default_value_t = PORT)]
        port: u16,
        /// How long it waits before it answers.
        #[arg(long, value_parser = duration, default_value = "0s")]
        delay: Duration,
    },
    /// The engine, as fast as so many connections go.
    Cost(Load),
    /// The engine at a rate, constant gaps.
    Pace {
        #[command(flatten)]
        load: Load,
        /// Journeys a second.
        #[arg(long, default_value_t = 5_000)]
        rate: u32,
    },
    /// The engine at a rate, told to stop when its time is over, in mid-load.
    Stop {
        #[command(flatten)]
        load: Load,
        /// Journeys a second.
        #[arg(long, default_value_t = 5_000)]
        rate: u32,
        /// Give up what is in flight, instead of waiting for answers.
        #[arg(long)]
        hard: bool,
    },
    /// A plain loop over the engine's own client.
    Client(Load),
    /// A plain loop over hyper's client.
    Hyper(Load),
    /// A scenario of Goose's own.
    Goose {
        #[command(flatten)]
        load: Load,
        /// At most so many requests a second, and how long answers seem to take; without it as fast as it goes, and what
        /// that costs.
        #[arg(long)]
        rate: Option<u32>,
    },
    /// A plain loop over reqwest.
    Reqwest(Load),
}

/// What every client is told.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Load {
    /// Where the server listens.
    #[arg(long, default_value_t = PORT)]
    pub(crate) port: u16,
    /// Exchanges at once.
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: u32,
    /// How long the load goes on.
    #[arg(long = "for", value_parser = duration, default_value = "5s")]
    pub(crate) time: Duration,
    /// Write intents and history to a run directory, as a run does.
    #[arg(long)]
    pub(crate) records: bool,
}

const PORT: u16 = 18_080;

impl Load {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_span(text).map(Span::to_std).ok_or_else(|| format!("`{text}` is not a length of time such as `5s`"))
}
