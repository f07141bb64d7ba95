//! Choosing one of several, by weight.

/// Members with weights, chosen by one uniform draw.
///
/// # Invariants
/// `cumulative` ascends and its last member is above zero.
#[derive(Clone, Debug)]
pub struct Weighted {
    cumulative: Vec<f64>,
}

impl Weighted {
    /// `None` if a weight is negative or not a number, or none is above zero.
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sum = 0.0;
        let add = |w: f64| {
            sum += w;
            (w >= 0.0 && sum.is_finite()).then_some(sum)
        };
        let cumulative: Vec<f64> = weights.into_iter().map(add).collect::<Option<_>>()?;
        (sum > 0.0).then_some(Self { cumulative })
    }

    /// Which member the draw `u`, within (0, 1), falls on. Members of weight zero never.
    pub fn pick(&self, u: f64) -> usize {
        let place = u * self.cumulative.last().expect("not empty");
        // The last member is always reached, whatever the rounding of the product.
        self.cumulative.partition_point(|&c| c <= place).min(self.cumulative.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_fall_on_members_by_weight() {
        let weighted = Weighted::new([0.0, 1.0, 3.0]).expect("valid");
        for (u, member) in [(1e-9, 1), (0.2499, 1), (0.2501, 2), (0.999_999, 2)] {
            assert_eq!(weighted.pick(u), member, "{u}");
        }
    }

    #[test]
    fn weights_that_choose_nothing_are_refused() {
        for weights in [vec![], vec![0.0], vec![1.0, -1.0], vec![f64::NAN], vec![f64::INFINITY]] {
            assert!(Weighted::new(weights.clone()).is_none(), "{weights:?}");
        }
    }
}
