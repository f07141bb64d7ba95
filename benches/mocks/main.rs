//! What mock channels cost and how true they are, beside other mocks.
//!
//! `ci/bench/mocks` runs it together with `plimsoll mock serve`, so that what is measured is the program itself. One subcommand
//! is one process. What a client prints is one line of JSON.

mod args;
mod callbacks;
mod client;
mod merchant;
mod pace;
mod peer;
mod profile;
mod request;
mod resident;
mod stamp;

use std::io::Write;
use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser;
use mimalloc::MiMalloc;
use plimsoll::engine::keep_pages_small;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    keep_pages_small();
    let said = match Args::parse().command {
        Command::Profile { bank } => Ok(bank.profile()),
        Command::Requests { bank, count, out } => request::write_all(bank, count, &out),
        Command::Pace(load) => pace::pace(load),
        Command::Callbacks(load) => callbacks::callbacks(load),
        Command::Wiremock { port } => peer::serve(port),
    };
    match said {
        Ok(line) => {
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why:#}");
            ExitCode::FAILURE
        }
    }
}
