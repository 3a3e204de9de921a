//! What scores say where the truth is known.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_core::{Fit, Prediction};
use outcrop_predict::{Evaluation, Options, Regressor, Table, evaluate};
use proptest::prelude::*;
use simulate::{Truth, archs, fits};

const TREES: [Regressor; 2] = [Regressor::RandomForest, Regressor::GradientBoosting];
const NO_SIGNAL: Truth = Truth {
    architecture: 0.0,
    model: 1.0,
    depth: 0.2,
};
const STRONG: Truth = Truth {
    architecture: 1.0,
    model: 0.2,
    depth: 0.5,
};
const DEPTH_ONLY: Truth = Truth {
    architecture: 0.0,
    model: 0.2,
    depth: 1.5,
};

fn scored(fits: &[Fit], regressors: &[Regressor], repeats: usize) -> Evaluation {
    let options = Options {
        regressors: regressors.to_vec(),
        repeats,
        ..Options::default()
    };
    evaluate(&Table::new(&archs(), fits).unwrap(), &options).unwrap()
}

/// R2 of the random split and Q2 of leaving models out, on `ln f_last` alone.
fn both_scores(truth: &Truth, seed: u64, regressor: Regressor) -> [f64; 2] {
    let only_last = |f: Fit| Fit {
        k: None,
        f_first: None,
        f_max: None,
        t_half: None,
        ..f
    };
    let fits: Vec<Fit> = fits(truth, seed).into_iter().map(only_last).collect();
    let scores = scored(&fits, &[regressor], 3).scores;
    let of = |protocol: &str| {
        let score = scores
            .iter()
            .find(|s| s.protocol == protocol && s.target == "ln f_last");
        score.unwrap().r2.unwrap()
    };
    [of("paper (random 80/20)"), of("leave one model out")]
}

fn mean_scores(truth: &Truth, regressor: Regressor) -> [f64; 2] {
    let scores = [1, 2, 3].map(|seed| both_scores(truth, seed, regressor));
    [0, 1].map(|i| scores.iter().map(|s| s[i]).sum::<f64>() / 3.0)
}

#[test]
fn without_a_signal_the_random_split_flatters_and_leaving_models_out_does_not() {
    for regressor in TREES {
        let [random, out] = mean_scores(&NO_SIGNAL, regressor);
        println!("no signal, {regressor}: R2 {random:.2}, Q2 {out:.2}");
        assert!(random > 0.7, "{regressor}: {random}");
        assert!(out < 0.2, "{regressor}: {out}");
    }
}

#[test]
fn a_strong_signal_is_seen_in_models_left_out() {
    for regressor in [TREES[0], TREES[1], Regressor::Ridge, Regressor::ElasticNet] {
        let [random, out] = mean_scores(&STRONG, regressor);
        println!("strong signal, {regressor}: R2 {random:.2}, Q2 {out:.2}");
        assert!(random > 0.6 && out > 0.3, "{regressor}: {random} {out}");
    }
    let [_, baseline] = mean_scores(&STRONG, Regressor::DepthProfile);
    assert!(baseline < 0.2, "{baseline}");
}

#[test]
fn a_depth_profile_is_predicted_by_depth_alone() {
    let [_, out] = mean_scores(&DEPTH_ONLY, Regressor::DepthProfile);
    println!("depth only, depth profile: Q2 {out:.2}");
    assert!(out > 0.5, "{out}");
}

#[test]
fn the_mean_has_q2_of_zero_on_every_target() {
    let evaluation = scored(&fits(&STRONG, 5), &[Regressor::Mean], 1);
    let scores = evaluation
        .scores
        .iter()
        .filter(|s| s.protocol == "leave one model out");
    let values: Vec<(String, f64)> = scores.map(|s| (s.target.clone(), s.r2.unwrap())).collect();
    assert_eq!(values.len(), 5);
    for (target, q2) in values {
        assert!(q2.abs() < 1e-12, "{target}: {q2}");
    }
    let left_out: Vec<&str> = evaluation
        .left_out
        .iter()
        .map(|l| l.target.name())
        .collect();
    let absent = ["A", "lambda", "gamma", "t0", "P(peak)", "ln t_peak"];
    assert_eq!(left_out, absent);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let small = |f: &Fit| matches!(f.model.as_str(), "14m" | "70m" | "160m" | "1b");
    let fits: Vec<Fit> = fits(&STRONG, 6).into_iter().filter(small).collect();
    let first = scored(&fits, &Regressor::ALL, 2);
    assert_eq!(first, scored(&fits, &Regressor::ALL, 2));
    assert_eq!(first.scores.len(), 5 * Regressor::ALL.len() * 3);
    assert_eq!(first.predictions.len(), 5 * Regressor::ALL.len() * 40);
}

/// Predictions of one model.
fn of_model(evaluation: &Evaluation, model: &str) -> Vec<Prediction> {
    let predictions = evaluation.predictions.iter().filter(|p| p.model == model);
    predictions
        .cloned()
        .map(|p| Prediction {
            observed: None,
            ..p
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// Whatever is done to the targets of a model, erasing some included: its own predictions
    /// cannot change, as they come from the other models alone.
    #[test]
    fn a_model_left_out_is_never_seen(
        held_out in 0..9usize,
        factor in 1e-3..1e3f64,
        erased in 0..4u32,
    ) {
        let held_out = archs()[held_out].model.clone();
        let before = fits(&STRONG, 8);
        let after: Vec<Fit> = before.iter().cloned().map(|f| match f.model == held_out {
            true => Fit {
                k: f.k.map(|k| k * factor - 3.0).filter(|_| f.layer % 4 != erased),
                f_last: f.f_last.map(|v| v * factor),
                f_max: f.f_first,
                ..f
            },
            false => f,
        }).collect();
        let regressors = [Regressor::Ridge, Regressor::DepthProfile];
        let [before, after] = [before, after].map(|fits| scored(&fits, &regressors, 1));
        prop_assert_eq!(of_model(&before, &held_out), of_model(&after, &held_out));
        prop_assert!(before.predictions != after.predictions);
    }
}
