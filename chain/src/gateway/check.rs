//! What a request must look like, before anybody else in the chain sees it.

use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

const NAME_LEN_MAX: usize = 64;
/// A hundred thousand million minor units: far above any payment, far below where sums overflow.
const AMOUNT_MAX: i64 = 100_000_000_000;

pub(super) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Invalid(error.to_string()))
}

/// Numbers and ids: letters, digits and `_ . : -`, at most 64 of them.
pub(super) fn check_name(field: &str, text: &str) -> Result<(), Refusal> {
    if is_name(text) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!(
        "`{field}` must be 1 to {NAME_LEN_MAX} letters, digits or `_ . : -`, got {} bytes",
        text.len()
    )))
}

pub(super) fn is_name(text: &str) -> bool {
    (1..=NAME_LEN_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
}

pub(super) fn check_amount(amount: i64) -> Result<(), Refusal> {
    if (1..=AMOUNT_MAX).contains(&amount) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("`amount` must be 1 to {AMOUNT_MAX} minor units, got {amount}")))
}

pub(super) fn check_opening(balance: i64) -> Result<(), Refusal> {
    if (0..=AMOUNT_MAX * 10_000).contains(&balance) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("`balance` must be 0 to {} minor units, got {balance}", AMOUNT_MAX * 10_000)))
}

pub(super) fn check_currency(currency: &str) -> Result<(), Refusal> {
    if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(Refusal::Invalid("`currency` must be three capital letters".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["o", "r1-o.7_x:2", &"a".repeat(64)] {
            assert!(check_name("n", good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a/b", "a?b", "é", "a#b", &"a".repeat(65)] {
            assert!(check_name("n", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_above_zero_and_bounded() {
        assert!(check_amount(1).is_ok() && check_amount(AMOUNT_MAX).is_ok());
        assert!(check_amount(0).is_err() && check_amount(-1).is_err() && check_amount(i64::MAX).is_err());
        assert!(check_opening(0).is_ok() && check_opening(-1).is_err());
        assert!(check_currency("CNY").is_ok() && check_currency("cny").is_err() && check_currency("CN").is_err());
    }
}
