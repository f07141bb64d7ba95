//! Axes: a range that covers the data and ticks at round values, linear or logarithmic.

use crate::report::words;

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Evenly.
    Linear,
    /// By decades; only for values above zero.
    Log,
}

/// One axis of a plot.
///
/// # Invariants
/// - `low < high`, both finite, in positions (see [`Axis::position`])
/// - every tick lies within them
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What is shown, with its unit.
    pub(super) label: String,
    /// Lower end, a position.
    pub(super) low: f64,
    /// Upper end, a position.
    pub(super) high: f64,
    /// Position and text of each tick, ascending; only a line if the text is empty.
    pub(super) ticks: Vec<(f64, String)>,
    scale: Scale,
}

/// How many steps between ticks an axis should have about.
const STEPS: f64 = 5.0;

impl Axis {
    /// From zero to a round value at or above `highest`; to 1 if there is nothing above zero.
    pub(super) fn from_zero(label: impl Into<String>, highest: f64) -> Self {
        // The bounds keep the arithmetic below from overflowing; no real value reaches them.
        let highest = if highest.is_finite() && highest > 0.0 { highest.clamp(1e-9, 1e300) } else { 1.0 };
        let step = round_step(highest / STEPS);
        // The slack keeps 0.3 / 0.1 from counting as 3.0000000000000004 steps.
        let n_steps = (highest / step - 1e-9).ceil().max(1.0);
        let digits = digits_of(step);
        let ticks = (0..=20)
            .map(f64::from)
            .take_while(|&n| n <= n_steps)
            .map(|n| (n * step, tick_text(n * step, digits)))
            .collect();
        Self { label: label.into(), low: 0.0, high: n_steps * step, ticks, scale: Scale::Linear }
    }

    /// From a round value at or below `lowest` to one at or above `highest`, where zero is of no interest.
    pub(super) fn around(label: impl Into<String>, lowest: f64, highest: f64) -> Self {
        let is_range = lowest.is_finite() && highest.is_finite() && 0.0 < lowest && lowest <= highest;
        // A range that is narrow beside its values, or starts near zero, is better seen from zero.
        if !is_range || highest - lowest < 1e-6 * highest || lowest < 0.25 * highest {
            return Self::from_zero(label, highest);
        }
        let step = round_step((highest - lowest) / STEPS);
        let (from, to) = ((lowest / step + 1e-9).floor(), (highest / step - 1e-9).ceil());
        let digits = digits_of(step);
        let ticks = (0..=20)
            .map(|n| from + f64::from(n))
            .take_while(|&n| n <= to + 1e-9)
            .map(|n| (n * step, tick_text(n * step, digits)))
            .collect();
        Self { label: label.into(), low: from * step, high: to * step, ticks, scale: Scale::Linear }
    }

    /// Time since the start, exactly to `end_s`, with ticks where people look at a clock; in minutes or hours if long.
    pub(super) fn time(end_s: f64) -> Self {
        let end_s = if end_s.is_finite() && end_s > 0.0 { end_s.clamp(1e-9, 1e300) } else { 1.0 };
        let (unit, unit_s) = match end_s {
            ..600.0 => ("s", 1.0),
            ..36_000.0 => ("min", 60.0),
            _ => ("h", 3_600.0),
        };
        let length = end_s / unit_s;
        let clock = [1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0];
        let step = clock.into_iter().find(|step| length / step <= 9.0).unwrap_or_else(|| round_step(length / 9.0));
        let ticks = (0..=9)
            .map(|n| f64::from(n) * step)
            .take_while(|&at| at <= length)
            .map(|at| (at * unit_s, tick_text(at, 0)))
            .collect();
        let label = format!("time since the start ({unit})");
        Self { label, low: 0.0, high: end_s, ticks, scale: Scale::Linear }
    }

