//! Looks at a comparison while it goes on: after every pair of blocks the judge is asked whether it may end.

use std::sync::Arc;

use super::timetable::{Arm, Timetable};
use crate::canary::{self, ArmReader, CanaryEvidence, CanarySettings, CanaryState, Early, judge_canary};
use crate::history::Event;
use crate::time::{RunOffset, Span};

/// How long the last journeys of a block may take to end before it is looked at all the same.
const GRACE: Span = Span::from_secs(12);

/// What a look came to.
pub(super) enum Decision {
    /// More is needed.
    GoOn,
    /// The verdict stands; why.
    Stop(String),
}

/// The evidence so far, and how many pairs of blocks were looked at.
pub(super) struct Looks {
    settings: CanarySettings,
    timetable: Arc<Timetable>,
    /// In the order of [`Arm::BOTH`].
    readers: [ArmReader; 2],
    n_looked: usize,
    stops_early: bool,
}

impl Looks {
    pub(super) fn new(settings: &CanarySettings, timetable: &Arc<Timetable>, stops_early: bool) -> Self {
        Self {
            settings: settings.clone(),
            timetable: timetable.clone(),
            readers: Arm::BOTH.map(|_| ArmReader::new(&timetable.blocks)),
            n_looked: 0,
            stops_early,
        }
    }

    pub(super) fn take(&mut self, arm: Arm, events: &[Event]) {
        let reader = &mut self.readers[usize::from(arm == Arm::Canary)];
        for event in events {
            reader.take(event);
        }
    }

    /// How many pairs of blocks were looked at.
    pub(super) const fn n_looked(&self) -> usize {
        self.n_looked
    }

    /// Judges the next pair of blocks if it is over at `now`; `None` if it is not, or there is none.
    pub(super) fn next(&mut self, now: RunOffset) -> Option<Decision> {
        let k = self.n_looked;
        if k >= self.timetable.n_blocks() || !self.is_over(k, now) {
            return None;
        }
        self.n_looked += 1;
        if !self.stops_early {
            return Some(Decision::GoOn);
        }
        let [control, canary] = self.readers.each_ref().map(|orders| canary::Arm { orders, judged: None });
        let evidence =
            CanaryEvidence { blocks: &self.timetable.blocks, blocks_run: self.n_looked, control, canary, voids: &[] };
        let judgement = judge_canary(&self.settings, &evidence);
        Some(match judgement.early() {
            Early::GoOn => Decision::GoOn,
            Early::Stop(CanaryState::Fail) => Decision::Stop(
                judgement
                    .reasons
                    .first()
                    .map_or_else(|| "the canary is worse".to_owned(), |reason| reason.text.clone()),
            ),
            Early::Stop(_) => {
                Decision::Stop("every metric is within its margin; the money is judged at rest".to_owned())
            }
        })
    }

    /// Whether all journeys of block `k` have ended for both releases, or had their time.
    fn is_over(&self, k: usize, now: RunOffset) -> bool {
        let end = self.timetable.end_of(k);
        let ended = |reader: &ArmReader| {
            let counts = reader.counts(&self.timetable.blocks, k);
            counts.open == 0 && counts.unseen == 0
        };
        end + GRACE <= now || (end <= now && self.readers.iter().all(ended))
    }
}
