//! Cumulative counts: what tests of distributions read.

use super::Histogram;

/// How many observations are at or below each of some edges.
///
/// # Invariants
/// - `upper_edges` and `cumulative` have the same length; edges strictly ascend, counts do not descend
/// - every observation is at or below the last edge, so the last count is the number of observations
///
/// Built by hand only where that is plain; else from [`CumulativeTable`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CumulativeCounts<'a> {
    /// `[edges]`, ascending, any unit.
    pub upper_edges: &'a [f64],
    /// `[edges]`: observations at or below each edge.
    pub cumulative: &'a [u64],
}

impl CumulativeCounts<'_> {
    /// The number of observations.
    pub fn n(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(0)
    }

    /// The smallest edge with at least `count` observations at or below it, `count` above 0; `None` if there are
    /// fewer.
    pub fn edge_of(&self, count: f64) -> Option<f64> {
        let place = self.cumulative.partition_point(|&c| (c as f64) < count);
        self.upper_edges.get(place).copied()
    }
}

/// [`CumulativeCounts`] with storage of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CumulativeTable {
    upper_edges: Vec<f64>,
    cumulative: Vec<u64>,
}

impl CumulativeTable {
    /// The counts of `buckets`: upper edge and number of observations of each, edges ascending. Buckets of one edge
    /// are put together, empty ones left out.
    pub fn of_buckets(buckets: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let mut table = Self::default();
        let mut sum = 0;
        for (edge, n) in buckets {
            if n == 0 {
                continue;
            }
            sum += n;
            match (table.upper_edges.last(), table.cumulative.last_mut()) {
                (Some(&last), Some(count)) if last >= edge => *count = sum,
                _ => {
                    table.upper_edges.push(edge);
                    table.cumulative.push(sum);
                }
            }
        }
        table
    }

    /// The counts of a sample, `[n]`, ascending.
    pub fn of_sorted(sample: &[f64]) -> Self {
        Self::of_buckets(sample.iter().map(|&x| (x, 1)))
    }

    /// The counts of a histogram, edges in seconds. Histograms share their edges, so two of them can be compared.
    pub fn of_histogram(histogram: &Histogram) -> Self {
        Self::of_buckets(histogram.buckets().map(|(upper, n)| (upper.as_secs_f64(), n)))
    }

    /// The same counts with every edge divided by `factor`, above 0: "is it at most 10 % slower" becomes "is it
    /// slower" after dividing by 1.1.
    #[must_use]
    pub fn divided_by(&self, factor: f64) -> Self {
        Self {
            upper_edges: self.upper_edges.iter().map(|edge| edge / factor).collect(),
            cumulative: self.cumulative.clone(),
        }
    }

    /// What the tests take.
    pub fn counts(&self) -> CumulativeCounts<'_> {
        CumulativeCounts { upper_edges: &self.upper_edges, cumulative: &self.cumulative }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn equal_members_share_an_edge() {
        let table = CumulativeTable::of_sorted(&[1.0, 1.0, 2.0, 5.0]);
        assert_eq!(table.counts(), CumulativeCounts { upper_edges: &[1.0, 2.0, 5.0], cumulative: &[2, 3, 4] });
        assert_eq!(table.counts().edge_of(2.0), Some(1.0));
        assert_eq!(table.counts().edge_of(2.5), Some(2.0));
        assert_eq!(table.counts().edge_of(4.5), None);
        assert_eq!(CumulativeTable::default().counts().n(), 0);
    }

    #[test]
    fn a_histogram_keeps_its_counts() {
        let mut histogram = Histogram::new();
        (1..=10).for_each(|ms| histogram.record(Span::from_millis(ms)));
        let table = CumulativeTable::of_histogram(&histogram);
        assert_eq!(table.counts().n(), 10);
        let median = table.counts().edge_of(5.0).unwrap();
        assert!((median / 0.005 - 1.0).abs() < 0.001, "{median} s");
        assert!((table.divided_by(2.0).counts().edge_of(5.0).unwrap() * 2.0 - median).abs() < 1e-12);
    }
}
