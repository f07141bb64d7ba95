//! The `plimsoll` program.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use plimsoll::cli::{args::Arguments, execute};

/// Load generator and banks allocate for every request; this takes two thirds of the time that the system's does.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    execute(Arguments::parse())
}
