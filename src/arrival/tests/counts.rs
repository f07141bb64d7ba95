//! Counts of every process against theory: mean, variance, and so the index of dispersion.
//!
//! A process is run many times with seeds of their own, and each run counted over one window, so the counts are
//! independent. With the mean `m` and the variance `v` of theory, their average has the standard error `sqrt(v / n)`, and
//! the average of `(N - m)^2`, whose expectation is `v`, has `sqrt((m4 - v^2) / n)`; the fourth moment is taken from the
//! counts. Five standard errors are allowed; a process that is right would miss them once in a million times.

use super::*;

const ERRORS: f64 = 5.0;

/// How many are due within `window` (seconds), in each of `n` runs.
fn counts(load: &Superposition, window: (f64, f64), n: u64) -> Vec<f64> {
    let [from, to] = [window.0, window.1].map(|s| RunOffset::ZERO + Span::from_secs_f64(s));
    let count = |seed| load.due_times(Seed(seed)).skip_while(|t| *t < from).take_while(|t| *t < to).count() as f64;
    (0..n).map(count).collect()
}

/// Whether counts have this mean and variance, as far as they can tell.
fn compare(counts: &[f64], mean: f64, variance: f64) -> Result<(), String> {
    let average = |of: &dyn Fn(f64) -> f64| counts.iter().map(|c| of(*c)).sum::<f64>() / counts.len() as f64;
    let n = counts.len() as f64;
    let off = (average(&|c| c) - mean) / (variance / n).sqrt();
    if off.abs() > ERRORS {
        return Err(format!("mean is off by {off:.1} standard errors of theory's {mean}"));
    }
    let (second, fourth) = (average(&|c| (c - mean).powi(2)), average(&|c| (c - mean).powi(4)));
    let off = (second - variance) / ((fourth - second * second) / n).sqrt();
    if off.abs() > ERRORS {
        let dispersion = (second / mean, variance / mean);
        return Err(format!("variance is off by {off:.1} standard errors; dispersion {dispersion:?}"));
    }
    Ok(())
}

fn check(name: &str, load: &Superposition, window: (f64, f64), theory: (f64, f64)) {
    let counts = counts(load, window, 4_000);
    compare(&counts, theory.0, theory.1).unwrap_or_else(|off| panic!("{name} over {window:?}: {off}"));
}

fn one(process: ArrivalProcess, lines: &[RateLine]) -> Superposition {
    Superposition::new(vec![Stream { name: None, process, curve: curve(lines) }]).expect("one")
}

fn gamma(cv: f64) -> ArrivalProcess {
    ArrivalProcess::Gamma(Gamma::new(cv).expect("in range"))
}

/// Area under the lines within the window, by the plain formula.
fn area(lines: &[RateLine], window: (f64, f64)) -> f64 {
    let mut start = 0.0;
    let mut sum = 0.0;
    for line in lines {
        let lasts = line.lasts.as_secs_f64();
        let (a, b) = ((window.0 - start).clamp(0.0, lasts), (window.1 - start).clamp(0.0, lasts));
        let rate = |t: f64| line.from + (line.to - line.from) * t / lasts;
        sum += f64::midpoint(rate(a), rate(b)) * (b - a);
        start += lasts;
    }
    sum
}

/// Variance of the counts of an equilibrium renewal process whose gaps have mean 1, this variance and this third central
/// moment, over `m` mean gaps. Cox, *Renewal Theory*, section 4.5.
fn renewal_variance(m: f64, variance: f64, third: f64) -> f64 {
    variance * m + 1.0 / 6.0 + variance * variance / 2.0 - third / 3.0
}

