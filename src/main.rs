//! The `plimsoll` program.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use plimsoll::cli::{args::Arguments, execute};

/// Load generator and banks allocate a dozen times for every request, which this does faster than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    execute(Arguments::parse())
}
