use crate::capacity::trend::trend;
use crate::seed::Seed;
use crate::stats::{Draws, student_quantile};

/// How often, of 400 series that grow by 5 a second, the interval of 95 % holds the growth; and the mean error told.
fn coverage(series: impl Fn(&mut Draws) -> (Vec<f64>, Vec<f64>)) -> (u32, f64) {
    let (mut within, mut errors) = (0, 0.0);
    for i in 0..400 {
        let (y, more) = series(&mut Draws::new(Seed(11), "trend", i));
        let trend = trend(&y, &more, 0.1).expect("long enough");
        within += u32::from((trend.slope - 5.0).abs() <= student_quantile(0.975, trend.freedom) * trend.error);
        errors += trend.error / 400.0;
    }
    (within, errors)
}

/// Near enough to normal: the sum of four even ones, with variance 1.
fn chance(draws: &mut Draws) -> f64 {
    (0..4).map(|_| draws.unit() - 0.5).sum::<f64>() * 3.0_f64.sqrt()
}

fn grown(t: i32) -> f64 {
    0.5 * f64::from(t)
}

#[test]
fn a_number_that_comes_back_is_known_as_well_as_its_error_says() {
    let (within, _) = coverage(|draws| {
        let mut noise = 0.0;
        let mut next = |t| {
            noise = 0.6 * noise + chance(draws);
            grown(t) + noise
        };
        ((0..200).map(&mut next).collect(), vec![0.0; 200])
    });
    assert!(within >= 360, "{within} of 400");
}

/// A line by least squares tells of these errors a third of what they are.
#[test]
fn a_number_that_wanders_is_known_as_well_as_its_error_says() {
    let (within, _) = coverage(|draws| {
        let mut walk = 0.0;
        let mut next = |t| {
            walk += chance(draws);
            grown(t) + walk
        };
        ((0..200).map(&mut next).collect(), vec![0.0; 200])
    });
    assert!(within >= 370, "{within} of 400");
}

/// Three quarters of what happens by chance is chance among arrivals, which are known.
#[test]
fn chance_among_arrivals_is_taken_out() {
    let walks = |is_told: bool| {
        coverage(move |draws| {
            let (mut walk, mut more) = (0.0, 0.0);
            let mut both = |t| {
                let came = 3.0_f64.sqrt() * chance(draws);
                more += came;
                walk += came + chance(draws);
                (grown(t) + walk, if is_told { more } else { 0.0 })
            };
            (0..200).map(&mut both).unzip()
        })
    };
    let ((told_within, told), (_, untold)) = (walks(true), walks(false));
    assert!(told_within >= 370, "{told_within} of 400");
    assert!((0.4..0.65).contains(&(told / untold)), "half the error: {told} of {untold}");
}
