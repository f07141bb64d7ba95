//! Exit codes: here and nowhere else.

use std::process::ExitCode;

/// The run, or whatever was judged, passed; a command did its work.
pub const PASS: u8 = 0;
/// Something asked for was shown not to hold.
pub const FAIL: u8 = 1;
/// The user's mistake: a bad file or flag. Nothing was started.
pub const USER: u8 = 2;
/// The world was in the way: a port in use, a target out of reach, a full disk.
pub const WORLD: u8 = 3;
/// Inconclusive: holds a release, never promotes it.
pub const INCONCLUSIVE: u8 = 4;
// 101 is our own mistake: what Rust gives a panic.

/// Every exit code with what it means, for `--help` and the README.
pub const TABLE: [(u8, &str); 6] = [
    (PASS, "pass, or the command did its work"),
    (FAIL, "fail: something asked for was shown not to hold"),
    (USER, "a mistake in a file or flag; nothing was started"),
    (WORLD, "the world was in the way: port in use, target out of reach, disk full"),
    (INCONCLUSIVE, "inconclusive: the evidence does not suffice; holds a release"),
    (101, "a fault in plimsoll itself"),
];

/// The exit code of a verdict.
pub const fn of_verdict(verdict: crate::verdict::Verdict) -> u8 {
    match verdict {
        crate::verdict::Verdict::Pass => PASS,
        crate::verdict::Verdict::Fail => FAIL,
        crate::verdict::Verdict::Inconclusive => INCONCLUSIVE,
    }
}

/// `code` as the process's exit.
pub fn code(code: u8) -> ExitCode {
    ExitCode::from(code)
}
