//! Fees: what the bank keeps of a captured payment.

use crate::profile::{Fee, Rounding};

/// The fee on a payment of `amount` minor units.
pub(in crate::mock) fn fee_on(fee: &Fee, amount: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(fee.basis_points);
    let rounded = match fee.rounding {
        Rounding::HalfUp => (exact + 5_000).div_euclid(10_000),
        Rounding::Down => exact.div_euclid(10_000),
    };
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_round_halves_up_by_name() {
        let half_up = Fee { basis_points: 60, rounding: Rounding::HalfUp };
        let down = Fee { basis_points: 60, rounding: Rounding::Down };
        // 0.6 % of 83.33 is 0.49998; of 250 units it is 1.5 units.
        let table = [(0, 0, 0), (8_333, 50, 49), (250, 2, 1), (249, 1, 1), (83, 0, 0), (84, 1, 0)];
        for (amount, up, floor) in table {
            assert_eq!((fee_on(&half_up, amount), fee_on(&down, amount)), (up, floor), "{amount}");
        }
    }
}
