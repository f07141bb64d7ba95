//! How uneven arrivals are, once the hour of the day and the size of the day are taken away.

use std::collections::BTreeMap;

use crate::seed::Seed;
use crate::stats::{Draws, QuantileTable, TableError};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// What arrival times tell about when customers come.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// How busy each hour of the day is, from midnight; the mean is 1.
    pub hour_curve: [f64; 24],
    /// Gaps in units of the local mean gap; the mean is 1.
    pub gaps: QuantileTable,
    /// To how many seconds the times were rounded: 1, 60 or 3600.
    pub resolution: u32,
}

/// Learns the hour curve and the gaps from arrival times.
///
/// A gap is measured in operational time: in the area under the rate that a *day* of the load would have, the
/// hour curve scaled to that day's own count. So neither lunch nor Christmas counts as a burst, and closed
/// hours and days add nothing to a gap. Scaling by each hour's own count instead would take the bursts away
/// too: with a handful of arrivals an hour, their number is most of what is uneven.
///
/// # Arguments
/// - `times`: `[n]`, any order, seconds of local time since any midnight; rounded to seconds, minutes or hours
/// - `seed`: rounded times are spread uniformly over what they were rounded to, by draws from it
///
/// # Errors
/// [`TableError::TooFew`] with fewer than three times.
pub fn fit_gaps(times: &[i64], seed: Seed) -> Result<Gaps, TableError> {
    let resolution = [3_600, 60].into_iter().find(|r| times.iter().all(|t| t % r == 0)).unwrap_or(1);
    let mut draws = Draws::new(seed, "shape_spread", 0);
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let mut spread: Vec<f64> = sorted.iter().map(|&t| t as f64 + draws.unit() * resolution as f64).collect();
    spread.sort_by(f64::total_cmp);

    let mut hours = [0.0; 24];
    let mut days: BTreeMap<i64, f64> = BTreeMap::new();
    for &t in &sorted {
        hours[usize::try_from(t.rem_euclid(DAY) / HOUR).expect("an hour of the day")] += 1.0;
        *days.entry(t.div_euclid(DAY)).or_default() += 1.0;
    }
    let n = sorted.len() as f64;
    let mut before_hour = [0.0; 24];
    for h in 1..24 {
        before_hour[h] = before_hour[h - 1] + hours[h - 1] / n;
    }
    let mut before_day = BTreeMap::new();
    let mut sum = 0.0;
    for (&day, &count) in &days {
        before_day.insert(day, (sum, count));
        sum += count;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an hour of a known day")]
    let operational = |t: f64| {
        let day = (t / DAY as f64).floor();
        let (before, count) = before_day[&(day as i64)];
        let hour = ((t - day * DAY as f64) / HOUR as f64).clamp(0.0, 23.999_999);
        let h = hour as usize;
        before + count * (before_hour[h] + hours[h] / n * hour.fract())
    };
    let positions: Vec<f64> = spread.into_iter().map(operational).collect();
    let mut gaps: Vec<f64> = positions.windows(2).map(|w| (w[1] - w[0]).max(0.0)).collect();
    gaps.sort_by(f64::total_cmp);
    let gaps = QuantileTable::of_sample(&gaps)?.normalised().ok_or(TableError::TooFew)?;
    let hour_curve = hours.map(|count| count * 24.0 / n);
    Ok(Gaps { hour_curve, gaps, resolution: u32::try_from(resolution).expect("at most 3600") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::{ArrivalProcess, RateCurve, day_lines};
    use crate::time::Span;

    /// Times in whole minutes of 200 days whose process is known.
    fn minutes(process: &ArrivalProcess) -> Vec<i64> {
        let mut hours = [0.0; 24];
        hours[8..20].fill(1.0);
        hours[12] = 4.0;
        let day = day_lines(100.0 / 86_400.0, &hours, Span::from_secs(86_400));
        (0..200)
            .flat_map(|d| {
                let curve = RateCurve::new(&day).expect("valid");
                process
                    .due_times(&curve, Seed(d))
                    .map(move |t| i64::try_from(d * 86_400 + t.as_nanos() / 60_000_000_000 * 60).expect("small"))
            })
            .collect()
    }

    #[test]
    fn poisson_arrivals_have_gaps_as_uneven_as_the_exponential() {
        let got = fit_gaps(&minutes(&ArrivalProcess::Poisson), Seed(1)).expect("many");
        assert_eq!(got.resolution, 60);
        assert!((got.gaps.cv() - 1.0).abs() < 0.04, "{}", got.gaps.cv());
        // 4 of 15 parts of the day are at noon.
        assert!((got.hour_curve[12] / 24.0 - 4.0 / 15.0).abs() < 0.01, "{}", got.hour_curve[12]);
        assert!(got.hour_curve[7].abs() < 1e-12);
    }

    #[test]
    fn bursts_survive_being_learnt_and_replayed() {
        let table = QuantileTable::new(&[(0.0, 0.0), (0.5, 0.2), (0.9, 2.0), (0.99, 9.0), (1.0, 15.0)]);
        let table = table.expect("valid");
        let got = fit_gaps(&minutes(&ArrivalProcess::Shape(table.clone())), Seed(1)).expect("many");
        // Minutes blur the shortest gaps and each day's own count takes a little away.
        assert!(got.gaps.cv() > 1.3 && got.gaps.cv() < table.cv(), "{} of {}", got.gaps.cv(), table.cv());
    }

    #[test]
    fn too_few_times_have_no_gaps() {
        assert_eq!(fit_gaps(&[60, 120], Seed(1)), Err(TableError::TooFew));
    }
}
