//! Campaigns: the rate goes where it should, and its area is that of the formula.

use super::*;

fn spike(half_life: Option<u64>) -> Spike {
    let half_life = half_life.map(Span::from_secs);
    Spike { from: 50.0, peak: 850.0, rise: Span::from_secs(4), stay: Span::from_secs(6), half_life }
}

fn rate(curve: &RateCurve, secs: f64) -> f64 {
    curve.rate_at(RunOffset::ZERO + Span::from_secs_f64(secs))
}

#[test]
fn a_spike_rises_stays_and_halves_again_and_again() {
    let curve = curve(&spike_lines(&spike(Some(10)), Span::from_secs(60)));
    assert_eq!(curve.duration(), Span::from_secs(60));
    for (at, wanted) in
        [(0.0, 50.0), (2.0, 450.0), (4.0, 850.0), (9.9, 850.0), (20.0, 450.0), (30.0, 250.0), (50.0, 100.0)]
    {
        assert!((rate(&curve, at) - wanted).abs() < 1e-3, "{at} s: {}", rate(&curve, at));
    }
}

#[test]
fn without_a_half_life_it_stays_at_its_peak() {
    let lines = spike_lines(&spike(None), Span::from_secs(60));
    assert_eq!(lines.len(), 3, "up, stay, and on");
    let curve = curve(&lines);
    assert!((rate(&curve, 59.9) - 850.0).abs() < 1e-6);
    assert!((curve.n_expected() - (450.0 * 4.0 + 850.0 * 56.0)).abs() < 1e-6);
}

#[test]
fn after_many_half_lives_it_is_back_where_it_came_from() {
    let curve = curve(&spike_lines(&spike(Some(1)), Span::from_secs(60)));
    assert!((rate(&curve, 31.0) - 50.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(fixed(64))]

    #[test]
    fn the_area_is_that_of_the_formula(
        from in 0.0..100.0_f64, more in 1.0..2_000.0_f64, rise in 1_u64..20_000, stay in 0_u64..20_000,
        half_life in 10_u64..60_000, rest in 0_u64..120_000,
    ) {
        let of = |ms| Span::from_millis(ms);
        let spike = Spike { from, peak: from + more, rise: of(rise), stay: of(stay), half_life: Some(of(half_life)) };
        let lasts = of(rise + stay + rest);
        let found: f64 = spike_lines(&spike, lasts).iter().map(RateLine::n_expected).sum();
        let [rise, stay, half_life, rest] = [rise, stay, half_life, rest].map(|ms| ms as f64 / 1e3);
        let decay = half_life / std::f64::consts::LN_2 * (1.0 - (-rest / half_life).exp2());
        let exact = from * lasts.as_secs_f64() + more * (rise / 2.0 + stay + decay);
        // A chord lies above the exponential by at most (ln 2 / 16)^2 / 8 of its value at the chord's start, 0.025 % of that
        // at any place; and what is left after twenty half-lives is cut off.
        let excess = found - exact;
        prop_assert!(-2e-6 * more * (rest + half_life) <= excess && excess <= 0.000_25 * more * decay + 1e-6, "{excess} of {exact}");
    }

    #[test]
    fn a_spike_may_be_cut_anywhere(ms in 1_u64..30_000) {
        let lines = spike_lines(&spike(Some(3)), Span::from_millis(ms));
        let whole = curve(&spike_lines(&spike(Some(3)), Span::from_secs(60)));
        let cut = curve(&lines);
        prop_assert_eq!(cut.duration(), Span::from_millis(ms));
        let area = whole.area_until(ms * 1_000_000) as f64 / curve::JOURNEY as f64;
        prop_assert!((cut.n_expected() - area).abs() < 1e-3);
    }
}
