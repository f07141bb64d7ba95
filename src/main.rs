//! The `plimsoll` program.

use std::process::ExitCode;

use clap::Parser;
use plimsoll::cli::{args::Arguments, execute};

fn main() -> ExitCode {
    execute(Arguments::parse())
}
