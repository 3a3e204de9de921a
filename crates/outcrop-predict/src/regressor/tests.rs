use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2};

use super::*;
use crate::fixture::{Fixture, Trees};

/// Every method that looks at features recovers a step of one of them.
#[test]
fn a_clear_signal_is_learned() {
    for regressor in Regressor::ALL.into_iter().skip(1) {
        let training = Training {
            x: (0..40).flat_map(|i| [step(i), wave(i)]).collect(),
            y: (0..40).map(step).collect(),
            weights: vec![1.0; 40],
            groups: (0..40).map(|i| i % 8).collect(),
            models: (0..40).map(|i| i % 8).collect(),
            features: vec![Feature::LnWidth, Feature::RelativeDepth],
        };
        let model = regressor.fit(training, 0).unwrap();
        let up = model.predict_row(vec![1.0, 0.0]);
        let down = model.predict_row(vec![-1.0, 0.0]);
        // `shape` holds eight architectures back as by four more without an effect: 8 / 12
        let least = if regressor == Regressor::Shape {
            0.6
        } else {
            0.7
        };
        assert!(up > least && down < -least, "{regressor}: {up} {down}");
    }
}

fn step(i: usize) -> f64 {
    if i < 20 { -1.0 } else { 1.0 }
}

fn wave(i: usize) -> f64 {
    (i as f64 * 1.7).sin()
}

#[test]
fn names_are_read_back() {
    for regressor in Regressor::ALL {
        assert_eq!(Regressor::from_name(regressor.name()).unwrap(), regressor);
    }
}

#[test]
fn linear_and_kernel_models_predict_what_scikit_learn_predicts() {
    let fixture = Fixture::load();
    let columns = fixture.x[0].len();
    let x = Array2::from_shape_vec((fixture.y.len(), columns), fixture.x.concat()).unwrap();
    for case in &fixture.regressions {
        let weights = Array1::from(case.weights.clone());
        let x = &x - &(weights.dot(&x) / weights.sum()); // as the exporter, and as `Trained`
        let data = Dataset::new(x.clone(), Array1::from(case.y.clone()));
        let data = data.with_weights(weights.mapv(|w| w as f32));
        let (alpha, ratio) = (case.alpha, case.l1_ratio.unwrap_or(0.0));
        let model = match case.kind.as_str() {
            "ridge" => FittedRegressor::Linear(Ridge { alpha }.fit(&data).unwrap()),
            "kernel" => {
                let scale = 0.5 / (case.gamma.unwrap() * columns as f64);
                FittedRegressor::Kernel(KernelRidge { scale, alpha }.fit(&data).unwrap())
            }
            _ => FittedRegressor::Linear(ElasticNet { alpha, ratio }.fit(&data).unwrap()),
        };
        let predicted: Array1<f64> = model.predict(&x);
        for (value, expected) in predicted.iter().zip(&case.predicted) {
            let error = (value - expected).abs();
            assert!(
                error < 1e-8,
                "{} {alpha} {ratio}: {value} {expected}",
                case.kind
            );
        }
    }
}

/// Predictions of every row of `table` from the other folds.
fn cross_validated(table: &Trees, regressor: Regressor, seed: u64) -> Vec<f64> {
    let mut predicted = vec![0.0; table.y.len()];
    for fold in 0..=table.fold.iter().copied().max().unwrap() {
        let rows =
            |test: bool| (0..table.y.len()).filter(move |i| (table.fold[*i] == fold) == test);
        let training = Training {
            x: rows(false).flat_map(|i| table.x[i].clone()).collect(),
            y: rows(false).map(|i| table.y[i]).collect(),
            weights: vec![1.0; rows(false).count()],
            groups: rows(false).collect(),
            models: rows(false).collect(),
            features: Feature::all().take(table.x[0].len()).collect(), // as many; trees do not care which
        };
        let model = regressor.fit(training, seed).unwrap();
        rows(true).for_each(|i| predicted[i] = model.predict_row(table.x[i].clone()));
    }
    predicted
}

/// The published implementations' R2 in the same folds is reached within 0.03.
#[test]
fn trees_score_as_those_of_scikit_learn_and_xgboost() {
    const SEEDS: u64 = 3;
    for table in Trees::load() {
        let total: f64 = table.y.iter().map(|y| y * y).sum(); // the mean is 0
        for (name, expected) in &table.r2 {
            let regressor = Regressor::from_name(name).unwrap();
            let r2 = |seed| {
                let predicted = cross_validated(&table, regressor, seed);
                let errors = table.y.iter().zip(predicted).map(|(y, p)| (y - p).powi(2));
                1.0 - errors.sum::<f64>() / total
            };
            let mean = (0..SEEDS).map(r2).sum::<f64>() / SEEDS as f64;
            println!("{}, {name}: R2 {mean:.4}, theirs {expected:.4}", table.name);
            assert!(
                (mean - expected).abs() < 0.03,
                "{}, {name}: {mean} {expected}",
                table.name
            );
        }
    }
}
