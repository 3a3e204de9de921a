//! Units, sizes and lengths at their ends.

use outcrop_core::{Fit, Trajectory, table};
use outcrop_fit::{
    DEFAULT_HYPOTHESES, EMERGENCE, FitOptions, Series, TrajectoryFit, Weighting, fit, fit_emergence,
};

use crate::simulate::{early_peak, observed, seeded, steps, trajectory};

/// Asserts that a fit went through, in numbers.
pub(crate) fn fitted(found: &TrajectoryFit) -> &Fit {
    let row = &found.fits[0];
    assert_eq!(found.fits.len(), DEFAULT_HYPOTHESES.len(), "{}", row.status);
    crate::hostile::in_numbers(found);
    row
}

fn near(a: Option<f64>, b: Option<f64>, tolerance: f64) {
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!((a - b).abs() <= tolerance * b.abs(), "{a} {b}");
}

#[test]
fn values_of_any_size_are_fitted_alike() {
    let clean = trajectory(&observed(early_peak, 0.05, &mut seeded(8)));
    for weighting in [Weighting::Raw, Weighting::Relative, Weighting::Robust] {
        let options = FitOptions::default().with_weighting(weighting);
        let all = fit(&clean, &options);
        let expected = fitted(&all);
        for unit in [1e-90, 1e-12, 1e12, 1e90] {
            let mut scaled = clean.clone();
            scaled.ratios.iter_mut().for_each(|r| *r *= unit);
            let found = fit(&scaled, &options);
            let row = fitted(&found);
            near(row.value("beta"), expected.value("beta"), 1e-5);
            near(row.value("tau0"), expected.value("tau0"), 1e-5);
            near(row.r2, expected.r2, 1e-8);
            near(row.value("t_peak"), expected.value("t_peak"), 1e-5);
            near(row.weight, expected.weight, 1e-5);
            near(
                row.value("f_last").map(|f| f / unit),
                expected.value("f_last"),
                1e-6,
            );
            near(
                row.interval("f_last")[1].map(|f| f / unit),
                expected.interval("f_last")[1],
                1e-6,
            );
            near(
                row.interval("t_peak")[0],
                expected.interval("t_peak")[0],
                1e-4,
            );
            assert_eq!(row.status, expected.status);
        }
    }
}

#[test]
fn steps_of_any_size_are_fitted_alike() {
    let values = observed(early_peak, 0.05, &mut seeded(8));
    let stretch = 1e10;
    let clean = FitOptions::default();
    let wide = clean.clone().with_min_tau0(stretch).unwrap();
    let wide = wide.with_max_beta(10.0 / stretch).unwrap();
    let times: Vec<f64> = steps().iter().map(|t| t * stretch).collect();
    let expected = fit_emergence(&Series::new(&steps(), &values).unwrap(), &clean).unwrap();
    let found = fit_emergence(&Series::new(&times, &values).unwrap(), &wide).unwrap();
    near(
        Some(found.goodness().sse),
        Some(expected.goodness().sse),
        1e-7,
    );
    near(found.t_peak(), expected.t_peak().map(|t| t * stretch), 1e-5);
    near(
        found.summary().t_half,
        expected.summary().t_half.map(|t| t * stretch),
        1e-5,
    );
    // and with the options as they are, up to the largest steps that are exact numbers
    let mut late = trajectory(&values);
    late.steps.iter_mut().for_each(|s| *s *= 62_000_000_000);
    assert_eq!(late.steps.last(), Some(&8_866_000_000_000_000));
    let found = fit(&late, &clean);
    near(
        fitted(&found).value("t_peak"),
        expected.t_peak().map(|t| t * 6.2e10),
        1e-4,
    );
}

#[test]
fn few_and_many_points_are_fitted() {
    let short = |n: usize| {
        let mut t = trajectory(&observed(early_peak, 0.02, &mut seeded(9)));
        t.steps.drain(..37 - n);
        t.ratios.drain(..37 - n);
        t
    };
    for n in [7, 8, 9] {
        let found = fit(&short(n), &FitOptions::default());
        assert_eq!(fitted(&found).n, n);
        assert_eq!(found.fits[0].aicc.is_some(), n > 7, "{n}");
        let smallest = found.fits.iter().find(|f| f.best).unwrap();
        assert!(smallest.weight.is_some());
    }
    let f = |t: u64| early_peak(t as f64) * (1.0 + 0.05 * (1e3 * t as f64).sin());
    let many = Trajectory {
        model: "long".into(),
        layer: 1,
        stage: None,
        steps: (0..10_000).map(|i| 14 * i).collect(),
        ratios: (0..10_000).map(|i| f(14 * i)).collect(),
        sem: Vec::new(),
    };
    let found = fit(&many, &FitOptions::default());
    let row = fitted(&found);
    near(row.value("t_peak"), Some(2_748.0), 0.05);
    assert!(
        row.interval("f_last")[0] <= row.value("f_last")
            && row.value("f_last") <= row.interval("f_last")[1]
    );
}