/// Variance of the counts of a two-state MMPP under lines within the window: the area, and twice the integral of the
/// rate's autocovariance over all pairs of moments, in steps.
fn mmpp_variance(lines: &[RateLine], window: (f64, f64), calm: f64, burst: f64, ratio: f64) -> f64 {
    const STEPS: u32 = 600;
    let step = (window.1 - window.0) / f64::from(STEPS);
    let starts = (0..STEPS).map(|k| window.0 + f64::from(k) * step);
    let parts: Vec<f64> = starts.map(|a| area(lines, (a, a + step))).collect();
    let (p, q, pace) = (calm / (calm + burst), burst / (calm + burst), (calm + burst) / (calm + ratio * burst));
    let (scale, rate) = ((pace * (ratio - 1.0)).powi(2) * p * q, calm.recip() + burst.recip());
    let pairs: f64 = parts
        .iter()
        .enumerate()
        .map(|(i, x)| {
            let fade = |j: usize| (-rate * step * i.abs_diff(j) as f64).exp();
            parts.iter().enumerate().map(|(j, y)| x * y * fade(j)).sum::<f64>()
        })
        .sum();
    area(lines, window) + scale * pairs
}

const HOLD: &[RateLine] = &[RateLine { from: 40.0, to: 40.0, lasts: Span::from_secs(20) }];

/// Up, and down more steeply, over a stretch of nothing.
const RAMPS: &[RateLine] = &[
    RateLine { from: 0.0, to: 60.0, lasts: Span::from_secs(2) },
    RateLine { from: 0.0, to: 0.0, lasts: Span::from_secs(1) },
    RateLine { from: 80.0, to: 20.0, lasts: Span::from_secs(1) },
];

#[test]
fn poisson_counts_spread_as_their_mean() {
    for (lines, window) in [(HOLD, (0.0, 1.0)), (HOLD, (0.7, 0.8)), (RAMPS, (1.0, 3.5))] {
        let mean = area(lines, window);
        check("poisson", &one(ArrivalProcess::Poisson, lines), window, (mean, mean));
    }
}

#[test]
fn gamma_counts_spread_by_the_square_of_the_cv() {
    for cv in [0.5_f64, 1.0, 2.0] {
        for (lines, window) in [(HOLD, (0.0, 1.0)), (HOLD, (0.3, 1.3)), (RAMPS, (0.5, 4.0))] {
            let mean = area(lines, window);
            let variance = renewal_variance(mean, cv.powi(2), 2.0 * cv.powi(4));
            check(&format!("gamma {cv}"), &one(gamma(cv), lines), window, (mean, variance));
        }
    }
}

#[test]
fn counts_of_bursts_spread_more_the_longer_one_looks() {
    let (calm, burst, ratio) = (0.4, 0.1, 6.0);
    let process = Mmpp::new(Span::from_millis(400), Span::from_millis(100), ratio).expect("in range");
    let mut dispersions = Vec::new();
    for (lines, window) in [(HOLD, (0.0, 0.05)), (HOLD, (0.0, 0.5)), (HOLD, (0.2, 2.2)), (RAMPS, (0.5, 4.0))] {
        let mean = area(lines, window);
        let variance = mmpp_variance(lines, window, calm, burst, ratio);
        check("mmpp", &one(ArrivalProcess::Mmpp(process), lines), window, (mean, variance));
        dispersions.push(variance / mean);
    }
    assert!(dispersions[0] < dispersions[1] && dispersions[1] < dispersions[2], "{dispersions:?}");
}

#[test]
fn the_sum_in_steps_is_the_formula_of_the_process() {
    // The closed form in the documentation of `Mmpp`, at a rate that holds.
    let (calm, burst, ratio, rate, secs) = (0.4_f64, 0.1_f64, 6.0, 40.0, 2.0);
    // Shares 0.8 and 0.2; paces 0.5 and 3, as 0.8 * 0.5 + 0.2 * 3 = 1; states end 2.5 and 10 times a second.
    let (shares, paces_apart, ends) = (0.8 * 0.2, 2.5_f64, 12.5_f64);
    let overlap = (secs - (1.0 - (-ends * secs).exp()) / ends) / ends;
    let closed = rate * secs + 2.0 * (rate * paces_apart).powi(2) * shares * overlap;
    let stepped = mmpp_variance(HOLD, (0.0, secs), calm, burst, ratio);
    assert!((stepped / closed - 1.0).abs() < 1e-3, "{stepped} {closed}");
}

