//! `plimsoll canary`: two releases under the same stream, in turn; judged from the record alone.

pub mod args;

mod ask;
mod drive;
mod judge;
mod look;
mod record;
mod round;
mod settings;
mod show;
mod timetable;

use anyhow::Context;

use super::metrics::Metrics;
use super::run::setup::{new_run, refuse_closed};
use super::{Failure, chain, exit, input, warn};
use crate::store::RunDir;
use args::CanaryArgs;
use ask::Comparison;
pub(crate) use judge::{again, print};
pub(crate) use record::FILE;
use round::Round;

/// Compares two releases and gives the exit code of the verdict.
pub(crate) async fn run(args: CanaryArgs) -> Result<u8, Failure> {
    if args.control_defect.iter().chain(&args.canary_defect).any(|name| name == "list") {
        chain::list_defects();
        return Ok(exit::PASS);
    }
    let mut comparison = Comparison::of(&args)?;
    let settings = settings::of(&args)?;
    let loaded = input::load_scenario(&args.scenario).map_err(Failure::Input)?;
    refuse_closed(&loaded.scenario, "canary")?;
    comparison.control.metrics = Metrics::asked(args.metrics.as_deref()).await?;
    let run = new_run(0);
    let dir = RunDir::create(&args.out, &run).context("cannot make the directory").map_err(Failure::World)?;
    let mut round = Round::prepare(&comparison, settings, &dir)?;
    if args.calibrate && !round.is_bench_fit(&comparison, args.progress).await? {
        warn("the stable release was found to differ from itself: this bench is not fit, and nothing more is run");
        return judge::finish(&dir, args.json).map_err(Failure::World);
    }
    Box::pin(round.carry_out(&comparison, args.progress)).await?;
    judge::finish(&dir, args.json).map_err(Failure::World)
}
