//! Means and slopes of series whose neighbours resemble each other, as in queueing.

use super::special::student_quantile;

/// Longer series are averaged in groups down to this length, which bounds the work and keeps the result.
const LONGEST: usize = 16_384;

/// How many members of `series` say as much about its mean as one independent observation: at least 1.
///
/// The integrated autocorrelation time 1 + 2 Σ ρ(k), summed as long as pairs of neighbouring terms stay positive and
/// fall. 1 for a series that is constant or shorter than 4. A series shorter than some dozens of its own correlation
/// times gives too small a value: check that its length is a multiple.
///
/// # Source
/// C. J. Geyer, *Practical Markov Chain Monte Carlo*, Statistical Science 7 (1992), section 3.3: the initial monotone
/// sequence.
pub fn autocorrelation_time(series: &[f64]) -> f64 {
    let variance = |values: &[f64], mean: f64| values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let group = series.len().div_ceil(LONGEST).max(1);
    let grouped: Vec<f64> = series.chunks_exact(group).map(mean_of).collect();
    let n = grouped.len();
    if n < 4 {
        return 1.0;
    }
    let mean = mean_of(&grouped);
    let at_zero = variance(&grouped, mean) / n as f64;
    let whole = variance(series, mean_of(series)) / series.len() as f64;
    if !(at_zero > 0.0 && whole > 0.0) {
        return 1.0;
    }
    let centred: Vec<f64> = grouped.iter().map(|x| x - mean).collect();
    let rho = |lag: usize| {
        let sum: f64 = centred[..n - lag].iter().zip(&centred[lag..]).map(|(a, b)| a * b).sum();
        sum / n as f64 / at_zero
    };
    let mut sum = 0.0;
    let mut last = f64::INFINITY;
    for pair in 0..n / 4 {
        let term = (rho(2 * pair) + rho(2 * pair + 1)).min(last);
        if term <= 0.0 {
            break;
        }
        sum += term;
        last = term;
    }
    // The variance of the mean is the same seen through single members or through groups of them.
    let grouped_time = (2.0 * sum - 1.0).max(0.0);
    (grouped_time * group as f64 * at_zero / whole).max(1.0)
}

/// Whether `residuals` of a line by least squares, evenly spaced, may be those of a number that wanders (a random walk)
/// rather than comes back to the line: the hypothesis of a unit root is kept unless shown wrong at 1 %. `true` with fewer
/// than 25 of them.
///
/// Long series are looked at in 64 to 127 groups: what comes back only within one of these has not come back often.
///
/// # Source
/// D. Dickey and W. Fuller, *Distribution of the estimators for autoregressive time series with a unit root*, JASA 74
/// (1979), the coefficient's test with a constant and a trend; critical values of W. Fuller, *Introduction to Statistical
/// Time Series*, 1976, table 8.5.1 (−22.5, −25.7, −27.4, −28.4 for 25, 50, 100, 250), by a hyperbola within 0.4 of them.
pub fn wanders(residuals: &[f64]) -> bool {
    const GROUPS: usize = 64;
    let group = (residuals.len() / GROUPS).max(1);
    let series: Vec<f64> = residuals.chunks_exact(group).map(mean_of).collect();
    let n = series.len() as f64;
    let squares: f64 = series.windows(2).map(|pair| pair[0] * pair[0]).sum();
    if n < 25.0 || squares <= 0.0 {
        return n < 25.0;
    }
    let products: f64 = series.windows(2).map(|pair| pair[0] * pair[1]).sum();
    n * (products / squares - 1.0) > -29.5 + 175.0 / n
}

/// The mean of a series and how well its batches agree on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchMeans {
    /// The mean over whole batches.
    pub mean: f64,
    /// Standard error of the mean, from the scatter of the batches' means.
    pub standard_error: f64,
    /// Number of batches.
    pub n_batches: usize,
}

