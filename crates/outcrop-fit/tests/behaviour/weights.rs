//! Weights: standard errors that are known, single bad checkpoints, and clean series left alone.

use outcrop_core::Trajectory;
use outcrop_fit::{
    EMERGENCE, Error, FitOptions, Note, Observations, Series, Weighting, fit, fit_emergence,
};

use crate::simulate::{
    early_peak, median, normal, observed, seeded, series, steps, trajectory, trial, uniform,
};

fn options(weighting: Weighting) -> FitOptions {
    FitOptions::default()
        .with_weighting(weighting)
        .with_draws(0)
        .unwrap()
        .with_curve_points(0)
        .unwrap()
}

/// Largest relative difference of two curves over the checkpoints.
fn apart(a: &outcrop_fit::Emergence, b: &outcrop_fit::Emergence, steps: &[f64]) -> f64 {
    let difference = |&t: &f64| (a.value(t) / b.value(t) - 1.0).abs();
    steps.iter().map(difference).fold(0.0, f64::max)
}

/// The early peak, every third checkpoint with 30 % noise and the others with 1 %, both known.
fn uneven(seed: u64) -> Series {
    let mut rng = seeded(seed);
    let cv = |i: usize| if i % 3 == 1 { 0.3 } else { 0.01 };
    let truth: Vec<f64> = steps().into_iter().map(early_peak).collect();
    let sem: Vec<f64> = truth.iter().enumerate().map(|(i, f)| cv(i) * f).collect();
    let values = truth.iter().zip(&sem);
    let values: Vec<f64> = values
        .map(|(f, s)| (f + s * normal(&mut rng)).max(0.0))
        .collect();
    series(&values).with_sem(&sem).unwrap()
}

#[test]
fn known_standard_errors_bring_the_curve_closer_to_the_truth() {
    let error = |weighting| {
        let one = |seed: u64| {
            let curve = fit_emergence(&uneven(seed), &options(weighting)).unwrap();
            let off = |&t: &f64| (curve.value(t) / early_peak(t) - 1.0).abs();
            steps().iter().map(off).fold(0.0, f64::max)
        };
        median((0..41).map(one).collect())
    };
    let (sem, raw) = (error(Weighting::Sem), error(Weighting::Raw));
    let relative = error(Weighting::Relative);
    assert!(
        sem < 0.5 * raw && sem < 0.5 * relative,
        "{sem} {raw} {relative}"
    );
}

#[test]
fn only_proportions_of_large_standard_errors_count() {
    // where they explain the scatter nothing is added to them, so a common factor cancels
    let base = uneven(7);
    let with = |factor: f64| {
        let sem: Vec<f64> = base.sem().iter().map(|s| factor * s).collect();
        let series = series(base.values()).with_sem(&sem).unwrap();
        fit_emergence(&series, &options(Weighting::Sem)).unwrap()
    };
    let apart_by = |factor| apart(&with(4.0), &with(factor), base.steps());
    assert!(apart_by(40.0) < 1e-6, "{}", apart_by(40.0));
    // and where they are nothing beside the scatter, weights are relative
    let values = observed(early_peak, 0.05, &mut seeded(2));
    let tiny = series(&values).with_sem(&values.iter().map(|v| 1e-6 * v).collect::<Vec<_>>());
    let found = fit_emergence(&tiny.unwrap(), &options(Weighting::Sem)).unwrap();
    let relative = fit_emergence(&series(&values), &options(Weighting::Relative)).unwrap();
    assert!(apart(&found, &relative, base.steps()) < 1e-3);
}

#[test]
fn missing_standard_errors_are_named() {
    let values = observed(early_peak, 0.05, &mut seeded(2));
    let series = series(&values);
    let error = Observations::new(&series, &options(Weighting::Sem)).unwrap_err();
    assert!(matches!(error, Error::NoStandardErrors { .. }));
    let found = fit(&trajectory(&values), &options(Weighting::Sem));
    let status = &found.fits[0].status;
    assert!(found.fits.len() == 1 && status.starts_with("failed to fit model `m`, layer 4"));
    assert!(
        status.contains("weights by standard error need one at every step"),
        "{status}"
    );
}

/// The trajectory with point `at` multiplied, and the one without that point.
fn spoil(clean: &Trajectory, at: usize, factor: f64) -> (Trajectory, Trajectory) {
    let (mut bad, mut without) = (clean.clone(), clean.clone());
    bad.ratios[at] *= factor;
    without.steps.remove(at);
    without.ratios.remove(at);
    (bad, without)
}

#[test]
fn one_bad_checkpoint_neither_moves_the_curve_nor_goes_unnamed() {
    let robust = options(Weighting::Robust);
    let robust = robust.with_hypotheses(&[EMERGENCE]).unwrap();
    let curve =
        |t: &Trajectory| fit_emergence(&Series::from_trajectory(t).unwrap(), &robust).unwrap();
    let mut rng = seeded(11);
    let (mut cases, mut still, mut named) = (0, 0, 0);
    for clean in trial(9) {
        let at = uniform(&mut rng, 0.0, clean.steps.len() as f64) as usize;
        let factor = 10f64.powf(uniform(&mut rng, 1.0, 2.0));
        let (bad, without) = spoil(&clean, at, factor);
        let leverage = curve(&clean).leverage()[at];
        if leverage > 0.5 || clean.ratios[at] == 0.0 {
            continue;
        }
        cases += 1;
        let (found, expected) = (curve(&bad), curve(&without));
        let steps = Series::from_trajectory(&without).unwrap().steps().to_vec();
        let distance = apart(&found, &expected, &steps);
        still += usize::from(distance < 0.03);
        let step = clean.steps[at] as f64;
        let is_named = found.notes().contains(&Note::Outlier { step });
        named += usize::from(is_named);
        if distance >= 0.03 || !is_named {
            println!(
                "{} step {step} times {factor:.1}: {distance:.3}, {:?}",
                clean.model,
                found.notes()
            );
        }
        let row = &fit(&bad, &robust).fits[0];
        assert_eq!(row.n, bad.steps.len());
        assert_eq!(
            is_named,
            row.status.contains(&format!("outlier at step {step}"))
        );
    }
    println!("{cases} cases, {still} curves still, {named} named");
    assert!(cases >= 60 && 10 * still >= 9 * cases && 10 * named >= 9 * cases);
}

#[test]
fn a_clean_series_has_no_outliers() {
    let mut flagged = 0;
    for seed in 0..100 {
        let cv = [0.01, 0.05, 0.15][seed as usize % 3];
        let values = observed(early_peak, cv, &mut seeded(seed));
        let (series, options) = (series(&values), options(Weighting::Robust));
        let outliers = Observations::new(&series, &options).unwrap().outliers();
        flagged += usize::from(!outliers.is_empty());
    }
    println!("{flagged} of 100 clean series flagged");
    assert!(flagged < 5, "{flagged}");
}

#[test]
fn robust_costs_little_where_nothing_is_wrong() {
    let error = |weighting| {
        let one = |seed: u64| {
            let values = observed(early_peak, 0.05, &mut seeded(1_000 + seed));
            let curve = fit_emergence(&series(&values), &options(weighting)).unwrap();
            let off = |&t: &f64| (curve.value(t) / early_peak(t) - 1.0).abs();
            steps().iter().map(off).fold(0.0, f64::max)
        };
        median((0..41).map(one).collect())
    };
    let (robust, relative) = (error(Weighting::Robust), error(Weighting::Relative));
    assert!(robust < 1.25 * relative, "{robust} {relative}");
}
