//! One round of a comparison: two runs prepared, started, put under load in turn, and collected.

use std::sync::Arc;

use anyhow::Context;

use super::ask::Comparison;
use super::drive::{BothDriven, LoadEnded, Ready, drive};
use super::judge;
use super::look::Looks;
use super::record::{self, CanaryRecord, RecordedEnd, arm_dir, calibration_dir};
use super::timetable::{Arm, Timetable};
use crate::canary::CanarySettings;
use crate::cli::run::collect::collect;
use crate::cli::run::setup::{Prepared, new_run, prepare_as};
use crate::cli::run::{Ask, Place, target};
use crate::cli::{Failure, args, warn};
use crate::engine::MerchantEndpoint;
use crate::store::RunDir;
use crate::time::Span;

/// Free time after each slot, in which most journeys in flight end before the other release gets load. Those that
/// wait longer, for a callback, go on: they cost their release next to nothing.
const GAP: Span = Span::from_millis(300);

/// A round that is ready to start.
pub(super) struct Round {
    dir: RunDir,
    arms: [Prepared; 2],
    timetable: Arc<Timetable>,
    record: CanaryRecord,
}

impl Round {
    /// Reads every file, fixes the plan and the timetable, and makes the directories of both runs.
    pub(super) fn prepare(comparison: &Comparison, settings: CanarySettings, dir: &RunDir) -> Result<Self, Failure> {
        let mut control = prepare_arm(comparison, Arm::Control, dir)?;
        let mut canary = prepare_arm(comparison, Arm::Canary, dir)?;
        let plan = &control.plan;
        let due = plan.journeys(&control.run).map(|journey| journey.due);
        let timetable = Timetable::new(due, plan.n_journeys(), plan.duration(), comparison.n_pairs, GAP, control.seed)
            .map_err(|e| Failure::user(format!("--blocks: {e}")))?;
        for arm in [&mut control, &mut canary] {
            arm.facts.schedule_s = timetable.length().as_secs_f64();
            arm.store_facts().context("cannot write into the run directory").map_err(Failure::World)?;
        }
        warn(&format!(
            "comparison {}: {} against {}, {} pairs of blocks in {:.0} s",
            dir.run(),
            control.facts.target,
            canary.facts.target,
            timetable.n_blocks(),
            timetable.length().as_secs_f64(),
        ));
        if let Some(budget) = comparison.budget
            && budget < timetable.length()
        {
            warn(&format!("warning: all of it would take {}, and {budget} is allowed", timetable.length()));
        }
        let record = CanaryRecord {
            format: 1,
            run: dir.run().to_string(),
            seed: control.facts.seed,
            control: control.facts.target.clone(),
            canary: canary.facts.target.clone(),
            plan_sha256: control.facts.plan_sha256.clone(),
            settings,
            timetable: timetable.clone(),
            calibration: None,
            end: None,
        };
        let round = Self { dir: dir.clone(), arms: [control, canary], timetable: Arc::new(timetable), record };
        round.store().map_err(Failure::World)?;
        Ok(round)
    }

    /// Compares the stable release with itself first. False if that finds a difference.
    pub(super) async fn is_bench_fit(
        &mut self,
        comparison: &Comparison,
        shown: args::Progress,
    ) -> Result<bool, Failure> {
        let itself = comparison.with_itself(self.arms[0].plan.duration(), self.record.settings.min_blocks);
        let dir = RunDir::create_at(&calibration_dir(self.dir.path()), &new_run(3));
        let dir = dir.context("cannot make the directory of the calibration").map_err(Failure::World)?;
        let round = Self::prepare(&itself, self.record.settings.clone(), &dir)?;
        Box::pin(round.carry_out(&itself, shown)).await?;
        let judged = judge::judge_dir(dir.path()).context("cannot judge the calibration").map_err(Failure::World)?;
        judge::write_all(&dir, &judged).map_err(Failure::World)?;
        let state = judged.state();
        let is_fit = state != "fail";
        self.record.calibration = Some(state);
        if !is_fit {
            self.record.end = Some(RecordedEnd { how: "failed".to_owned(), why: None, pairs: 0 });
        }
        self.store().map_err(Failure::World)?;
        Ok(is_fit)
    }

    /// Puts both releases under load in turn, and collects what a judgement needs.
    pub(super) async fn carry_out(mut self, comparison: &Comparison, shown: args::Progress) -> Result<(), Failure> {
        let metrics = comparison.control.metrics.as_ref();
        let looks = Looks::new(&self.record.settings, &self.timetable, comparison.stops_early);
        let [control, canary] = self.arms;
        let control = make_ready(control, &comparison.control).await?;
        let canary = make_ready(canary, &comparison.canary).await?;
        let BothDriven { arms, end } =
            Box::pin(drive([control, canary], &self.timetable, looks, comparison.budget, (shown, metrics))).await?;
        tell(&end);
        let [control, canary] =
            arms.map(|(mut prepared, target, driven)| async move { collect(&mut prepared, target, driven).await });
        let (of_control, of_canary) = tokio::join!(control, canary);
        of_control.and(of_canary).map_err(Failure::World)?;
        self.record.end = Some(RecordedEnd {
            how: end.how.to_owned(),
            why: end.why,
            pairs: end.pairs.try_into().unwrap_or(u64::MAX),
        });
        store(&self.dir, &self.record).map_err(Failure::World)
    }

    fn store(&self) -> anyhow::Result<()> {
        store(&self.dir, &self.record)
    }
}

fn store(dir: &RunDir, record: &CanaryRecord) -> anyhow::Result<()> {
    let path = dir.path().join(record::FILE);
    dir.write(&path, record.text()?.as_bytes()).context("cannot write canary.json")
}

/// The run of one release, with a name of its own: order numbers of two runs must differ even if both releases
/// keep their books in one place.
fn prepare_arm(comparison: &Comparison, arm: Arm, dir: &RunDir) -> Result<Prepared, Failure> {
    let nth = if arm == Arm::Control { 1 } else { 2 };
    let ask = Ask { place: Place::At(arm_dir(dir.path(), arm)), ..comparison.arm(arm).clone() };
    let mut prepared = prepare_as(&ask, new_run(nth))?;
    prepared.token_variable = Some(match arm {
        Arm::Control => "PLIMSOLL_CONTROL_TOKEN",
        Arm::Canary => "PLIMSOLL_CANARY_TOKEN",
    });
    Ok(prepared)
}

async fn make_ready(prepared: Prepared, ask: &Ask) -> Result<Ready, Failure> {
    let endpoint = MerchantEndpoint::bind().context("cannot take notifications").map_err(Failure::World)?;
    let target = target::start(&prepared, ask).await?;
    let secrets = target.provision(&prepared, &endpoint.url()).await?;
    Ok(Ready { prepared, target, endpoint, secrets })
}

fn tell(end: &LoadEnded) {
    if let Some(why) = &end.why {
        warn(&format!("the load ended before the last block: {why}"));
    }
}
