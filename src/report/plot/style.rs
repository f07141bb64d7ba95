//! What all plots share: palette, sizes and the shapes of lines.

use plotters::style::RGBColor;

/// Width of every plot in its own units; shown at about half of that on a page of 1280 px, so one unit is half a pixel.
pub(super) const WIDTH: u32 = 1120;
/// Height of plots over time.
pub(super) const HEIGHT: u32 = 600;
/// Text size of the title.
pub(super) const TITLE_SIZE: i32 = 29;
/// Text size of axis descriptions, tick labels and legends.
pub(super) const TEXT_SIZE: i32 = 25;
/// Widths of lines: data, limits and grid.
pub(super) const DATA_WIDTH: u32 = 4;
/// Width of grid lines and axes.
pub(super) const GRID_WIDTH: u32 = 1;

/// Text.
pub(super) const TEXT: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xdc, 0xdf, 0xe3);
/// Axis lines.
pub(super) const AXIS: RGBColor = RGBColor(0x70, 0x75, 0x7a);
/// The warm-up window behind the data.
pub(super) const SHADE: RGBColor = RGBColor(0xe9, 0xec, 0xf0);

// Hues that people with any common colour blindness tell apart, after M. Okabe and K. Ito, *Color Universal Design*
// (2008), moved in lightness so that neighbours also differ in grey (CIE L* in brackets).
/// Main series [46].
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Second series, always dashed or marked as well [56].
pub(super) const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Limits and references [20].
pub(super) const INK: RGBColor = RGBColor(0x30, 0x30, 0x30);
/// Good outcomes in a stack [82].
pub(super) const PALE_BLUE: RGBColor = RGBColor(0xa9, 0xd3, 0xec);
/// Declined [71].
pub(super) const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
/// Unknown [50].
pub(super) const PURPLE: RGBColor = RGBColor(0x85, 0x6b, 0xb8);
/// Failed [36].
pub(super) const RED: RGBColor = RGBColor(0xab, 0x12, 0x1f);
/// Dropped [10].
pub(super) const BLACK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);

/// How wide `text` is likely to be in units. There are no fonts here to ask; checked in a browser with `Liberation Sans`
/// and `DejaVu Sans`, whose average character is 0.50 to 0.60 of the size wide.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let tenths: i32 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ' ' | '\'' | ':' | '|' => 30,
            'm' | 'w' | 'M' | 'W' | '%' => 90,
            c if c.is_ascii_uppercase() => 70,
            c if c.is_ascii_digit() => 64,
            c if c.is_ascii() => 57,
            // CJK characters fill the whole square.
            _ => 100,
        })
        .sum();
    tenths * size / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2: the grey a printer makes of a colour.
    fn luminance(c: RGBColor) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.0) + 0.7152 * linear(c.1) + 0.0722 * linear(c.2)
    }

    #[test]
    fn outcomes_of_a_stack_darken_step_by_step_in_grey() {
        let stack = [PALE_BLUE, ORANGE, PURPLE, RED, BLACK].map(luminance);
        for pair in stack.windows(2) {
            let contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
            assert!(contrast > 1.3, "neighbours have a contrast of {contrast}");
        }
    }
}
