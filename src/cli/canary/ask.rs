//! What a comparison is asked to be: the flags of `canary`, read and checked.

use super::args::CanaryArgs;
use super::timetable::Arm;
use crate::cli::run::{Ask, Place, RELEASE, TargetAsk, rate, span};
use crate::cli::{Failure, chain};
use crate::plan::Overrides;
use crate::time::Span;

/// A comparison that was asked for; its settings apart.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) control: Ask,
    pub(super) canary: Ask,
    pub(super) n_pairs: u32,
    pub(super) budget: Option<Span>,
    pub(super) stops_early: bool,
}

impl Comparison {
    /// What `plimsoll canary` was asked to do.
    pub(super) fn of(args: &CanaryArgs) -> Result<Self, Failure> {
        let overrides = Overrides {
            rate: args.rate.as_deref().map(|text| rate("--rate", text)).transpose()?,
            duration: args.duration.as_deref().map(|text| span("--duration", text)).transpose()?,
            ..Overrides::default()
        };
        let ask = |arm: Arm, release: &str, defects: &[String]| -> Result<Ask, Failure> {
            let (target, release) = target(arm, release)?;
            if target != TargetAsk::Embedded && !defects.is_empty() {
                let word = arm.word();
                return Err(Failure::user(format!(
                    "--{word}-defect: only the embedded chain can carry a planted defect, and --{word} is an address"
                )));
            }
            chain::check_defects(&format!("--{}-defect", arm.word()), defects)?;
            Ok(Ask {
                scenario: args.scenario.clone(),
                target,
                overrides,
                seed: args.seed,
                place: Place::Below(args.out.clone()),
                release,
                defects: defects.to_vec(),
                progress: args.progress,
                metrics: None,
                keeps_awake: !args.let_cores_sleep,
            })
        };
        Ok(Self {
            control: ask(Arm::Control, &args.control, &args.control_defect)?,
            canary: ask(Arm::Canary, &args.canary, &args.canary_defect)?,
            n_pairs: args.blocks,
            budget: args.budget.as_deref().map(|text| span("--budget", text)).transpose()?,
            stops_early: !args.no_early_stop,
        })
    }

    /// What one of the releases is asked to be.
    pub(super) const fn arm(&self, arm: Arm) -> &Ask {
        match arm {
            Arm::Control => &self.control,
            Arm::Canary => &self.canary,
        }
    }

    /// The stable release against itself, over half the schedule: whether the bench itself sees a difference where
    /// there is none.
    pub(super) fn with_itself(&self, duration: Span, min_blocks: usize) -> Self {
        let control = Ask {
            overrides: Overrides {
                duration: Some(Span::from_nanos(duration.as_nanos() / 2)),
                ..self.control.overrides
            },
            ..self.control.clone()
        };
        let n_pairs = (self.n_pairs / 2).max(u32::try_from(min_blocks).unwrap_or(u32::MAX));
        Self { canary: control.clone(), control, n_pairs, ..self.clone() }
    }
}

/// An address or a release of the embedded chain.
fn target(arm: Arm, text: &str) -> Result<(TargetAsk, String), Failure> {
    if text.contains("://") {
        return Ok((TargetAsk::Url(text.to_owned()), RELEASE.to_owned()));
    }
    chain::check_release(&format!("--{}", arm.word()), text)?;
    Ok((TargetAsk::Embedded, text.to_owned()))
}
