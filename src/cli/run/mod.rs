//! `plimsoll run`: load, check, plan, provision, run, collect, judge, report.

mod collect;
mod drive;
mod setup;
mod target;

use anyhow::Context;

use super::args::RunArgs;
use super::{Failure, chain, exit, judge, warn};
use crate::engine::MerchantEndpoint;
use setup::Prepared;

/// Runs a scenario and gives the exit code of its verdict.
pub(crate) async fn run(args: RunArgs) -> Result<u8, Failure> {
    if args.defect.as_deref() == Some("list") {
        chain::list_defects();
        return Ok(exit::PASS);
    }
    let prepared = setup::prepare(&args)?;
    carry_out(prepared, &args).await
}

async fn carry_out(mut prepared: Prepared, args: &RunArgs) -> Result<u8, Failure> {
    let endpoint = MerchantEndpoint::bind().context("cannot take notifications").map_err(Failure::World)?;
    let mut target = target::start(&prepared, args).await?;
    let secrets = target.provision(&prepared, &endpoint.url()).await?;
    let driven = drive::drive(&mut prepared, &mut target, endpoint, secrets, args.progress).await?;
    if let Some(why) = &driven.why {
        warn(&format!("the load ended early: {why}"));
    }
    collect::collect(&mut prepared, target, driven).await.map_err(Failure::World)?;
    let judged = judge::judge_dir(&prepared.dir).context("cannot judge the run").map_err(Failure::World)?;
    judge::finish(&prepared.dir, &judged, args.json).map_err(Failure::World)
}