impl BatchMeans {
    /// The interval that covers the mean with `confidence`, inside 0..1, by Student's t.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let half = self.standard_error * student_quantile(f64::midpoint(1.0, confidence), (self.n_batches - 1) as f64);
        (self.mean - half, self.mean + half)
    }
}

/// The mean of `series` (in order of time) from `n_batches` batches of equal length, at least 2; members that do not
/// fill a batch are left out at the start. `None` if a batch would be empty.
///
/// Right if batches are much longer than the correlation time. Ten to thirty batches serve.
///
/// # Source
/// A. M. Law, *Simulation Modeling and Analysis*, 5th ed., McGraw-Hill 2015, section 9.5.3.
pub fn batch_means(series: &[f64], n_batches: usize) -> Option<BatchMeans> {
    let length = series.len().checked_div(n_batches).filter(|&length| length > 0 && n_batches >= 2)?;
    let used = &series[series.len() - length * n_batches..];
    let means: Vec<f64> = used.chunks_exact(length).map(mean_of).collect();
    let mean = mean_of(&means);
    let squares: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
    let standard_error = (squares / (n_batches - 1) as f64 / n_batches as f64).sqrt();
    Some(BatchMeans { mean, standard_error, n_batches })
}

/// A slope with its interval, in units of `y` per unit of `t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The least-squares slope.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The slope of `y` over `t`, both `[n]`, in order of time, with the interval that covers it with `confidence`.
///
/// Least squares; the standard error is widened, and the degrees of freedom reduced, by the correlation time of the
/// residuals. `None` if the lengths differ, fewer than 3 points are left, or all `t` are the same.
///
/// # Source
/// N. R. Draper and H. Smith, *Applied Regression Analysis*, 3rd ed., Wiley 1998, chapter 1; the widening as for a
/// mean, G. V. Bayley and J. M. Hammersley, *The "Effective" Number of Independent Observations in an Autocorrelated
/// Time Series*, Supplement to the JRSS 8 (1946).
pub fn slope_interval(t: &[f64], y: &[f64], confidence: f64) -> Option<Slope> {
    if t.len() != y.len() || t.len() < 3 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let (mean_t, mean_y) = (mean_of(t), mean_of(y));
    let spread: f64 = t.iter().map(|t| (t - mean_t).powi(2)).sum();
    if !(spread.is_finite() && spread > 0.0) {
        return None;
    }
    let value = t.iter().zip(y).map(|(t, y)| (t - mean_t) * (y - mean_y)).sum::<f64>() / spread;
    let residuals: Vec<f64> = t.iter().zip(y).map(|(t, y)| y - mean_y - value * (t - mean_t)).collect();
    let time = autocorrelation_time(&residuals);
    let n = t.len() as f64;
    let df = (n / time - 2.0).max(1.0);
    let variance = residuals.iter().map(|r| r * r).sum::<f64>() / (n - 2.0) / spread * time;
    let half = student_quantile(f64::midpoint(1.0, confidence), df) * variance.sqrt();
    Some(Slope { value, low: value - half, high: value + half })
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use crate::stats::Draws;

    /// x(i) = φ x(i-1) + noise: its autocorrelation time is (1+φ)/(1-φ).
    fn autoregressive(phi: f64, n: usize, stream: u64) -> Vec<f64> {
        let mut draws = Draws::new(Seed(6), "autoregressive", stream);
        let mut x = 0.0;
        let mut next = || {
            x = phi * x + draws.unit() - 0.5;
            x
        };
        // The start at 0 is forgotten after a few correlation times.
        (0..1_000).for_each(|_| {
            next();
        });
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn the_correlation_time_of_a_known_process_is_found() {
        for (phi, n, expected) in [(0.0, 20_000, 1.0), (0.5, 20_000, 3.0), (0.9, 60_000, 19.0), (0.98, 200_000, 99.0)] {
            let got = autocorrelation_time(&autoregressive(phi, n, 0));
            assert!((got / expected - 1.0).abs() < 0.25, "φ {phi}: {got} for {expected}");
        }
        assert!((autocorrelation_time(&[3.0; 500]) - 1.0).abs() < 1e-12, "constant");
        assert!((autocorrelation_time(&[]) - 1.0).abs() < 1e-12, "empty");
        assert!((autocorrelation_time(&autoregressive(-0.5, 5_000, 1)) - 1.0).abs() < 1e-12, "never below 1");
    }

    #[test]
    fn batch_means_of_four_batches_by_hand() {
        // The first member is left out; means are 1.5, 3.5, 5.5, 7.5, their mean 4.5, standard deviation √(20/3).
        let got = batch_means(&[99.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 4).unwrap();
        assert!((got.mean - 4.5).abs() < 1e-12 && (got.standard_error - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        // Student's t with 3 degrees of freedom at 97.5 %: 3.182446.
        let (low, high) = got.interval(0.95);
        assert!((high - 4.5 - 3.182_446 * 1.290_994).abs() < 1e-5 && (low + high - 9.0).abs() < 1e-9);
        assert_eq!(batch_means(&[1.0, 2.0], 3), None);
        assert_eq!(batch_means(&[1.0, 2.0], 1), None);
    }

    #[test]
    fn a_random_walk_wanders_and_what_comes_back_does_not() {
        let n_wandering = |phi: f64, n: usize| {
            let series = (0..400).map(|i| {
                let mut x = 0.0;
                let mut draws = Draws::new(Seed(7), "wandering", i);
                let y: Vec<f64> = (0..n)
                    .map(|_| {
                        x = phi * x + draws.unit() - 0.5;
                        x
                    })
                    .collect();
                let t: Vec<f64> = (0..y.len()).map(|i| i as f64).collect();
                let slope = slope_interval(&t, &y, 0.95).unwrap().value;
                let (mean_t, mean_y) = (mean_of(&t), mean_of(&y));
                y.iter().zip(&t).map(|(y, t)| y - mean_y - slope * (t - mean_t)).collect::<Vec<f64>>()
            });
            series.filter(|residuals| wanders(residuals)).count()
        };
        // 1 % of 400 random walks are 4 that are not kept; groups of means and the hyperbola cost a few.
        assert!(n_wandering(1.0, 40) >= 388 && n_wandering(1.0, 140) >= 388);
        assert!(n_wandering(0.5, 140) <= 20, "back within two of 140 points");
        assert!(wanders(&[1.0; 24]) && !wanders(&[0.0; 40]), "too short to say; nothing there to wander");
    }

    #[test]
    fn the_slope_of_a_textbook_line_has_its_interval() {
        // y = 2, 4, 5, 4, 5 over 1..5: slope 0.6, residual sum 2.4, standard error √(0.8/10), t(3) = 3.182446. The
        // correlation time of so short a series is 1.
        let got = slope_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 5.0, 4.0, 5.0], 0.95).unwrap();
        assert!((got.value - 0.6).abs() < 1e-12);
        assert!((got.high - 0.6 - 3.182_446 * 0.282_842_7).abs() < 1e-5, "{got:?}");
    }

    #[test]
    fn the_interval_of_a_slope_covers_none_as_often_as_it_says() {
        // 400 series of 400 with a correlation time of 19 and no slope: 95 % of 400 is 380, five standard errors 22.
        // Without widening about half would be covered.
        let t: Vec<f64> = (0..400).map(f64::from).collect();
        let covered = (0..400)
            .filter(|&i| {
                let slope = slope_interval(&t, &autoregressive(0.9, 400, i), 0.95).unwrap();
                slope.low <= 0.0 && 0.0 <= slope.high
            })
            .count();
        assert!(covered >= 350, "covered {covered} of 400");
    }

    #[test]
    fn no_line_goes_through_one_place() {
        assert_eq!(slope_interval(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        assert_eq!(slope_interval(&[1.0, 2.0], &[1.0, 2.0], 0.95), None);
        assert_eq!(slope_interval(&[1.0, 2.0, 3.0], &[1.0, 2.0], 0.95), None);
    }
}
