//! Limits: what the bank takes at most, of one payment and in one day.

use super::super::bank::{Bank, Code, Outcome, State, Subject};
use super::super::shards::Shards;
use super::super::wire::Ask;
use crate::profile::{DAY_US, DayLimit, Limits};

/// What was paid in one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    amount: i64,
    count: u32,
}

impl Sum {
    /// The code if `amount` more is too much.
    fn beyond(self, limit: DayLimit, amount: i64) -> Option<Code> {
        let is_above = |max| self.amount.saturating_add(amount) > max;
        if limit.amount_max.is_some_and(is_above) {
            return Some(Code::ABOVE_LIMIT);
        }
        limit.count_max.is_some_and(|max| self.count >= max).then_some(Code::TOO_OFTEN)
    }

    fn add(&mut self, amount: i64) {
        self.amount = self.amount.saturating_add(amount);
        self.count = self.count.saturating_add(1);
    }

    fn take_back(&mut self, amount: i64) {
        self.amount = self.amount.saturating_sub(amount);
        self.count = self.count.saturating_sub(1);
    }
}

/// What was paid in the bank's day, by everybody and by each payer. Yesterday is forgotten, so memory is bounded by
/// the payments of a day.
pub(in crate::mock) struct Day {
    /// Days since 1970 by the bank's clock and cut.
    number: i64,
    all: Sum,
    payers: Shards<Sum>,
}

impl Default for Day {
    /// A day before all others.
    fn default() -> Self {
        Self { number: i64::MIN, all: Sum::default(), payers: Shards::default() }
    }
}

impl Day {
    fn is_limited(limits: &Limits) -> bool {
        limits.merchant_day.is_some() || limits.payer_day.is_some()
    }

    /// The day of a moment.
    fn of(limits: &Limits, now_us: i64) -> i64 {
        (limits.utc_offset.local_us(now_us) - limits.day_cut.as_us()).div_euclid(DAY_US)
    }

    fn turn(&mut self, number: i64) {
        if self.number < number {
            *self = Self { number, ..Self::default() };
        }
    }

    /// Counts a payment that is taken in.
    pub(in crate::mock) fn add(&mut self, limits: &Limits, payer: Option<&str>, amount: i64, now_us: i64) {
        if !Self::is_limited(limits) {
            return;
        }
        self.turn(Self::of(limits, now_us));
        self.all.add(amount);
        if let Some(payer) = payer.filter(|_| limits.payer_day.is_some()) {
            self.payers.get_or_insert_with(payer, Sum::default).add(amount);
        }
    }

    /// Takes a payment back that was taken in at `taken_us` and came to nothing.
    pub(in crate::mock) fn take_back(&mut self, limits: &Limits, payer: Option<&str>, amount: i64, taken_us: i64) {
        if !Self::is_limited(limits) || Self::of(limits, taken_us) != self.number {
            return;
        }
        self.all.take_back(amount);
        if let Some(sum) = payer.and_then(|payer| self.payers.get_mut(payer)) {
            sum.take_back(amount);
        }
    }
}

impl Bank {
    /// The code by which a payment is refused by rule, whatever chance says.
    pub(super) fn limit_reached(&self, ask: &Ask, now_us: i64) -> Option<Code> {
        let limits = &self.profile.limits;
        if limits.amount_max.is_some_and(|max| ask.amount > max) {
            return Some(Code::ABOVE_LIMIT);
        }
        let is_today = self.day.number == Day::of(limits, now_us);
        let so_far = |sum: Sum| if is_today { sum } else { Sum::default() };
        let of_payer = ask.payer.as_deref().zip(limits.payer_day).and_then(|(payer, limit)| {
            so_far(self.day.payers.get(payer).copied().unwrap_or_default()).beyond(limit, ask.amount)
        });
        of_payer.or_else(|| so_far(self.day.all).beyond(limits.merchant_day?, ask.amount))
    }

