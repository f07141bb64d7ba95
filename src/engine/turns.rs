//! How often a journey has come to a step.

/// Where turns of a step are counted: nowhere for a step that comes once, which is every step outside `repeat`.
pub(super) type Counted = Option<u16>;

/// Turns of one journey, by step. Empty, and without memory of its own, for journeys that repeat nothing.
#[derive(Debug, Default)]
pub(super) struct Turns(Vec<(u16, u32)>);

impl Turns {
    /// Which turn the next one is, from 1.
    pub(super) fn next(&self, step: Counted) -> u32 {
        step.and_then(|step| self.0.iter().find(|(s, _)| *s == step)).map_or(1, |(_, turn)| turn + 1)
    }

    /// Notes the last turn there was.
    pub(super) fn note(&mut self, step: Counted, turn: u32) {
        let Some(step) = step else { return };
        match self.0.iter_mut().find(|(s, _)| *s == step) {
            Some((_, last)) => *last = turn,
            None => self.0.push((step, turn)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_counted_for_each_step_that_can_come_again() {
        let mut turns = Turns::default();
        turns.note(Some(3), 2);
        turns.note(None, 9);
        assert_eq!((turns.next(Some(3)), turns.next(Some(4)), turns.next(None)), (3, 1, 1));
        turns.note(Some(3), 7);
        assert_eq!(turns.next(Some(3)), 8);
    }
}