    /// From the decade below `lowest` to the decade above `highest`. Both are above zero.
    pub(super) fn decades(label: impl Into<String>, lowest: f64, highest: f64) -> Self {
        let low = lowest.log10().floor();
        let high = highest.log10().ceil().max(low + 1.0);
        // With many decades only every second or third gets its tick; with few, 2 and 5 get a line without a text.
        let stride = ((high - low) / 7.0).ceil().max(1.0);
        let mut ticks = Vec::new();
        for at in (0..=40).map(|n| low + f64::from(n) * stride).take_while(|&at| at <= high) {
            let value = 10_f64.powf(at);
            ticks.push((at, tick_text(value, digits_of(value))));
            if high - low <= 4.0 && at < high {
                ticks.extend([2.0_f64, 5.0].map(|n| (at + n.log10(), String::new())));
            }
        }
        Self { label: label.into(), low, high, ticks, scale: Scale::Log }
    }

    /// Fixed ticks chosen by the plot.
    pub(super) fn with_ticks(label: impl Into<String>, low: f64, high: f64, ticks: Vec<(f64, String)>) -> Self {
        Self { label: label.into(), low, high, ticks, scale: Scale::Linear }
    }

    /// Linear from zero, or by decades if the values above zero span more than two.
    pub(super) fn fitting(label: impl Into<String>, values: impl Iterator<Item = f64>) -> Self {
        let (mut lowest, mut highest) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|v| v.is_finite() && *v > 0.0) {
            lowest = lowest.min(value);
            highest = highest.max(value);
        }
        if highest / lowest > 100.0 { Self::decades(label, lowest, highest) } else { Self::from_zero(label, highest) }
    }

    /// Where `value` lies between `low` and `high`, or `None` if it has no place here; what is too large lies at `high`.
    pub(super) fn position(&self, value: f64) -> Option<f64> {
        let at = match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
        };
        (!at.is_nan() && at > f64::NEG_INFINITY).then(|| at.clamp(self.low, self.high))
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0];
    nice.iter().map(|n| n * power).find(|&step| step >= wanted * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=9")]
fn digits_of(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

fn tick_text(value: f64, digits: usize) -> String {
    // Twenty digits with separators do not fit a margin.
    if value >= 1e10 { format!("{value:.0e}") } else { words::decimal(value, digits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        assert_eq!(texts(&Axis::from_zero("x", 212.0)), ["0", "50", "100", "150", "200", "250"]);
        assert_eq!(texts(&Axis::from_zero("x", 0.3)), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(texts(&Axis::from_zero("x", 4_100.0)), ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]);
        assert_eq!(texts(&Axis::time(64.0)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(texts(&Axis::time(3_600.0)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(texts(&Axis::time(0.4)), ["0"]);
    }

    #[test]
    fn a_narrow_range_is_seen_close_up() {
        assert_eq!(texts(&Axis::around("x", 620.0, 1_180.0)), ["600", "800", "1,000", "1,200"]);
        assert_eq!(texts(&Axis::around("x", 100.0, 900.0)), ["0", "200", "400", "600", "800", "1,000"]);
        assert_eq!(texts(&Axis::around("x", 400.0, 400.0)), ["0", "100", "200", "300", "400"]);
        for (low, high) in [(f64::NAN, 1.0), (1.0, f64::INFINITY), (2.0, 1.0), (1e300, f64::MAX)] {
            let axis = Axis::around("x", low, high);
            assert!(axis.low < axis.high && axis.high.is_finite(), "{low} {high}");
        }
    }

    #[test]
    fn more_than_two_decades_turn_to_a_log_axis() {
        let axis = Axis::fitting("x", [2.0, 450.0].into_iter());
        assert_eq!(texts(&axis), ["1", "10", "100", "1,000"]);
        assert_eq!(axis.position(100.0), Some(2.0));
        assert_eq!(axis.position(0.0), None);
        assert_eq!(texts(&Axis::fitting("x", [4.0, 90.0].into_iter())), ["0", "20", "40", "60", "80", "100"]);
    }

    #[test]
    fn strange_values_still_give_an_axis() {
        for highest in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300, f64::MAX] {
            let axis = Axis::from_zero("x", highest);
            assert!(axis.low < axis.high && axis.high.is_finite(), "{highest}");
            assert!(axis.ticks.len() >= 2, "{highest}");
        }
        let wide = Axis::fitting("x", [1e-6, 1e19, f64::NAN].into_iter());
        assert!((2..=9).contains(&wide.ticks.len()) && wide.ticks.iter().all(|&(at, _)| at <= wide.high));
    }
}
