//! `plimsoll run`: load, check, plan, provision, run, collect, judge, report.

mod ask;
pub(super) mod collect;
pub(super) mod drive;
pub(super) mod setup;
mod show;
pub(super) mod target;

use anyhow::Context;

use super::args::RunArgs;
use super::metrics::Metrics;
use super::{Failure, chain, exit, judge, warn};
use crate::engine::MerchantEndpoint;
use crate::store::RunDir;
pub(crate) use ask::{Ask, Place, RELEASE, TargetAsk, rate, span};
pub(crate) use setup::{Site, wall_clock};

/// Runs a scenario and gives the exit code of its verdict.
pub(crate) async fn run(args: RunArgs) -> Result<u8, Failure> {
    if args.defect.iter().any(|name| name == "list") {
        chain::list_defects();
        return Ok(exit::PASS);
    }
    let mut ask = Ask::of_run(&args)?;
    ask.metrics = Metrics::asked(args.metrics.as_deref()).await?;
    let (dir, judged) = carry_out(&ask).await?;
    judge::finish(&dir, &judged, args.json).map_err(Failure::World)
}

/// Carries one load out, from files to a judgement; tells nobody the verdict and writes no report.
pub(crate) async fn carry_out(ask: &Ask) -> Result<(RunDir, judge::Judged), Failure> {
    let mut prepared = setup::prepare(ask)?;
    let endpoint = MerchantEndpoint::bind().context("cannot take notifications").map_err(Failure::World)?;
    let mut target = target::start(&prepared, ask).await?;
    let secrets = target.provision(&prepared, &endpoint.url()).await?;
    let driven =
        drive::drive(&mut prepared, &mut target, endpoint, secrets, (ask.progress, ask.metrics.as_ref())).await?;
    if let Some(why) = &driven.why {
        warn(&format!("the load ended early: {why}"));
    }
    collect::collect(&mut prepared, target, driven).await.map_err(Failure::World)?;
    let judged = judge::judge_dir(&prepared.dir).context("cannot judge the run").map_err(Failure::World)?;
    Ok((prepared.dir, judged))
}
