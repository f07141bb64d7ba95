//! Checks against values computed with mpmath 1.3 at 40 to 60 digits, printed to 11: `loggamma` sums for the beta
//! function; `betainc`, and for large parameters `quad` over the density, for its incomplete form; `gammainc`, `ncdf`
//! and bisection on `betainc` for the rest. Arguments are the doubles nearest to what is written.

use super::*;
use crate::stats::printed::assert_printed;

/// Within half a unit of the tenth significant digit; below the range of doubles 0 is meant.
fn assert_ten_digits(what: &str, got: f64, expected: &str) {
    let expected: f64 = expected.parse().unwrap();
    assert!((got - expected).abs() <= 5e-11 * expected.abs(), "{what}: got {got}, expected {expected}");
}

#[test]
fn ln_beta_keeps_ten_digits_up_to_counts_of_1e9() {
    for (a, b, expected) in [
        (0.5, 0.5, "1.1447298858"),
        (2.0, 3.0, "-2.4849066498"),
        (0.001, 0.7, "6.9083974930"),
        (9.9, 10.1, "-13.735177544"),
        (0.001, 1e9, "6.8864556195"),
        (3.0, 1e9, "-61.476650333"),
        (10.0, 1e9, "-194.43083093"),
        (1e5, 1e9, "-1021043.8745"),
        (123_456.5, 987_654.25, "-387595.45577"),
        (1e9, 1e9, "-1386294370.2"),
    ] {
        assert_printed(&format!("ln B({a}, {b})"), ln_beta(a, b), expected);
        assert_printed(&format!("ln B({b}, {a})"), ln_beta(b, a), expected);
    }
}

#[test]
fn both_tails_of_the_incomplete_beta_keep_ten_digits_however_small() {
    for (x, a, b, lower, upper) in [
        (0.3, 5.0, 7.0, "-1.5591982407370", "-0.23610799939958"),
        (0.7, 5.0, 7.0, "-0.021856268696903", "-3.8341757321118"),
        (0.5, 0.5, 0.5, "-0.69314718055995", "-0.69314718055995"),
        (1e-6, 0.5, 20.0, "-5.2953625873348", "-0.0050274120289600"),
        (0.05, 2.0, 40.0, "-0.48700570030569", "-0.95311948683391"),
        (0.01, 100.0, 50.0, "-369.30022219295", "-4.1205134487854e-161"),
        (0.001, 400.0, 600.0, "-2094.8585954203", "-1.6385950604746e-910"),
        (0.5, 120.5, 80.25, "-6.1460170873760", "-0.0021442935413795"),
        (0.05, 5e4, 1e6, "-8.0867067595385e-30", "-66.987331217087"),
        (0.01, 1e7, 1.0005e9, "-8.7510872807374e-243", "-557.35899964425"),
        (0.5, 1e9, 1e9, "-0.69314718055995", "-0.69314718055995"),
        (0.49995, 1e9, 1e9, "-12.461711490396", "-3.8721155197877e-6"),
        (0.4, 1e9, 1e9, "-40822004.537962", "-4.8857752870555e-17728772"),
        (0.01, 1e7, 9.8e8, "-512.83909884697", "-1.8915127215338e-223"),
        (1e-9, 3.0, 1e9, "-2.5219682565955", "-0.083709268425845"),
    ] {
        assert_ten_digits(&format!("ln I_{x}({a}, {b})"), ln_beta_inc(x, a, b), lower);
        assert_ten_digits(&format!("ln (1 - I_{x}({a}, {b}))"), ln_beta_inc_upper(x, a, b), upper);
    }
}

#[test]
fn the_incomplete_beta_ends_where_it_should() {
    assert!(ln_beta_inc(0.0, 2.0, 3.0).is_infinite() && ln_beta_inc_upper(1.0, 2.0, 3.0).is_infinite());
    assert_printed("all", ln_beta_inc(1.0, 2.0, 3.0), "0.0000000000000000");
    // a = 1e-3: nearly everything lies at 0. 1 - I = 1 - 0.3^0.001 for b = 1.
    assert_printed("small a", ln_beta_inc_upper(0.3, 1e-3, 1.0), "-6.7227304461");
    assert!(ln_beta_inc(f64::NAN, 1.0, 1.0).is_nan());
}