#[test]
fn counts_of_a_shape_spread_as_its_gaps() {
    let table = bursty().normalised().expect("positive");
    let moment = |of: &dyn Fn(f64) -> f64| {
        let n = 200_000;
        (0..n).map(|k| of(table.at((f64::from(k) + 0.5) / f64::from(n)))).sum::<f64>() / f64::from(n)
    };
    let (variance, third) = (moment(&|x| (x - 1.0).powi(2)), moment(&|x| (x - 1.0).powi(3)));
    let load = one(ArrivalProcess::Shape(bursty()), &[line(400.0, 400.0, 1)]);
    let counts = counts(&load, (0.0, 1.0), 1_000);
    compare(&counts, 400.0, renewal_variance(400.0, variance, third)).unwrap_or_else(|off| panic!("{off}"));
}

#[test]
fn a_scaled_trace_spreads_by_its_copies_and_within_its_intervals() {
    // 7 in each of 100 intervals of 1 s, at 1.3 copies each, over 50 intervals and half of one.
    let data = TraceData::parse_counts(&"7\n".repeat(100), Span::from_secs(1)).expect("a trace");
    let trace = TraceArrivals::new(data.into(), Span::ZERO, None, Span::from_secs(100), 1.3).expect("not empty");
    let load = one(ArrivalProcess::Trace(trace), &[line(9.1, 9.1, 100)]);
    // A copy more with probability 0.3: variance 0.21. In half an interval each copy lies with probability 1/2.
    let (mean, variance) = (350.0 * 1.3 + 7.0 * 0.65, 350.0 * 0.21 + 7.0 * (1.3 + 0.21) / 4.0);
    check("trace", &load, (10.0, 60.5), (mean, variance));
}

#[test]
fn means_and_variances_of_streams_add_up() {
    let bursts = Mmpp::new(Span::from_millis(400), Span::from_millis(100), 6.0).expect("in range");
    let stream = |name: Option<&str>, process| Stream { name: name.map(Arc::from), process, curve: curve(HOLD) };
    let streams = vec![
        stream(None, ArrivalProcess::Poisson),
        stream(Some("a"), gamma(2.0)),
        // The same process again: it must not be due when the other is.
        stream(Some("b"), gamma(2.0)),
        stream(Some("c"), ArrivalProcess::Mmpp(bursts)),
    ];
    let window = (0.0, 1.0);
    let variance = 40.0 + 2.0 * renewal_variance(40.0, 4.0, 32.0) + mmpp_variance(HOLD, window, 0.4, 0.1, 6.0);
    check("sum", &Superposition::new(streams).expect("four"), window, (160.0, variance));
}

#[test]
fn constant_counts_are_their_area_wherever_one_looks() {
    let load = one(ArrivalProcess::Constant, RAMPS);
    for k in 0..40_u32 {
        let window = (f64::from(k) * 0.09, f64::from(k) * 0.09 + 0.4);
        let count = counts(&load, window, 1)[0];
        assert!((count - area(RAMPS, window)).abs() < 1.0, "{window:?}: {count}");
    }
}

/// A checker never seen failing is not yet a checker.
#[test]
fn another_process_is_told_apart() {
    let poisson = counts(&one(ArrivalProcess::Poisson, HOLD), (0.0, 1.0), 4_000);
    let refused = |mean, variance| compare(&poisson, mean, variance).expect_err("another law");
    assert!(refused(40.8, 40.8).starts_with("mean"));
    assert!(refused(40.0, renewal_variance(40.0, 1.21, 2.0 * 1.21_f64.powi(2))).starts_with("variance"));
    assert!(refused(40.0, 30.0).starts_with("variance"));
}
