//! For tests: comparing with a number as it is printed in a source.

/// Asserts that `got` is the number printed as `printed`, to half a unit of its last digit (and 2 % of that for
/// rounding). Spaces and commas between digits are skipped.
pub(super) fn assert_printed(what: &str, got: f64, printed: &str) {
    let text: String = printed.chars().filter(|c| !matches!(c, ' ' | ',')).collect();
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
    let unit: f64 =
        format!("1e{}", exponent.parse::<i32>().unwrap() - i32::try_from(decimals).unwrap()).parse().unwrap();
    let expected: f64 = text.parse().unwrap();
    assert!((got - expected).abs() <= 0.51 * unit, "{what}: got {got}, expected {printed}");
}

#[test]
fn only_the_last_digit_may_be_rounded() {
    assert_printed("as printed", 0.123_456_4, "0.123456e0");
    assert_printed("thousands", 48_048.4, "48,048");
    assert_printed("tiny", -4.120_51e-161, "-4.1205e-161");
    assert!(std::panic::catch_unwind(|| assert_printed("off by one", 0.123_457, "0.123456")).is_err());
}