#[test]
fn beta_quantiles_invert_both_tails() {
    for (p, a, b) in [(0.025, 1.0, 10.0), (0.975, 1.0, 10.0), (1e-12, 300.0, 2.0), (0.3, 1e6, 1e8), (0.999, 0.5, 0.5)] {
        let x = beta_quantile(p, a, b);
        assert!((ln_beta_inc(x, a, b).exp() / p - 1.0).abs() < 1e-9, "I_{x}({a}, {b}) for {p}");
    }
    assert!(beta_quantile(0.0, 2.0, 2.0) <= 0.0 && beta_quantile(1.0, 2.0, 2.0) >= 1.0);
}

#[test]
fn both_tails_of_the_incomplete_gamma_agree() {
    for (a, x, p, q) in [
        (0.5, 0.2, "-0.74884861203", "-0.64038537692"),
        (3.0, 7.0, "-0.030084189030", "-3.5187599107"),
        (25.0, 10.0, "-9.9664405275", "-4.6950483584e-5"),
        (25.0, 60.0, "-1.0958807713e-7", "-16.026537308"),
        (1e4, 1e4, "-0.69049109440", "-0.69581034030"),
    ] {
        assert_printed(&format!("ln P({a}, {x})"), ln_gamma_p(a, x), p);
        assert_printed(&format!("ln Q({a}, {x})"), ln_gamma_q(a, x), q);
    }
}

#[test]
fn the_normal_distribution_agrees_far_into_its_tails() {
    for (z, p) in [
        (-37.0, "5.7255712225e-300"),
        (-10.0, "7.6198530242e-24"),
        (-5.0, "2.8665157188e-7"),
        (-1.5, "0.066807201269"),
        (0.25, "0.59870632568"),
        (3.0, "0.99865010197"),
    ] {
        assert_printed(&format!("Φ({z})"), normal_cdf(z), p);
    }
    for (p, z) in [
        (1e-300, "-37.047096299"),
        (1e-20, "-9.2623400898"),
        (1e-6, "-4.7534243088"),
        (0.025, "-1.9599639845"),
        (0.3, "-0.52440051271"),
        (0.5, "0.0000000000"),
        (0.8, "0.84162123357"),
        (0.975, "1.9599639845"),
        (0.999_999, "4.7534243088"),
    ] {
        assert_printed(&format!("z of {p}"), normal_quantile(p), z);
    }
    assert!(normal_quantile(0.0) == f64::NEG_INFINITY && normal_quantile(1.0) == f64::INFINITY);
    assert!(normal_quantile(1.1).is_nan());
}

#[test]
fn students_quantiles_agree() {
    for (p, df, t) in [
        (0.975, 1.0, "12.706204736"),
        (0.975, 2.0, "4.3026527297"),
        (0.975, 4.0, "2.7764451052"),
        (0.975, 29.0, "2.0452296421"),
        (0.95, 10.5, "1.8037426933"),
        (0.995, 1e3, "2.5807546981"),
        (0.6, 3.0, "0.27667066233"),
        (0.975, 1e6, "1.9599663568"),
        (1e-8, 5.0, "-62.404506111"),
        (0.5, 7.0, "0.0000000"),
    ] {
        assert_printed(&format!("t of {p} with {df}"), student_quantile(p, df), t);
    }
    assert_printed("inverse", student_cdf(2.776_445_105_2, 4.0), "0.9750000000");
    assert!(student_quantile(0.5, 0.0).is_nan());
}

#[test]
fn deviances_do_not_cancel() {
    // x ln(x/m) + m - x at x = m (1 + e) is m (e²/2 - e³/6 + ...).
    assert_printed("near", deviance(1e9 + 1.0, 1e9), "4.99999999833e-10");
    assert_printed("far", deviance(3.0, 1.0), "1.29583686600");
}
