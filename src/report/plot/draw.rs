//! Draws a [`Chart`] as SVG with plotters.
//!
//! Axes, grid and legend are placed here and not by plotters' own mesh: its SVG backend knows no fonts and would guess
//! the room that labels take. Every text here has room set aside for it by [`text_width`].

use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::chart::{Chart, Key, Layer, Mark, Stroke, Swatch};
use super::style::{AXIS, DATA_WIDTH, GRID, GRID_WIDTH, TEXT, TEXT_SIZE, TITLE_SIZE, WIDTH, text_width};
use crate::report::escape::escape;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Room of the title above and the gap below the legend.
const HEAD: i32 = 74;
/// Room of one line of the legend.
const LEGEND_LINE: i32 = 38;
/// Room of a swatch with the gap to its text.
const SWATCH: i32 = 56;
/// Room for tick labels and the description below the data.
const BELOW: i32 = 84;
/// Half the width of a sign.
const MARK_RADIUS: i32 = 9;
/// Half the width of a whisker's foot.
const WHISKER_FOOT: i32 = 7;
/// Width of a whisker's lines.
const WHISKER_WIDTH: u32 = 2;
/// Room between two tick labels.
const LABEL_GAP: i32 = 16;

/// The chart as one SVG document, `role="img"` with a title and a description of its own.
pub(super) fn draw(chart: &Chart) -> String {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, chart.height)).into_drawing_area();
        draw_all(&root, chart).expect("writing to a String cannot fail");
        root.present().expect("writing to a String cannot fail");
    }
    add_description(&svg, chart)
}

fn draw_all(root: &Area<'_>, chart: &Chart) -> Drawn {
    root.fill(&WHITE)?;
    text(root, &chart.title, (8, 8), (HPos::Left, VPos::Top), Letter { size: TITLE_SIZE, ink: TEXT, is_bold: true })?;
    let legend_lines = if chart.is_empty { 0 } else { draw_legend(root, &chart.legend, 52)? };
    let frame = Frame::new(chart, HEAD + legend_lines * LEGEND_LINE);
    // What lies behind the grid, then the grid, then the data.
    for layer in chart.layers.iter().filter(|layer| matches!(layer, Layer::Shade { .. })) {
        draw_layer(root, &frame, layer)?;
    }
    draw_axes(root, &frame)?;
    if chart.is_empty {
        let middle = (i32::midpoint(frame.left, frame.right), i32::midpoint(frame.top, frame.bottom));
        let letter = Letter { size: TITLE_SIZE, ink: TEXT, is_bold: false };
        return text(root, "no data", middle, (HPos::Center, VPos::Center), letter);
    }
    for layer in chart.layers.iter().filter(|layer| !matches!(layer, Layer::Shade { .. })) {
        draw_layer(root, &frame, layer)?;
    }
    // The base line again, above areas that stand on it.
    line(root, (frame.left, frame.bottom), (frame.right, frame.bottom), AXIS.stroke_width(2))
}

/// Where the data of a chart lies, and how values turn to places.
struct Frame<'a> {
    chart: &'a Chart,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    plane: Cartesian2d<RangedCoordf64, RangedCoordf64>,
}

impl<'a> Frame<'a> {
    fn new(chart: &'a Chart, top: i32) -> Self {
        let (left, right, bottom) = (left(chart), wide() - right_margin(chart), high(chart) - BELOW);
        let plane = Cartesian2d::new(
            chart.x.low..chart.x.high,
            chart.y.low..chart.y.high,
            // Without height or width plotters would divide by zero.
            (left..right.max(left + 1), bottom.max(top + 1)..top),
        );
        Self { chart, left, right, top, bottom, plane }
    }

    /// Where this value lies, or `None` if it has no place.
    fn place(&self, x: f64, y: f64) -> Option<(i32, i32)> {
        Some(self.plane.translate(&(self.chart.x.position(x)?, self.chart.y.position(y)?)))
    }
}

fn draw_axes(root: &Area<'_>, frame: &Frame<'_>) -> Drawn {
    let chart = frame.chart;
    let (grid, axis) = (GRID.stroke_width(GRID_WIDTH), AXIS.stroke_width(2));
    let letter = Letter { size: TEXT_SIZE, ink: TEXT, is_bold: false };
    for (at, label) in &chart.y.ticks {
        let (_, y) = frame.plane.translate(&(chart.x.low, *at));
        line(root, (frame.left, y), (frame.right, y), grid)?;
        if !label.is_empty() {
            text(root, label, (frame.left - 12, y), (HPos::Right, VPos::Center), letter)?;
        }
    }
    let stride = label_stride(frame);
    for (idx, (at, label)) in chart.x.ticks.iter().enumerate() {
        let (x, _) = frame.plane.translate(&(*at, chart.y.low));
        line(root, (x, frame.top), (x, frame.bottom), grid)?;
        // A label without room is left out; its grid line stays.
        if label.is_empty() || idx % stride != 0 {
            continue;
        }
        line(root, (x, frame.bottom), (x, frame.bottom + 8), axis)?;
        text(root, label, (x, frame.bottom + 13), (HPos::Center, VPos::Top), letter)?;
    }
    line(root, (frame.left, frame.top), (frame.left, frame.bottom), axis)?;
    line(root, (frame.left, frame.bottom), (frame.right, frame.bottom), axis)?;
    let middle = i32::midpoint(frame.left, frame.right);
    text(root, &chart.x.label, (middle, high(chart) - 4), (HPos::Center, VPos::Bottom), letter)?;
    let upward = letter.style((HPos::Center, VPos::Top)).transform(FontTransform::Rotate270);
    root.draw(&Text::new(chart.y.label.clone(), (6, i32::midpoint(frame.top, frame.bottom)), upward))
}