    /// Takes a payment that came to nothing out of its day.
    pub(in crate::mock) fn uncount(&mut self, subject: &Subject) {
        let Subject::Payment(number) = subject else { return };
        let Some(order) = self.payments.get(number.as_str()) else { return };
        if let State::Processing(Outcome::Success) | State::Final(Outcome::Success) = order.state {
            self.day.take_back(&self.profile.limits, order.payer.as_deref(), order.amount, order.taken_us);
        }
    }

    /// Whether as many orders are remembered as may be.
    pub(in crate::mock) fn is_full(&self) -> bool {
        (self.payments.len() + self.refunds.len()) as u64 >= self.profile.limits.orders_max
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::bank::sample::{bank, play, wallet};

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn amounts_above_the_limit_are_declined_and_orders_above_the_limit_refused() {
        play(
            &mut bank(&json!({ "limits": { "amount_max": 500, "orders_max": 2 } })),
            "0 pay 1 501 => 61 FAIL; pay FAIL 501
             1 pay 2 500 => 00 SUCCESS; pay SUCCESS 500
             2 pay 3 500 => 503 91 REFUSED
             3 close 4 => 503 91 REFUSED
             4 pay 2 500 => 00 SUCCESS
             5 query 3 => 25 NOT_FOUND",
        );
    }

    #[test]
    fn a_payer_has_a_limit_of_sum_and_of_count_for_each_day() {
        play(
            &mut bank(&json!({ "limits": { "payer_day": { "amount_max": 1000, "count_max": 3 } } })),
            "0 pay 1 600 ann => 00 SUCCESS; pay SUCCESS 600
             1 pay 2 401 ann => 61 FAIL; pay FAIL 401
             2 pay 3 200 ann => 00 SUCCESS; pay SUCCESS 200
             3 pay 4 200 ann => 00 SUCCESS; pay SUCCESS 200
             4 pay 5 1 ann => 61 FAIL; pay FAIL 1
             5 pay 6 300 bob => 00 SUCCESS; pay SUCCESS 300
             6 pay 7 300 bob => 00 SUCCESS; pay SUCCESS 300
             7 pay 8 300 bob => 00 SUCCESS; pay SUCCESS 300
             8 pay 9 1 bob => 65 FAIL; pay FAIL 1
             9 pay 10 5000 => 00 SUCCESS; pay SUCCESS 5000",
        );
    }

    /// The day of this bank begins at 23:00 of +08:00, which is 15:00 UTC.
    #[test]
    fn the_day_begins_at_the_cut_of_the_banks_clock() {
        let limits = json!({
            "merchant_day": { "amount_max": 500 }, "day_cut": "23:00", "utc_offset": "+08:00"
        });
        let at = |hour: i64| hour * HOUR_MS;
        play(
            &mut bank(&json!({ "limits": limits })),
            &format!(
                "{} pay 1 500 => 00 SUCCESS; pay SUCCESS 500
                 {} pay 2 1 => 61 FAIL; pay FAIL 1
                 {} pay 3 500 => 00 SUCCESS; pay SUCCESS 500
                 {} pay 4 1 => 61 FAIL; pay FAIL 1
                 {} pay 5 1 => 00 SUCCESS; pay SUCCESS 1",
                at(1),
                at(15) - 1,
                at(15),
                at(30),
                at(39)
            ),
        );
    }

    #[test]
    fn what_came_to_nothing_does_not_count() {
        let mut profile = wallet();
        profile["limits"] = json!({ "merchant_day": { "count_max": 1 } });
        play(
            &mut bank(&profile),
            "0 pay 1 500 => 01 PROCESSING
             1 pay 2 500 => 01 PROCESSING
             50 close 1 => 06 CLOSED; close CLOSED 0
             101 => pay FAIL 500
             110 pay 3 500 => 01 PROCESSING
             210 => pay SUCCESS 500",
        );
    }
}
