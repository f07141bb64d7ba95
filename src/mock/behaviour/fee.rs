//! Fees: what the bank keeps of a captured payment, and gives back with a refund.

use crate::profile::{Fee, FeeReturned, Rounding};

/// Basis points of the whole.
const WHOLE: i128 = 10_000;

/// The fee on a payment of `amount` minor units; never more than the amount.
pub(in crate::mock) fn fee_on(fee: &Fee, amount: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(fee.basis_points) + i128::from(fee.fixed) * WHOLE;
    let multiple = i128::from(fee.multiple);
    let rounded = divide(exact, WHOLE * multiple, fee.rounding) * multiple;
    let most = fee.max.map_or(i128::MAX, i128::from).min(i128::from(amount));
    i64::try_from(rounded.max(i128::from(fee.min)).min(most)).unwrap_or(i64::MAX)
}

/// What a refund gives back of the `fee` on a payment of `captured`, of which `before` was refunded already and
/// `after` is with it; minor units.
///
/// The parts of several refunds add up to the fee when all is refunded, whatever they are.
pub(in crate::mock) fn fee_returned(rule: FeeReturned, fee: i64, captured: i64, before: i64, after: i64) -> i64 {
    let upto = |refunded: i64| match rule {
        FeeReturned::WithAll if refunded >= captured => fee,
        FeeReturned::Never | FeeReturned::WithAll => 0,
        FeeReturned::InProportion => {
            let part = i128::from(fee) * i128::from(refunded) / i128::from(captured.max(1));
            i64::try_from(part).unwrap_or(fee)
        }
    };
    upto(after) - upto(before)
}

/// `value / by` as a whole number; `by` is above zero and `value` not below.
fn divide(value: i128, by: i128, rounding: Rounding) -> i128 {
    let (whole, rest) = (value.div_euclid(by), value.rem_euclid(by));
    let is_up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        Rounding::HalfUp => 2 * rest >= by,
        Rounding::HalfEven => 2 * rest > by || (2 * rest == by && whole % 2 == 1),
    };
    whole + i128::from(is_up)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fee(text: &Value) -> Fee {
        serde_json::from_value(text.clone()).expect("reads")
    }

    /// By hand: 0.6 % of 83.33 is 0.49998, of 2.50 it is 0.015, of 7.50 it is 0.045.
    #[test]
    fn fees_are_rounded_by_name() {
        let rounded = |amount| {
            ["half_up", "half_even", "down", "up"]
                .map(|by| fee_on(&fee(&json!({ "basis_points": 60, "rounding": by })), amount))
        };
        let table = [
            (0, [0, 0, 0, 0]),
            (8_333, [50, 50, 49, 50]),
            (250, [2, 2, 1, 2]),
            (750, [5, 4, 4, 5]),
            (249, [1, 1, 1, 2]),
            (83, [0, 0, 0, 1]),
            (84, [1, 1, 0, 1]),
            (10_000, [60, 60, 60, 60]),
        ];
        for (amount, expected) in table {
            assert_eq!(rounded(amount), expected, "{amount}");
        }
    }

    /// By hand, on 100.00.
    #[test]
    fn fees_may_be_fixed_mixed_bounded_and_whole_multiples() {
        let table = [
            (json!({ "fixed": 30 }), 30),
            (json!({ "basis_points": 290, "fixed": 30 }), 320),
            (json!({ "basis_points": 10, "min": 25 }), 25),
            (json!({ "basis_points": 290, "max": 200 }), 200),
            (json!({ "basis_points": 60, "multiple": 100 }), 100),
            (json!({ "basis_points": 60, "multiple": 100, "rounding": "down" }), 0),
            (json!({ "fixed": 20_000 }), 10_000),
        ];
        for (rule, expected) in table {
            assert_eq!(fee_on(&fee(&rule), 10_000), expected, "{rule}");
        }
    }

    /// By hand: a fee of 10 on 3.00, refunded as 1.00 three times: 3, 3, 4.
    #[test]
    fn what_refunds_give_back_adds_up_to_the_fee() {
        let thirds =
            |rule| [(0, 100), (100, 200), (200, 300)].map(|(before, after)| fee_returned(rule, 10, 300, before, after));
        assert_eq!(thirds(FeeReturned::InProportion), [3, 3, 4]);
        assert_eq!(thirds(FeeReturned::WithAll), [0, 0, 10]);
        assert_eq!(thirds(FeeReturned::Never), [0, 0, 0]);
    }
}