/// The smallest `n` so that every `n`-th label of the x axis has room.
fn label_stride(frame: &Frame<'_>) -> usize {
    let ticks = &frame.chart.x.ticks;
    let ends = |(at, label): &(f64, String)| {
        let (x, _) = frame.plane.translate(&(*at, frame.chart.y.low));
        let half = text_width(label, TEXT_SIZE) / 2;
        (x - half, x + half + LABEL_GAP)
    };
    let has_room = |stride: &usize| {
        let shown: Vec<(i32, i32)> = ticks.iter().step_by(*stride).map(ends).collect();
        shown.windows(2).all(|pair| pair[0].1 <= pair[1].0)
    };
    (1..=ticks.len()).find(has_room).unwrap_or(1)
}

/// Where the data starts: right of the y axis's description and its widest label.
fn left(chart: &Chart) -> i32 {
    let widest = chart.y.ticks.iter().map(|(_, label)| text_width(label, TEXT_SIZE)).max().unwrap_or(0);
    let description = if chart.y.label.is_empty() { 8 } else { 44 };
    description + widest + 22
}

/// Room right of the data: what the chart asks for, and half the last tick label of the x axis if that stands at the end.
fn right_margin(chart: &Chart) -> i32 {
    let at_end = |at: f64| at > chart.x.high - 0.02 * (chart.x.high - chart.x.low);
    let label = chart.x.ticks.last().filter(|(at, _)| at_end(*at)).map_or("", |(_, label)| label);
    chart.right.max(text_width(label, TEXT_SIZE) / 2 + 6)
}

/// Draws the legend from left to right, in as many lines as needed, and returns how many those were.
fn draw_legend(root: &Area<'_>, keys: &[Key], top: i32) -> Drawn<i32> {
    let letter = Letter { size: TEXT_SIZE, ink: TEXT, is_bold: false };
    let (mut x, mut n_line) = (8, 0);
    for key in keys {
        let width = SWATCH + text_width(&key.text, TEXT_SIZE);
        if x + width > wide() - 8 && x > 8 {
            (x, n_line) = (8, n_line + 1);
        }
        let y = top + n_line * LEGEND_LINE + LEGEND_LINE / 2;
        match key.swatch {
            Swatch::Line(kind) => stroke(root, vec![(x, y), (x + 44, y)], key.ink, kind)?,
            Swatch::Area => root.draw(&Rectangle::new([(x + 8, y - 11), (x + 40, y + 11)], key.ink.filled()))?,
            Swatch::Cross => root.draw(&Cross::new((x + 24, y), 8, key.ink.stroke_width(DATA_WIDTH)))?,
            Swatch::Mark(mark) => sign(root, (x + 24, y), mark, key.ink)?,
        }
        text(root, &key.text, (x + SWATCH - 2, y), (HPos::Left, VPos::Center), letter)?;
        x += width + 34;
    }
    Ok(if keys.is_empty() { 0 } else { n_line + 1 })
}

fn draw_layer(root: &Area<'_>, frame: &Frame<'_>, layer: &Layer) -> Drawn {
    match layer {
        Layer::Line { points, ink, stroke: kind } => {
            for run in unbroken(points, frame) {
                if let [only] = run[..] {
                    root.draw(&Circle::new(only, 6, ink.filled()))?;
                }
                stroke(root, run, *ink, *kind)?;
            }
            Ok(())
        }
        Layer::Band { points, ink } => {
            let upper = points.iter().filter_map(|&(x, _, high)| frame.place(x, high));
            let lower = points.iter().rev().filter_map(|&(x, low, _)| frame.place(x, low));
            let outline: Vec<_> = upper.chain(lower).collect();
            // An empty polygon would be drawn as a hairline by some viewers.
            if points.iter().all(|&(_, low, high)| high <= low) {
                return Ok(());
            }
            root.draw(&Polygon::new(outline, ink.filled()))
        }
        Layer::Shade { from, to, ink } => match (frame.chart.x.position(*from), frame.chart.x.position(*to)) {
            (Some(from), Some(to)) => {
                let x = |at| frame.plane.translate(&(at, frame.chart.y.low)).0;
                root.draw(&Rectangle::new([(x(from), frame.top), (x(to), frame.bottom)], ink.filled()))
            }
            _ => Ok(()),
        },
        Layer::Box { from, to, ink } => match (frame.place(from.0, from.1), frame.place(to.0, to.1)) {
            (Some(from), Some(to)) => root.draw(&Rectangle::new([from, to], ink.filled())),
            _ => Ok(()),
        },
        Layer::Crosses { points, ink } => {
            for at in points.iter().filter_map(|&(x, y)| frame.place(x, y)) {
                root.draw(&Cross::new(at, 6, ink.stroke_width(3)))?;
            }
            Ok(())
        }
        Layer::Marks { points, ink, mark } => {
            for at in points.iter().filter_map(|&(x, y)| frame.place(x, y)) {
                sign(root, at, *mark, *ink)?;
            }
            Ok(())
        }
        Layer::Whiskers { points, ink } => {
            for &(x, low, high) in points {
                let (Some(low), Some(high)) = (frame.place(x, low), frame.place(x, high)) else { continue };
                let style = ink.stroke_width(WHISKER_WIDTH);
                line(root, low, high, style)?;
                for (x, y) in [low, high] {
                    line(root, (x - WHISKER_FOOT, y), (x + WHISKER_FOOT, y), style)?;
                }
            }
            Ok(())
        }
        Layer::Note { at, dx, text: words, ink } => match frame.place(at.0, at.1) {
            Some((x, y)) => {
                let letter = Letter { size: TEXT_SIZE, ink: *ink, is_bold: true };
                text(root, words, (x + dx, y), (HPos::Left, VPos::Center), letter)
            }
            None => Ok(()),
        },
    }
}

