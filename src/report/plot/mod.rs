//! Plots of a run, one file a plot.
//!
//! Each is an SVG that stands alone as a file and fits into a page beside the others. Colours differ in lightness as
//! well as in hue, and lines in their dashes, so that all can be read in grey.

mod axis;
mod bins;
mod canary;
mod capacity;
mod chart;
mod draw;
mod lag;
mod money;
mod outcome;
mod rate;
mod response;
mod style;
mod tail;

pub use self::canary::of_canary;
pub use self::capacity::plots as of_search;
pub(in crate::report) use self::money::{Agreement, agreement};
use crate::judge::VerdictFile;
use crate::measure::Measures;

/// One plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Fit for a file name and unique among the plots of a run.
    pub name: String,
    /// What is seen.
    pub title: String,
    /// The picture, a whole SVG document with a title and a description for those who cannot see it.
    pub svg: String,
    /// How to read it.
    pub caption: String,
}

/// All plots of a run, in the order a report shows them: money first, as nothing else matters if that is wrong.
pub fn all(measures: &Measures, verdict: &VerdictFile) -> Vec<Plot> {
    let bins = bins::bins(&measures.seconds);
    let mut plots = money::plots(&measures.money);
    plots.push(rate::plot(measures, &bins));
    plots.push(response::plot(measures, &bins));
    plots.push(tail::plot(measures));
    plots.push(outcome::plot(&bins));
    plots.push(lag::plot(measures, &bins, verdict.audit.lag_limit_us));
    plots
}

#[cfg(test)]
mod tests;
