use super::*;
use crate::measure::{Curve, MoneyRow, SecondMeasures};
use crate::report::sample;

fn check_sound(plots: &[Plot]) {
    for plot in plots {
        let svg = &plot.svg;
        assert!(!svg.contains("NaN") && !svg.contains("inf,") && !svg.contains("\"inf"), "{}: {svg}", plot.name);
        assert!(svg.starts_with("<svg role=\"img\""), "{}", plot.name);
        assert!(svg.contains("<title id=") && svg.contains("<desc id="), "{}", plot.name);
        assert!(!plot.caption.is_empty() && !plot.title.is_empty());
    }
}

#[test]
fn every_plot_says_what_its_axes_mean_and_in_which_unit() {
    let plots = all(&sample::measures(), &sample::failed());
    check_sound(&plots);
    let described = [
        ("money-cny", "sum (CNY)", "payments by card"),
        ("rate", "time since the start (s)", "journeys per second"),
        ("response", "time since the start (s)", "response time (ms)"),
        ("tail", "quantile", "time (ms)"),
        ("outcome", "time since the start (s)", "journeys ended per second"),
        ("lag", "time since the start (s)", "lag (ms)"),
    ];
    assert_eq!(plots.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), described.map(|(name, ..)| name));
    for (plot, (_, x, y)) in plots.iter().zip(described) {
        assert!(plot.svg.contains(&format!("\n{x}\n")), "{}: no `{x}`", plot.name);
        assert!(plot.svg.contains(&format!("\n{y}\n")), "{}: no `{y}`", plot.name);
    }
}

#[test]
fn the_same_data_gives_the_same_picture() {
    let svgs = || all(&sample::measures(), &sample::failed()).into_iter().map(|p| p.svg).collect::<Vec<_>>();
    assert_eq!(svgs(), svgs());
}

#[test]
fn without_data_each_plot_says_so() {
    let plots = all(&Measures::default(), &sample::failed());
    check_sound(&plots);
    assert_eq!(plots.len(), 6);
    for plot in plots {
        assert!(plot.svg.contains("no data"), "{}", plot.name);
    }
}

#[test]
fn one_sample_and_monstrous_values_are_drawn() {
    let second = SecondMeasures {
        second: 0,
        due: u64::MAX,
        started: u64::MAX,
        ok: u64::MAX,
        dropped: 1,
        p50_us: f64::INFINITY,
        p99_us: f64::MAX,
        lag_p99_us: 1.0,
        ..SecondMeasures::default()
    };
    let measures = Measures {
        schedule_s: f64::NAN,
        warm_up_s: 1e300,
        seconds: vec![second],
        curves: vec![Curve { name: "all".to_owned(), points: vec![(0.0, 1.0, f64::NAN), (1.0, 9.0, 9.0)] }],
        money: vec![MoneyRow {
            what: "a kind with a name that is longer than any margin <&>".to_owned(),
            currency: "CNY".to_owned(),
            platform: Some((1, i64::MAX)),
            posted: Some((1, i64::MIN)),
            ..MoneyRow::default()
        }],
        ..Measures::default()
    };
    check_sound(&all(&measures, &sample::failed()));
}

#[test]
fn a_disagreement_of_the_books_is_written_into_the_picture() {
    let plots = all(&sample::measures(), &sample::failed());
    assert!(plots[0].svg.contains("\ndiffer by 262.50\n"), "{}", plots[0].svg);
    assert!(plots[0].svg.contains("\nagree\n"));
}
