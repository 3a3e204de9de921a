use linfa::Dataset;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2};

use super::*;
use crate::fixture::Fixture;

/// Every method that looks at features recovers a step of one of them.
#[test]
fn a_clear_signal_is_learned() {
    for regressor in Regressor::ALL.into_iter().skip(1) {
        let training = Training {
            x: (0..40).flat_map(|i| [step(i), wave(i)]).collect(),
            y: (0..40).map(step).collect(),
            weights: vec![1.0; 40],
            groups: (0..40).map(|i| i % 8).collect(),
            features: vec![Feature::LnWidth, Feature::RelativeDepth],
        };
        let model = regressor.fit(training, 0).unwrap();
        let up = model.predict_row(vec![1.0, 0.0]);
        let down = model.predict_row(vec![-1.0, 0.0]);
        assert!(up > 0.7 && down < -0.7, "{regressor}: {up} {down}");
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
            "ridge" => Model::Linear(Ridge { alpha }.fit(&data).unwrap()),
            "kernel" => {
                let scale = 0.5 / (case.gamma.unwrap() * columns as f64);
                Model::Kernel(KernelRidge { scale, alpha }.fit(&data).unwrap())
            }
            _ => Model::Linear(ElasticNet { alpha, ratio }.fit(&data).unwrap()),
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
