//! What the load engine costs and how exact it is, beside plain loops over the libraries it stands on.
//!
//! `ci/bench/peers` and `ci/bench/exactness` run it together with other load tools against one server, its own `serve`,
//! so that every figure of a table is of one machine and one hour. One subcommand is one process, so its CPU time is
//! that client's alone. What a client prints is one line of JSON.

mod args;
mod cpu;
mod engine;
mod goose;
mod plain;
mod records;
mod scenario;
mod server;

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
        Command::Serve { port, delay } => server::serve(port, delay),
        Command::Cost(load) => engine::cost(load),
        Command::Pace { load, rate } => engine::pace(load, rate),
        Command::Stop { load, rate, hard } => engine::stop(load, rate, hard),
        Command::Client(load) => plain::client_loop(load),
        Command::Hyper(load) => plain::hyper_loop(load),
        Command::Goose { load, rate } => goose::goose_users(load, rate),
        Command::Reqwest(load) => plain::reqwest_loop(load),
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
