//! Laws that due times keep, whatever the rate does.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;

fn fixed(cases: u32) -> Config {
    Config { cases, rng_seed: RngSeed::Fixed(20_251_120), failure_persistence: None, ..Config::default() }
}

fn line(from: f64, to: f64, secs: u64) -> RateLine {
    RateLine { from, to, lasts: Span::from_secs(secs) }
}

fn curve(lines: &[RateLine]) -> RateCurve {
    RateCurve::new(lines).expect("valid lines")
}

/// A gap table more uneven than the exponential.
fn bursty() -> QuantileTable {
    QuantileTable::new(&[(0.0, 0.0), (0.5, 0.2), (0.9, 2.0), (0.99, 9.0), (1.0, 15.0)]).expect("valid")
}

fn any_lines() -> impl Strategy<Value = Vec<RateLine>> {
    let rate = prop_oneof![Just(0.0), 0.0..500.0];
    prop::collection::vec((rate.clone(), rate, any::<bool>(), 1_u64..20_000), 1..6).prop_map(|parts| {
        let to_line =
            |(from, to, hold, ms)| RateLine { from, to: if hold { from } else { to }, lasts: Span::from_millis(ms) };
        parts.into_iter().map(to_line).collect()
    })
}

proptest! {
    #![proptest_config(fixed(64))]

    #[test]
    fn due_times_ascend_within_the_load_and_repeat(lines in any_lines(), seed in any::<u64>()) {
        let curve = curve(&lines);
        for process in [ArrivalProcess::Constant, ArrivalProcess::Poisson, ArrivalProcess::Shape(bursty())] {
            let due: Vec<RunOffset> = process.due_times(&curve, Seed(seed)).collect();
            prop_assert!(due.is_sorted());
            prop_assert!(due.iter().all(|t| t.as_nanos() < curve.duration().as_nanos()));
            prop_assert!(process.due_times(&curve, Seed(seed)).eq(due));
        }
    }

    #[test]
    fn constant_arrivals_count_the_area(lines in any_lines()) {
        let area: f64 = lines.iter().map(|l| f64::midpoint(l.from, l.to) * l.lasts.as_secs_f64()).sum();
        let n = ArrivalProcess::Constant.due_times(&curve(&lines), Seed(0)).count();
        prop_assert!((n as f64 - area).abs() <= 1.0, "{n} for an area of {area}");
    }

    #[test]
    fn the_nth_constant_arrival_is_where_the_area_is_n(from in 0.0..1e5_f64, to in 0.0..1e5_f64, n in 0.0..1.0_f64) {
        // Against the plain formula for the area under one line.
        let (secs, curve) = (1_000.0, curve(&[line(from, to, 1_000)]));
        let wanted = (n * curve.n_expected()).floor().min(curve.n_expected() - 1.0).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 1e9")]
        let t = curve.time_of(wanted as u128 * curve::JOURNEY).expect("below the total").as_secs_f64();
        let area = from * t + (to - from) * t * t / (2.0 * secs);
        prop_assert!((area - wanted).abs() < 1e-3, "area {area}, wanted {wanted}");
    }
}

#[test]
fn a_hold_is_spaced_to_the_nanosecond_for_ever() {
    // 3 a second for 30 days: journey n is due at n/3 s, rounded down, however long it has been going.
    let curve = curve(&[line(3.0, 3.0, 30 * 24 * 3_600)]);
    let due = |n: u128| curve.time_of(n * curve::JOURNEY).expect("in range").as_nanos();
    assert_eq!((due(0), due(1), due(2), due(3)), (0, 333_333_333, 666_666_666, 1_000_000_000));
    assert_eq!(due(7_775_999), 7_775_999 * 1_000_000_000 / 3);
}

#[test]
fn nothing_is_due_while_the_rate_is_zero() {
    let curve = curve(&[line(0.0, 0.0, 5), line(2.0, 2.0, 2), line(0.0, 0.0, 5), line(2.0, 2.0, 1)]);
    let due: Vec<u64> = ArrivalProcess::Constant.due_times(&curve, Seed(0)).map(RunOffset::as_nanos).collect();
    assert_eq!(due, [5_000_000_000, 5_500_000_000, 6_000_000_000, 6_500_000_000, 12_000_000_000, 12_500_000_000]);
}

