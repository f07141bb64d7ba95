//! One arm's orders: what counts once, and since when.

use super::fake::exchange;
use crate::canary::{ArmReader, Blocks};
use crate::history::{Event, Outcome};
use crate::seed::Seed;

const MS: f64 = 1e3;

fn attempt(nth: u32, outcome: Outcome, due_ns: u64, took_ms: f64) -> Event {
    let Event::Exchange(mut x) = exchange(0, due_ns, outcome, took_ms * MS) else { unreachable!() };
    x.attempt = nth;
    Event::Exchange(x)
}

#[test]
fn an_order_that_asks_again_has_waited_since_it_was_due() {
    let mut arm = ArmReader::new(&Blocks::cut(1, 1, Seed(1)));
    arm.take(&attempt(1, Outcome::Unknown, 0, 800.0));
    assert_eq!(arm.order(0).response_us(), None);
    arm.take(&attempt(2, Outcome::Ok, 1_000_000_000, 200.0));
    assert_eq!(arm.order(0).response_us(), Some(1_200.0 * MS));
    // A probe of the same order afterwards tells nothing new.
    arm.take(&attempt(3, Outcome::Ok, 2_000_000_000, 700.0));
    assert_eq!(arm.order(0).response_us(), Some(1_200.0 * MS));
}
