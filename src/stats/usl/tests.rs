use super::*;
use crate::seed::Seed;
use crate::stats::Draws;
use crate::stats::printed::assert_printed;

/// SPEC SDM91, as in the R package `usl`: virtual users and scripts an hour.
const SPEC: [(f64, f64); 7] = [
    (1.0, 64.9),
    (18.0, 995.9),
    (36.0, 1_652.4),
    (72.0, 1_853.2),
    (108.0, 1_828.9),
    (144.0, 1_775.0),
    (216.0, 1_702.2),
];

/// Throughput of a router at concurrency 1 to 32: B. Schwartz, *Practical Scalability Analysis with the Universal
/// Scalability Law*, 2015.
const ROUTER: [f64; 32] = [
    955.16, 1_878.91, 2_688.01, 3_548.68, 4_315.54, 5_130.43, 5_931.37, 6_531.08, 7_219.8, 7_867.61, 8_278.71, 8_646.7,
    9_047.84, 9_426.55, 9_645.37, 9_897.24, 10_097.6, 10_240.5, 10_532.39, 10_798.52, 11_151.43, 11_518.63, 11_806.0,
    12_089.37, 12_075.41, 12_177.29, 12_211.41, 12_158.93, 12_155.27, 12_118.04, 12_140.4, 12_074.39,
];

fn router() -> Vec<(f64, f64)> {
    (1..=32).map(f64::from).zip(ROUTER).collect()
}

/// Published in the tests of the R package `usl` 3.0.0, to the digits there; longer ones from a fit with `SciPy`.
#[test]
fn the_fit_of_spec_agrees_with_the_published_one() {
    let fit = fit_usl(&SPEC).unwrap();
    assert_printed("sigma", fit.sigma.value, "0.0277285");
    assert_printed("kappa", fit.kappa.value, "0.000104365");
    assert_printed("lambda", fit.lambda.value, "89.9952");
    assert_printed("standard error of lambda", fit.standard_errors[0], "14.21");
    assert_printed("standard error of sigma", fit.standard_errors[1], "0.009122");
    assert_printed("standard error of kappa", fit.standard_errors[2], "1.988e-05");
    assert_printed("residual", fit.residual, "82.85");
    assert_eq!(fit.df, 4);
    assert_printed("peak", fit.peak_n().unwrap(), "96.51956");
    assert_printed("peak throughput", fit.peak_x().unwrap(), "1884");
    for ((n, _), fitted) in SPEC.iter().zip(["90", "1078", "1541", "1850", "1879", "1822", "1646"]) {
        assert_printed(&format!("at {n}"), fit.at(*n), fitted);
    }
    // Student's t with 4 degrees of freedom is 2.776: 0.0277285 ± 2.776 · 0.009122.
    assert_printed("low", fit.sigma.low, "0.00240");
    assert_printed("high", fit.sigma.high, "0.05305");
}

/// The book's values hold to 0.02 %, the tolerance its other readers use; the longer ones are from a fit with `SciPy`.
#[test]
fn the_fit_of_the_router_agrees_with_the_published_one() {
    let fit = fit_usl(&router()).unwrap();
    assert_printed("sigma", fit.sigma.value, "0.02671595");
    assert_printed("kappa", fit.kappa.value, "0.000769094");
    assert_printed("lambda", fit.lambda.value, "995.6488");
    assert_printed("standard error of lambda", fit.standard_errors[0], "28.69837");
    assert_printed("standard error of sigma", fit.standard_errors[1], "0.004493828");
    assert_printed("standard error of kappa", fit.standard_errors[2], "8.645446e-5");
    assert_printed("residual", fit.residual, "187.8967");
    for (got, book) in [
        (fit.sigma.value, 0.026_715_91),
        (fit.kappa.value, 0.000_769_094_5),
        (fit.lambda.value, 995.648_6),
        (fit.at(1.0), 995.648_772_003_358),
        (fit.at(20.0), 11_063.633_125_704_36),
        (fit.at(35.0), 12_341.745_655_201_905),
    ] {
        assert!((got / book - 1.0).abs() < 2e-4, "{got} for {book}");
    }
}

#[test]
fn the_law_is_found_again_in_its_own_points_and_lies_in_its_band() {
    let law = [50.0, 0.03, 0.000_5];
    let mut draws = Draws::new(Seed(2), "usl", 0);
    // The sum of 12 uniforms less 6 is nearly normal with standard deviation 1.
    let mut noise = || (0..12).map(|_| draws.unit()).sum::<f64>() - 6.0;
    let mut n_inside = 0;
    for _ in 0..200 {
        let points: Vec<(f64, f64)> =
            (1..=20).map(|k| f64::from(k * 4)).map(|n| (n, throughput(law, n) + 5.0 * noise())).collect();
        let fit = fit_usl(&points).unwrap();
        let (low, high) = fit.band(40.0);
        n_inside += u32::from(low <= throughput(law, 40.0) && throughput(law, 40.0) <= high);
    }
    // 95 % of 200 is 190; five standard errors are 15.
    assert!(n_inside >= 175, "{n_inside} of 200");
}

#[test]
fn a_straight_line_has_neither_contention_nor_a_peak() {
    let points: Vec<(f64, f64)> = (1..=8).map(f64::from).map(|n| (n, 100.0 * n)).collect();
    let fit = fit_usl(&points).unwrap();
    assert_printed("lambda", fit.lambda.value, "100.000000");
    assert!(fit.sigma.value < 1e-9 && fit.kappa.value < 1e-9, "{fit:?}");
}

#[test]
fn gains_above_linear_are_held_at_no_contention() {
    // Throughput per user rises: σ alone would come out negative.
    let points: Vec<(f64, f64)> = (1..=8).map(f64::from).map(|n| (n, 100.0 * n.powf(1.1))).collect();
    let fit = fit_usl(&points).unwrap();
    assert!(fit.sigma.value >= 0.0 && fit.kappa.value >= 0.0, "{fit:?}");
    assert!(fit.peak_n().is_none_or(|n| n > 8.0));
}

#[test]
fn points_that_cannot_be_fitted_are_refused() {
    assert_eq!(fit_usl(&SPEC[..3]), Err(UslError::TooFew(3)));
    assert_eq!(fit_usl(&[(1.0, 2.0); 9]), Err(UslError::TooFew(1)));
    assert_eq!(fit_usl(&[(1.0, 2.0), (2.0, 0.0)]), Err(UslError::NotPositive(1)));
    assert_eq!(fit_usl(&[(f64::NAN, 2.0)]), Err(UslError::NotPositive(0)));
}
