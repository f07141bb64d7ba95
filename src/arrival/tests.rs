//! Laws that due times keep, whatever the rate does.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;

mod counts;
mod spikes;

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

fn some_bursts() -> Mmpp {
    Mmpp::new(Span::from_millis(1_500), Span::from_millis(300), 8.0).expect("in range")
}

/// One of each but the trace, which follows no rate.
fn every_process() -> [ArrivalProcess; 6] {
    let gamma = |cv| ArrivalProcess::Gamma(Gamma::new(cv).expect("in range"));
    [
        ArrivalProcess::Constant,
        ArrivalProcess::Poisson,
        gamma(0.3),
        gamma(3.0),
        ArrivalProcess::Mmpp(some_bursts()),
        ArrivalProcess::Shape(bursty()),
    ]
}

/// A million journeys a second.
const MILLIONTHS: u64 = 1_000_000_000_000;

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
        for process in every_process() {
            let due: Vec<RunOffset> = process.due_times(&curve, Seed(seed)).collect();
            prop_assert!(due.is_sorted());
            prop_assert!(due.iter().all(|t| t.as_nanos() < curve.duration().as_nanos()));
            prop_assert!(process.due_times(&curve, Seed(seed)).eq(due));
        }
    }

    #[test]
    fn every_area_is_exact(from in 0..=MILLIONTHS, to in 0..=MILLIONTHS, length in 1..=1_000_000_000_000_u64, part in 0.0..=1.0_f64) {
        // Against the formula in whole numbers; these products fit into 128 bits.
        let rate = |millionths: u64| millionths as f64 / 1e6;
        let lines = [RateLine { from: rate(from), to: rate(to), lasts: Span::from_nanos(length) }];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=length")]
        let t = ((part * length as f64) as u64).min(length);
        let (from, to, length, t_wide) = (i128::from(from), i128::from(to), i128::from(length), i128::from(t));
        let twice = 2 * length * from * t_wide + (to - from) * t_wide * t_wide;
        let exact = twice / (2 * length);
        let found = i128::try_from(curve(&lines).area_until(t)).expect("small");
        prop_assert!((0..=1).contains(&(found - exact)), "{found} for {exact}");
        prop_assert!(from > to || found == exact, "rounded down while it rises");
    }

    #[test]
    fn a_due_time_is_the_last_moment_before_its_area_is_passed(lines in any_lines(), part in 0.0..1.0_f64) {
        let curve = curve(&lines);
        let all = curve.area_until(u64::MAX);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below 2^128")]
        let area = (part * all as f64) as u128;
        if let Some(due) = curve.time_of(area) {
            let ns = due.as_nanos();
            prop_assert!(curve.area_until(ns) <= area && area < curve.area_until(ns + 1), "{ns} for {area}");
        } else {
            prop_assert!(area >= all);
        }
    }

    #[test]
    fn streams_on_top_of_one_another_keep_every_due_time(a in any_lines(), b in any_lines(), seed in any::<u64>()) {
        let stream = |name: Option<&str>, process, lines: &[RateLine]| Stream { name: name.map(Arc::from), process, curve: curve(lines) };
        let base = stream(None, ArrivalProcess::Poisson, &a);
        let (gamma, mmpp) = (Gamma::new(2.0).expect("in range"), some_bursts());
        let tops = [stream(Some("a"), ArrivalProcess::Gamma(gamma), &b), stream(Some("b"), ArrivalProcess::Mmpp(mmpp), &b)];
        let due = |streams: Vec<Stream>| Superposition::new(streams).expect("not empty").due_times(Seed(seed)).collect::<Vec<_>>();
        let together = due([vec![base.clone()], tops.to_vec()].concat());
        prop_assert!(together.is_sorted());
        let mut apart = [due(vec![base.clone()]), due(vec![tops[0].clone()]), due(vec![tops[1].clone()])].concat();
        apart.sort_unstable();
        prop_assert_eq!(together, apart, "each stream is due as it is alone");
        prop_assert_eq!(due(vec![base.clone()]), ArrivalProcess::Poisson.due_times(&base.curve, Seed(seed)).collect::<Vec<_>>());
    }

    #[test]
    fn the_rate_of_all_streams_is_the_sum_of_their_rates(a in any_lines(), b in any_lines(), part in 0.0..1.1_f64) {
        let (one, other) = (curve(&a), curve(&b));
        let sum = RateCurve::sum(&[&one, &other]).expect("two");
        prop_assert_eq!(sum.duration(), one.duration().max(other.duration()));
        let t = RunOffset::from_micros(1) + Span::from_secs_f64(part * sum.duration().as_secs_f64());
        prop_assert!((sum.rate_at(t) - one.rate_at(t) - other.rate_at(t)).abs() < 1e-5);
        prop_assert!((sum.n_expected() - one.n_expected() - other.n_expected()).abs() < 1e-3);
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
fn processes_out_of_range_are_refused() {
    for cv in [0.0, -1.0, 0.009, 20.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Gamma::new(cv), None, "{cv}");
    }
    let (short, long) = (Span::from_micros(999), Span::from_secs(1));
    for (calm, burst, ratio) in
        [(short, long, 2.0), (long, short, 2.0), (long, long, 1.0), (long, long, 1_001.0), (long, long, f64::NAN)]
    {
        assert_eq!(Mmpp::new(calm, burst, ratio), None, "{calm} {burst} {ratio}");
    }
}

#[test]
fn bursts_come_at_the_same_moments_at_whatever_rate() {
    // Nearly all journeys come in bursts, so the seconds that have them tell when those were.
    let bursts = Mmpp::new(Span::from_secs(9), Span::from_secs(1), 1_000.0).expect("in range");
    let counts = |rate: f64, seed| {
        let curve = curve(&[line(rate, rate, 200)]);
        let mut by_second = [0.0; 200];
        for due in ArrivalProcess::Mmpp(bursts).due_times(&curve, Seed(seed)) {
            by_second[usize::try_from(due.as_nanos() / 1_000_000_000).expect("small")] += 1.0;
        }
        by_second
    };
    // Given the bursts, counts are Poisson: the difference of the two relative rates has this standard error.
    let (slow, fast) = (counts(100.0, 3), counts(300.0, 3));
    let is_alike = |(a, b): (&f64, &f64)| (a / 100.0 - b / 300.0).abs() <= 5.0 * (a / 1e4 + b / 9e4).sqrt() + 0.05;
    assert!(slow.iter().zip(&fast).all(is_alike), "{slow:?} {fast:?}");
    let others = counts(300.0, 4);
    assert!(!slow.iter().zip(&others).all(is_alike), "another seed has other bursts");
    assert!(fast.iter().any(|c| *c > 1_000.0), "there are bursts at all: {fast:?}");
}

#[test]
fn lines_that_are_no_curve_are_refused() {
    assert_eq!(RateCurve::new(&[]), Err(CurveError::Empty));
    let wrong = |l| RateCurve::new(&[line(1.0, 1.0, 1), l]).expect_err("refused").to_string();
    assert_eq!(wrong(line(-1.0, 1.0, 1)), "a rate must be between 0 and 10,000,000/s, but stretch 2 has -1/s");
    assert_eq!(wrong(line(1.0, 1.0, 0)), "a stretch must last between 1 ns and 31 days, but stretch 2 lasts 0 ns");
    assert!(RateCurve::new(&[line(f64::NAN, 1.0, 1)]).is_err());
}
