//! Predictions and curves for architectures outside the table.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_core::{ArchSpec, Position};
use outcrop_predict::{Feature, Options, Predictor, Regressor, Table, Target};
use simulate::{Truth, archs, fits};

fn predictor(regressor: Regressor) -> Predictor {
    let truth = Truth {
        architecture: 1.0,
        model: 0.0,
        depth: 0.5,
    };
    let table = Table::new(&archs(), &fits(&truth, 11)).unwrap();
    Predictor::train(&table, regressor, &Options::paper()).unwrap()
}

#[test]
fn the_thirty_one_million_model_is_interpolated() {
    let spec = ArchSpec::pythia("31m").unwrap();
    let truth = 5.0 + ((256f64).ln() - 7.0) / 1.1;
    for regressor in [Regressor::Ridge, Regressor::Lasso, Regressor::ElasticNet] {
        let predicted = predictor(regressor).predict("31m", &spec).unwrap();
        let middle = predicted.layers[2].value(Target::LnFLast).unwrap();
        let truth = truth + 0.5 * 0.3;
        assert!(
            (middle - truth).abs() < 0.35,
            "{regressor}: {middle} {truth}"
        );
        assert_eq!(predicted.outside, []);
        assert_eq!(predicted.rows().len(), 6 * 5);
    }
}

#[test]
fn what_lies_outside_the_training_range_is_said() {
    let spec = ArchSpec {
        position: Position::Learned,
        ..ArchSpec::new(6, 8192, 64)
    };
    let predicted = predictor(Regressor::RandomForest)
        .predict("wide", &spec)
        .unwrap();
    let outside: Vec<Feature> = predicted.outside.iter().map(|o| o.feature).collect();
    for feature in [
        Feature::Width,
        Feature::LnWidth,
        Feature::RotaryBase,
        Feature::Heads,
    ] {
        assert!(outside.contains(&feature), "{feature} not in {outside:?}");
    }
    for feature in [
        Feature::Layers,
        Feature::MlpExpansion,
        Feature::RelativeDepth,
    ] {
        assert!(!outside.contains(&feature), "{feature} in {outside:?}");
    }
    let said = predicted
        .outside
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        said.contains("d = 8192 lies outside the training range 128 to 5120, by 0.62 of its width"),
        "{said}"
    );
}

#[test]
fn curves_pass_through_the_predicted_summaries() {
    let spec = ArchSpec::pythia("31m").unwrap();
    for regressor in Regressor::ALL {
        let predicted = predictor(regressor).predict("31m", &spec).unwrap();
        let steps: Vec<f64> = (0..=143).map(|k| f64::from(k) * 1000.0).collect();
        let points = predicted.curves(&steps).unwrap();
        assert_eq!(points.len(), 6 * steps.len());
        for (layer, curve) in predicted.layers.iter().zip(points.chunks(steps.len())) {
            let value = |target| layer.value(target).unwrap().exp();
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * b;
            assert!(
                close(curve[0].value, value(Target::LnFFirst)),
                "{regressor}"
            );
            assert!(
                close(curve[143].value, value(Target::LnFLast)),
                "{regressor}"
            );
            let top = value(Target::LnFMax).max(value(Target::LnFLast)) * (1.0 + 1e-12);
            assert!(
                curve.iter().all(|p| p.value > 0.0 && p.value <= top),
                "{regressor}"
            );
            assert!(
                curve
                    .iter()
                    .all(|p| p.hypothesis == "predicted" && p.layer == layer.layer)
            );
        }
        let error = predicted.curves(&[1.0, f64::NAN]).unwrap_err().to_string();
        assert!(error.contains("at least two different"), "{error}");
    }
}

#[test]
fn a_broken_architecture_and_broken_options_are_named() {
    let spec = ArchSpec::new(6, 100, 7);
    let error = predictor(Regressor::Mean)
        .predict("odd", &spec)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`odd`") && error.contains("heads"),
        "{error}"
    );
    let truth = Truth {
        architecture: 1.0,
        model: 0.0,
        depth: 0.5,
    };
    let table = Table::new(&archs(), &fits(&truth, 11)).unwrap();
    let options = Options {
        repeats: 0,
        ..Options::default()
    };
    let error = outcrop_predict::evaluate(&table, &options)
        .unwrap_err()
        .to_string();
    assert!(error.contains("repeats = 0"), "{error}");
    let options = Options {
        features: vec![],
        ..Options::default()
    };
    assert!(Predictor::train(&table, Regressor::Ridge, &options).is_err());
}
