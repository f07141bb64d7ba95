//! Steps about steps: rounds, conditions, ways.

use super::journey::{StepEnd, Walk};
use super::program::{Choose, If, Repeat};
use super::values::Values;
use super::when::When;
use crate::history::Outcome;

impl Walk {
    /// Rounds until one ends as wanted, or they are used up; either way the journey goes on.
    pub(super) async fn repeat(&mut self, repeat: &Repeat) -> StepEnd {
        let mut worst = Outcome::Ok;
        for _ in 0..repeat.times {
            let end = self.steps(&repeat.steps).await;
            worst = worst.max(end.outcome);
            if !end.goes_on {
                return StepEnd { outcome: worst, goes_on: false };
            }
            if repeat.until.as_ref().is_some_and(|until| self.is_so(until)) {
                break;
            }
        }
        StepEnd { outcome: worst, goes_on: true }
    }

    pub(super) async fn look(&mut self, question: &If) -> StepEnd {
        let way = if self.is_so(&question.when) { &question.then } else { &question.otherwise };
        self.steps(way).await
    }

    pub(super) async fn choose(&mut self, choice: &Choose) -> StepEnd {
        let turn = self.turns.next(choice.counted);
        self.turns.note(choice.counted, turn);
        let draw = choice.chance.draws(self.me.journey.number, turn).unit();
        self.steps(&choice.ways[choice.mix.pick(draw)]).await
    }

    fn is_so(&self, when: &When) -> bool {
        when.holds(self.last, Values { journey: &self.me.journey, captured: &self.captured })
    }
}