/// A sign with a white rim, so that two that overlap are seen to be two.
fn sign(root: &Area<'_>, at: (i32, i32), mark: Mark, ink: RGBColor) -> Drawn {
    match mark {
        Mark::Disc => {
            root.draw(&Circle::new(at, MARK_RADIUS + 2, WHITE.filled()))?;
            root.draw(&Circle::new(at, MARK_RADIUS, ink.filled()))
        }
        Mark::Ring => {
            root.draw(&Circle::new(at, MARK_RADIUS + 2, WHITE.filled()))?;
            root.draw(&Circle::new(at, MARK_RADIUS, ink.stroke_width(DATA_WIDTH)))
        }
        Mark::Cross => {
            root.draw(&Cross::new(at, MARK_RADIUS, WHITE.stroke_width(DATA_WIDTH + 5)))?;
            root.draw(&Cross::new(at, MARK_RADIUS, ink.stroke_width(DATA_WIDTH + 1)))
        }
    }
}

/// Stretches of `points` that can all be shown.
fn unbroken(points: &[(f64, f64)], frame: &Frame<'_>) -> Vec<Vec<(i32, i32)>> {
    let mut runs = vec![Vec::new()];
    for &(x, y) in points {
        match (frame.place(x, y), runs.last_mut()) {
            (Some(at), Some(run)) => run.push(at),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

fn line(root: &Area<'_>, from: (i32, i32), to: (i32, i32), style: ShapeStyle) -> Drawn {
    root.draw(&PathElement::new([from, to], style))
}

fn stroke(root: &Area<'_>, points: Vec<(i32, i32)>, ink: RGBColor, kind: Stroke) -> Drawn {
    let style = ink.stroke_width(DATA_WIDTH);
    match kind {
        Stroke::Solid => root.draw(&PathElement::new(points, style)),
        Stroke::Dashed => root.draw(&DashedPathElement::new(points, 14, 8, style)),
        Stroke::Dotted => root.draw(&DashedPathElement::new(points, 5, 6, style)),
    }
}

/// How a text looks.
#[derive(Clone, Copy)]
struct Letter {
    size: i32,
    ink: RGBColor,
    is_bold: bool,
}

impl Letter {
    fn style(self, (h, v): (HPos, VPos)) -> TextStyle<'static> {
        // plotters divides by 1.24 when it writes SVG.
        let font = (FontFamily::SansSerif, f64::from(self.size) * 1.24).into_font();
        let font = if self.is_bold { font.style(FontStyle::Bold) } else { font };
        let mut style = TextStyle::from(font).pos(Pos::new(h, v));
        style.color = self.ink.to_backend_color();
        style
    }
}

fn text(root: &Area<'_>, words: &str, at: (i32, i32), anchor: (HPos, VPos), letter: Letter) -> Drawn {
    root.draw(&Text::new(words.to_owned(), at, letter.style(anchor)))
}

/// Gives the document a role, a title and a description, under ids no other plot has.
fn add_description(svg: &str, chart: &Chart) -> String {
    let name = &chart.name;
    let head = format!("<svg role=\"img\" aria-labelledby=\"plot-{name}-title plot-{name}-description\"");
    let words = format!(
        ">\n<title id=\"plot-{name}-title\">{}</title>\n<desc id=\"plot-{name}-description\">{}</desc>\n",
        escape(&chart.title),
        escape(&chart.description),
    );
    svg.replacen("<svg", &head, 1).replacen(">\n", &words, 1)
}

fn wide() -> i32 {
    i32::try_from(WIDTH).unwrap_or(i32::MAX)
}

fn high(chart: &Chart) -> i32 {
    i32::try_from(chart.height).unwrap_or(i32::MAX)
}
