//! A plot as data: axes, layers and legend. Which numbers to show is decided in the file of each plot, how to draw
//! them in `draw`.

use plotters::style::RGBColor;

use super::axis::Axis;

/// How a line is told apart without colour; the more broken the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stroke {
    /// One line through.
    Solid,
    /// Dashes.
    Dashed,
    /// Short dashes, for limits.
    Dotted,
}

/// A sign that stands at one value, told from the others by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Filled.
    Disc,
    /// Hollow.
    Ring,
    /// Two strokes.
    Cross,
}

/// Something drawn between the axes; later layers lie above earlier ones. Values, not positions.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    /// A line through `points`; a point that cannot be shown breaks it.
    Line { points: Vec<(f64, f64)>, ink: RGBColor, stroke: Stroke },
    /// The area between two values at each `(x, low, high)`.
    Band { points: Vec<(f64, f64, f64)>, ink: RGBColor },
    /// The full height from one x to another.
    Shade { from: f64, to: f64, ink: RGBColor },
    /// A filled box `(x0, y0)` to `(x1, y1)`.
    Box { from: (f64, f64), to: (f64, f64), ink: RGBColor },
    /// A cross at each point.
    Crosses { points: Vec<(f64, f64)>, ink: RGBColor },
    /// A sign at each point.
    Marks { points: Vec<(f64, f64)>, ink: RGBColor, mark: Mark },
    /// At each `(x, low, high)` an upright line with a foot at both ends: how far a value can be trusted.
    Whiskers { points: Vec<(f64, f64, f64)>, ink: RGBColor },
    /// A text that starts `dx` units right of a value; right of the data for an infinite x.
    Note { at: (f64, f64), dx: i32, text: String, ink: RGBColor },
}

/// How an entry of the legend looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Swatch {
    /// As a line.
    Line(Stroke),
    /// As an area.
    Area,
    /// As a cross.
    Cross,
    /// As a sign.
    Mark(Mark),
}

/// One entry of the legend, which stands between title and data and so cannot hide any.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) ink: RGBColor,
    pub(super) swatch: Swatch,
}

impl Key {
    pub(super) fn new(text: impl Into<String>, ink: RGBColor, swatch: Swatch) -> Self {
        Self { text: text.into(), ink, swatch }
    }
}

/// A whole plot.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// Part of file names and of ids in the SVG.
    pub(super) name: String,
    /// Says what is seen.
    pub(super) title: String,
    /// For those who cannot see it: the main values in words.
    pub(super) description: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) layers: Vec<Layer>,
    pub(super) legend: Vec<Key>,
    /// Units high.
    pub(super) height: u32,
    /// Units kept free right of the data; half a tick label is kept free in any case.
    pub(super) right: i32,
    /// Shown instead of the data when there is none.
    pub(super) is_empty: bool,
}