#[test]
fn a_ramp_up_and_down_is_symmetric() {
    // Mirror images: journey n of the ramp up lies as far from its start as journey N-n of the ramp down from
    // its end, to the rounding.
    let (up, down) = (curve(&[line(0.0, 100.0, 10)]), curve(&[line(100.0, 0.0, 10)]));
    for n in [1_u128, 17, 250, 499] {
        let a = up.time_of(n * curve::JOURNEY).expect("in range").as_nanos();
        let b = down.time_of((500 - n) * curve::JOURNEY).expect("in range").as_nanos();
        assert!((a + b).abs_diff(10_000_000_000) <= 1, "{n}: {a} {b}");
    }
}

/// Mean count and index of dispersion of counts over windows of one second at 50 a second.
fn counts(process: &ArrivalProcess, seed: u64) -> (f64, f64) {
    let secs = 4_000;
    let curve = curve(&[line(50.0, 50.0, secs)]);
    let mut counts = vec![0.0; usize::try_from(secs).expect("small")];
    for due in process.due_times(&curve, Seed(seed)) {
        counts[usize::try_from(due.as_nanos() / 1_000_000_000).expect("small")] += 1.0;
    }
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance / mean)
}

#[test]
fn each_process_has_its_mean_rate_and_dispersion() {
    for seed in 1..=3 {
        let (mean, dispersion) = counts(&ArrivalProcess::Constant, seed);
        assert!((mean - 50.0).abs() < 0.01 && dispersion < 0.01, "constant: {mean}, {dispersion}");

        // Five standard errors: sqrt(50/4000) = 0.112 and sqrt(2/4000) = 0.022.
        let (mean, dispersion) = counts(&ArrivalProcess::Poisson, seed);
        assert!((mean - 50.0).abs() < 0.56, "Poisson: mean {mean}");
        assert!((dispersion - 1.0).abs() < 0.12, "Poisson: dispersion {dispersion}");

        // The counts of a renewal process have, over long windows, the squared CV of its gaps as dispersion;
        // over 50 gaps a little less.
        let squared = bursty().cv().powi(2);
        let (mean, dispersion) = counts(&ArrivalProcess::Shape(bursty()), seed);
        assert!((mean - 50.0).abs() < 0.56 * squared.sqrt(), "shape: mean {mean}");
        assert!(0.75 * squared < dispersion && dispersion < 1.15 * squared, "shape: {dispersion} of {squared}");
    }
}

#[test]
fn a_day_keeps_its_mean_and_its_hours() {
    let mut hours = [0.0; 24];
    hours[9] = 6.0;
    hours[12] = 18.0;
    let curve = curve(&day_lines(200.0, &hours, Span::from_secs(60)));
    assert_eq!(curve.duration(), Span::from_secs(60));
    assert!((curve.n_expected() - 12_000.0).abs() < 0.01, "{}", curve.n_expected());
    let noon = RunOffset::from_nanos(2_500_000_000 * 12 + 1);
    assert!((curve.rate_at(noon) - 200.0 * 18.0).abs() < 1e-3);
}

#[test]
fn lines_that_are_no_curve_are_refused() {
    assert_eq!(RateCurve::new(&[]), Err(CurveError::Empty));
    let wrong = |l| RateCurve::new(&[line(1.0, 1.0, 1), l]).expect_err("refused").to_string();
    assert_eq!(wrong(line(-1.0, 1.0, 1)), "a rate must be between 0 and 10,000,000/s, but stretch 2 has -1/s");
    assert_eq!(wrong(line(1.0, 1.0, 0)), "a stretch must last between 1 ns and 31 days, but stretch 2 lasts 0 ns");
    assert!(RateCurve::new(&[line(f64::NAN, 1.0, 1)]).is_err());
}
