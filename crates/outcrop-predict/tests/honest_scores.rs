//! What scores and verdicts say where the truth is known.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_core::{Fit, NamedArch, Prediction};
use outcrop_predict::{
    Conclusion, Evaluation, PredictOptions, Protocol, Regressor, Table, Verdict, evaluate,
};
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
    let options = PredictOptions {
        regressors: regressors.to_vec(),
        repeats,
        relabellings: 49,
        ..PredictOptions::default()
    };
    evaluate(&Table::new(&archs(), fits).unwrap(), &options).unwrap()
}

/// R2 of the random split and Q2 of leaving models out, on `ln f_last` alone.
fn both_scores(truth: &Truth, seed: u64, regressor: Regressor) -> [f64; 2] {
    let only_last = |f: Fit| Fit {
        quantities: f.quantity("f_last").cloned().into_iter().collect(),
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

/// Verdicts on `ln f_last` alone.
fn verdict(truth: &Truth, seed: u64, relabellings: usize) -> Verdict {
    let only_last = |f: Fit| Fit {
        quantities: f.quantity("f_last").cloned().into_iter().collect(),
        ..f
    };
    let fits: Vec<Fit> = fits(truth, seed).into_iter().map(only_last).collect();
    let options = PredictOptions {
        regressors: vec![Regressor::Shape],
        relabellings,
        ..PredictOptions::default()
    };
    let table = Table::new(&archs(), &fits).unwrap();
    evaluate(&table, &options).unwrap().verdicts.remove(0)
}

#[test]
fn a_verdict_finds_what_is_there_and_nothing_else() {
    let strong = verdict(&STRONG, 4, 199);
    assert_eq!(strong.conclusion, Conclusion::Signal, "{strong}");
    assert!(
        strong
            .to_string()
            .contains("ln f_last: beats the depth-only baseline")
    );
    for truth in [NO_SIGNAL, DEPTH_ONLY] {
        let none = verdict(&truth, 4, 199);
        assert_eq!(none.conclusion, Conclusion::NoSignal, "{none}");
        assert!(
            none.to_string()
                .contains("no better than the depth-only baseline")
        );
    }
}

/// Without a signal every labelling is as good as the true one: p is uniform. Of 60 p-values the
/// mean is within 0.5 +- 4.5 standard errors (1/sqrt(12 * 60)), and at most 25 (0.2 expected, 4.2
/// standard errors) are 0.2 or less.
#[test]
fn p_values_are_uniform_without_a_signal() {
    let p: Vec<f64> = (0..60)
        .map(|seed| verdict(&NO_SIGNAL, 100 + seed, 99).p)
        .collect();
    let mean = p.iter().sum::<f64>() / 60.0;
    assert!((mean - 0.5).abs() < 4.5 / (12.0f64 * 60.0).sqrt(), "{mean}");
    let small = p.iter().filter(|p| **p <= 0.2).count();
    assert!(small <= 25, "{small}");
    assert!(p.iter().all(|p| (0.01..=1.0).contains(p)));
}

/// Where nothing sets models apart but the noise of their layers, those with few layers scatter most,
/// and these are the small ones. Of 200 p-values 10 of 0.05 or less are expected, with a standard
/// deviation of 3.1; taking all models for equally certain would make more.
#[test]
fn models_with_few_layers_do_not_pass_for_a_signal() {
    let options = PredictOptions {
        regressors: vec![Regressor::Shape],
        relabellings: 99,
        ..PredictOptions::default()
    };
    let only_first = |f: Fit| Fit {
        quantities: f.quantity("f_first").cloned().into_iter().collect(),
        ..f
    };
    let small = |seed: &u64| {
        let fits = fits(&NO_SIGNAL, 300 + seed).into_iter().map(only_first);
        let table = Table::new(&archs(), &fits.collect::<Vec<_>>()).unwrap();
        evaluate(&table, &options).unwrap().verdicts[0].p <= 0.05
    };
    let small = (0..200).filter(small).count();
    assert!(small <= 19, "{small}");
}

/// Four architectures, each under two seeds.
fn seeds(of: &[Fit]) -> (Vec<NamedArch>, Vec<Fit>) {
    let four = ["14m", "70m", "160m", "1b"];
    let twice = |name: &str| [format!("{name}-a"), format!("{name}-b")];
    let archs = four.iter().flat_map(|size| {
        twice(size).map(|model| NamedArch {
            model,
            ..simulate::pythia(size)
        })
    });
    let fits = of.iter().filter(|f| four.contains(&f.model.as_str()));
    let fits = fits.flat_map(|f| {
        let with = |model| Fit { model, ..f.clone() };
        twice(&f.model).map(with)
    });
    (archs.collect(), fits.collect())
}

#[test]
fn leaving_an_architecture_out_leaves_out_every_seed_of_it() {
    let (archs, fits) = seeds(&fits(&STRONG, 9));
    let options = PredictOptions {
        regressors: vec![Regressor::Ridge, Regressor::NearestModel],
        relabellings: 49,
        ..PredictOptions::default()
    };
    let scored = |fits: &[Fit]| evaluate(&Table::new(&archs, fits).unwrap(), &options).unwrap();
    let before = scored(&fits);
    let changed: Vec<Fit> = fits
        .iter()
        .map(|f| match f.model == "70m-b" {
            true => {
                let mut fit = f.clone();
                let last = f.value("f_last").map(|v| v * 50.0);
                fit.quantities.set_value("f_last", last);
                fit
            }
            false => f.clone(),
        })
        .collect();
    let after = scored(&changed);
    assert_eq!(of_model(&before, "70m-a"), of_model(&after, "70m-a"));
    assert_ne!(of_model(&before, "14m-a"), of_model(&after, "14m-a"));
    // with a twin in training the nearest model is exact
    let q2 = |protocol: &str| {
        let own = before.scores.iter().find(|s| {
            s.protocol == protocol && s.regressor == "nearest model" && s.target == "ln f_last"
        });
        own.unwrap().clone()
    };
    let [twin, honest] = ["leave one model out", "leave one architecture out"].map(q2);
    assert!((twin.r2.unwrap() - 1.0).abs() < 1e-12);
    assert!(honest.r2.unwrap() < 0.9);
    assert_eq!((honest.models, honest.architectures), (8, Some(4)));
    let verdict = &before.verdicts[0];
    assert_eq!((verdict.models, verdict.architectures), (8, 4));
    assert_eq!(verdict.relabellings, 23); // all of them
    let models = before.model_scores.iter();
    assert!(
        models
            .clone()
            .all(|m| m.protocol == "leave one architecture out")
    );
    assert_eq!(models.count(), 5 * 2 * 8);
}

#[test]
fn the_largest_quarter_is_predicted_from_the_smaller() {
    let evaluation = scored(&fits(&STRONG, 5), &[Regressor::Ridge], 1);
    let protocol = Protocol::LeaveLargestOut.name();
    let mut scores = evaluation.scores.iter();
    let score = scores
        .find(|s| s.protocol == protocol && s.target == "ln f_last")
        .unwrap();
    assert_eq!((score.models, score.rows), (3, 32 + 32 + 36)); // 2.8b, 6.9b, 12b
}

#[test]
fn three_architectures_are_scored_but_not_judged() {
    let three = |f: &Fit| matches!(f.model.as_str(), "14m" | "70m" | "160m");
    let fits: Vec<Fit> = fits(&STRONG, 6).into_iter().filter(three).collect();
    let evaluation = scored(&fits, &[Regressor::Ridge], 1);
    assert!(!evaluation.scores.is_empty());
    for verdict in &evaluation.verdicts {
        assert_eq!(verdict.conclusion, Conclusion::TooFew);
        assert!(verdict.p > 0.16, "{verdict}"); // 1/3!
        let said = verdict.to_string();
        assert!(
            said.contains("too few architectures (3)") && said.contains("Q2"),
            "{said}"
        );
    }
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
        let mut after = before.clone();
        for f in after.iter_mut().filter(|f| f.model == held_out) {
            let k = f.value("K").map(|k| k * factor - 3.0).filter(|_| f.layer % 4 != erased);
            let last = f.value("f_last").map(|v| v * factor);
            for (name, value) in [("K", k), ("f_last", last), ("f_max", f.value("f_first"))] {
                f.quantities.set_value(name, value);
            }
        }
        let regressors = [Regressor::Ridge, Regressor::DepthProfile];
        let [before, after] = [before, after].map(|fits| scored(&fits, &regressors, 1));
        prop_assert_eq!(of_model(&before, &held_out), of_model(&after, &held_out));
        prop_assert!(before.predictions != after.predictions);
    }
}