#[test]
fn zeros_are_values() {
    let mut some = trajectory(&observed(early_peak, 0.05, &mut seeded(8)));
    for at in [0, 3, 20] {
        some.ratios[at] = 0.0;
    }
    let mut one = trajectory(&[0.0; 37]);
    one.ratios[17] = 5.0;
    let none = trajectory(&[0.0; 37]);
    for weighting in [Weighting::Raw, Weighting::Relative, Weighting::Robust] {
        let options = FitOptions::default().with_weighting(weighting);
        fitted(&fit(&some, &options));
        fitted(&fit(&one, &options));
        let status = &fit(&none, &options).fits[0].status;
        assert!(status.contains("all 37 values are 0"), "{status}");
    }
}

#[test]
fn standard_errors_of_any_size_are_weights() {
    let values = observed(early_peak, 0.05, &mut seeded(8));
    let options = FitOptions::default().with_weighting(Weighting::Sem);
    let relative: Vec<f64> = values.iter().map(|v| 0.05 * v).collect();
    let change = |change: &dyn Fn(usize, f64) -> f64| {
        let sem = relative.iter().enumerate().map(|(i, s)| change(i, *s));
        let sem = sem.collect();
        Trajectory {
            sem,
            ..trajectory(&values)
        }
    };
    let every = [
        change(&|_, _| 0.0),
        change(&|i, s| if i == 5 { 0.0 } else { s }),
        change(&|i, s| if i % 2 == 0 { 0.0 } else { s }),
        change(&|i, s| if i % 2 == 0 { 1e300 } else { s }),
        change(&|_, _| 1e300),
        change(&|_, _| f64::MAX),
        change(&|_, _| 1e-300),
    ];
    for t in &every {
        fitted(&fit(t, &options));
    }
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let status = &fit(&change(&|i, s| if i == 4 { bad } else { s }), &options).fits[0].status;
        assert!(
            status.contains(&format!("standard error {bad} at step 8")),
            "{status}"
        );
    }
    let mut short = change(&|_, s| s);
    short.sem.pop();
    assert_eq!(fit(&short, &options).fits.len(), 1);
}

#[test]
fn values_beyond_any_ratio_are_named() {
    for (unit, place) in [
        (1e200, "2e200 at step 90000"),
        (1e-200, "2e-200 at step 90000"),
        (1e-300, "2e-300 at step 90000"),
    ] {
        let mut t = trajectory(&[1.0; 37]);
        t.ratios[30] = 2.0;
        t.ratios.iter_mut().for_each(|r| *r *= unit);
        let row = &fit(&t, &FitOptions::default()).fits[0];
        assert!(row.status.contains(place), "{}", row.status);
        assert!(row.status.contains("1e-100 to 1e100"), "{}", row.status);
    }
}

#[test]
fn models_that_are_interleaved_are_two_series() {
    let (a, b) = (
        trajectory(&observed(early_peak, 0.05, &mut seeded(8))),
        trajectory(&observed(|t| 3.0 + t.sqrt(), 0.05, &mut seeded(9))),
    );
    let mut text = String::from("model,layer,step,ratio\n");
    for i in 0..a.steps.len() {
        text += &format!("a,4,{},{}\n", a.steps[i], a.ratios[i]);
        text += &format!("b,4,{},{}\n", b.steps[i], b.ratios[i]);
    }
    let read = table::trajectories_from(text.as_bytes(), "mixed").unwrap();
    assert_eq!(read.rows.len(), 2);
    for (read, alone) in read.rows.iter().zip([&a, &b]) {
        let (mixed, alone) = (
            fit(read, &FitOptions::default()),
            fit(alone, &FitOptions::default()),
        );
        assert_eq!(mixed.fits[0].hypothesis, EMERGENCE);
        assert_eq!(mixed.fits[0].sse, alone.fits[0].sse);
    }
}
