//! `plimsoll baseline accept`.

use std::path::PathBuf;

use anyhow::Context;

use super::{AcceptArgs, load};
use crate::cli::{Failure, exit, say, warn};
use crate::report::capacity::interval;
use crate::store::write_whole;
use crate::verdict::Verdict;

/// Where accepted baselines are kept unless the user says otherwise.
const HOME: &str = "reports/baselines";

pub(super) fn accept(args: &AcceptArgs) -> Result<u8, Failure> {
    let baseline = load(&args.from)?;
    let line = &baseline.load_line;
    if line.verdict != Verdict::Pass.word() {
        let help = if line.holds > 0.0 {
            "let the search run longer with `--budget`, or ask for less with `--width`"
        } else {
            "nothing held; look at the report of the search first"
        };
        return Err(Failure::User {
            message: format!(
                "`{}` is not accepted: its load line is {}, and its search was judged {}",
                args.from.display(),
                interval(line.holds, line.fails),
                line.verdict
            ),
            help: Some(help.to_owned()),
        });
    }
    let to = args.to.clone().unwrap_or_else(|| PathBuf::from(HOME).join(format!("{}.json", baseline.scenario)));
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))
            .map_err(Failure::World)?;
    }
    if let Ok(before) = load(&to) {
        let line = &before.load_line;
        warn(&format!("takes the place of {}, made {}", interval(line.holds, line.fails), before.made_at));
    }
    write_whole(&to, baseline.to_text().as_bytes()).context("cannot keep the baseline").map_err(Failure::World)?;
    say(&format!("accepted {} as {}", interval(line.holds, line.fails), to.display()));
    Ok(exit::PASS)
}
