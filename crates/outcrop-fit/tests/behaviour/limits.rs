//! The nested limits of the emergence curve, fitted alone and as borders of the whole.

use outcrop_fit::{
    CRITICALLY_DAMPED, EMERGENCE, FIRST_ORDER_STEP, FitOptions, Fitted, LOG_ONLY, Observations,
    Series, Weighting, hypothesis,
};

use crate::simulate::{early_peak, normal, observed, seeded, series, steps, trial, uniform};

fn fitted(name: &str, series: &Series, options: &FitOptions) -> Fitted {
    let observations = Observations::new(series, options).unwrap();
    hypothesis(name).unwrap().fit(&observations).unwrap()
}

fn sse(name: &str, series: &Series, options: &FitOptions) -> f64 {
    fitted(name, series, options).goodness.sse
}

fn raw() -> FitOptions {
    FitOptions::default().with_weighting(Weighting::Raw)
}

/// In the corner beta = 0, tau0 = infinity two columns run into each other and the curve is a
/// parabola: the difference of numbers so large that six or seven digits of it remain.
const CORNER: f64 = 1e-5;

/// What rounding leaves of a perfect fit.
fn rounding(series: &Series) -> f64 {
    1e-24 * series.values().iter().map(|y| y * y).sum::<f64>()
}

/// Noisy trial series and walks that no hypothesis describes.
fn many() -> Vec<Series> {
    let of_trial = trial(11);
    let of_trial = of_trial.iter().map(|t| Series::from_trajectory(t).unwrap());
    let walk = |seed: u64| {
        let mut rng = seeded(seed);
        let mut log = uniform(&mut rng, 0.0, 5.0);
        let mut step = |_: &f64| {
            log += 0.4 * normal(&mut rng);
            log.exp()
        };
        series(&steps().iter().map(&mut step).collect::<Vec<_>>())
    };
    of_trial.chain((0..40).map(walk)).collect()
}

#[test]
fn the_whole_is_never_worse_than_its_parts() {
    for (i, series) in many().iter().enumerate() {
        let whole = sse(EMERGENCE, series, &raw());
        for part in [LOG_ONLY, CRITICALLY_DAMPED, FIRST_ORDER_STEP] {
            let alone = sse(part, series, &raw());
            assert!(
                whole <= alone * (1.0 + CORNER) + rounding(series),
                "series {i}: {part} {alone}, emergence {whole}"
            );
        }
    }
}

#[test]
fn the_critically_damped_step_is_the_border_at_infinite_tau0() {
    let border = raw().with_min_tau0(1e12).unwrap();
    for (i, series) in many().iter().step_by(3).enumerate() {
        let (whole, alone) = (
            fitted(EMERGENCE, series, &border),
            fitted(CRITICALLY_DAMPED, series, &raw()),
        );
        let (a, b) = (whole.goodness.sse, alone.goodness.sse);
        assert!(
            (a - b).abs() <= CORNER * b + rounding(series),
            "series {i}: {a} {b}"
        );
    }
}

#[test]
fn the_border_at_beta_zero_is_a_logarithm_and_a_line() {
    let border = raw().with_max_beta(1e-15).unwrap();
    let line = |speed: f64| move |t: f64| 40.0 * (t + 300.0).ln() + speed * t - 180.0;
    for speed in [0.0, 1e-3] {
        let exact = series(&steps().into_iter().map(line(speed)).collect::<Vec<_>>());
        let whole = fitted(EMERGENCE, &exact, &border);
        for &t in exact.steps() {
            let (found, expected) = (whole.curve.value(t), line(speed)(t));
            assert!(
                (found / expected - 1.0).abs() < 1e-7,
                "{t}: {found} {expected}"
            );
        }
    }
    for (i, series) in many().iter().step_by(3).enumerate() {
        let (whole, alone) = (
            sse(EMERGENCE, series, &border),
            sse(LOG_ONLY, series, &raw()),
        );
        assert!(
            whole <= alone * (1.0 + 1e-7) + rounding(series),
            "series {i}: {whole} {alone}"
        );
    }
}

#[test]
fn each_part_is_exact_where_it_made_the_series() {
    let critical = |t: f64| 90.0 + (0.05 * t - 60.0) * (-t / 9e3).exp();
    let first = |t: f64| 50.0 - 40.0 * (-t / 5e3).exp();
    let log = |t: f64| 12.0 * (t + 70.0).ln() - 40.0;
    let parts: [(&str, &dyn Fn(f64) -> f64); 3] = [
        (CRITICALLY_DAMPED, &critical),
        (FIRST_ORDER_STEP, &first),
        (LOG_ONLY, &log),
    ];
    for (name, f) in parts {
        let exact = series(&steps().into_iter().map(f).collect::<Vec<_>>());
        for hypothesis in [name, EMERGENCE] {
            for options in [raw(), FitOptions::default()] {
                let found = fitted(hypothesis, &exact, &options);
                for t in [0.0, 40.0, 7_500.0, 143e3, 3e5] {
                    let (value, expected) = (found.curve.value(t), f(t));
                    let error = (value / expected - 1.0).abs();
                    assert!(
                        error < 1e-4,
                        "{name} by {hypothesis} at {t}: {value} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_limit_costs_what_its_parameters_are_worth() {
    // a clear peak rules every limit out; the full curve wins by AICc
    let values = observed(early_peak, 0.03, &mut seeded(5));
    let series = series(&values);
    let score = |name| {
        fitted(name, &series, &FitOptions::default())
            .goodness
            .aicc
            .unwrap()
    };
    let whole = score(EMERGENCE);
    for part in [LOG_ONLY, CRITICALLY_DAMPED, FIRST_ORDER_STEP] {
        assert!(score(part) > whole + 4.0, "{part}");
    }
}
