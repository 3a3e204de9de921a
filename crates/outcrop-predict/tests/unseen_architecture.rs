//! Predictions and curves for architectures outside the table.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_arch::{ArchSpec, Position};
use outcrop_predict::{Feature, PredictOptions, Predictor, Regressor, Table, Target};
use simulate::{Truth, archs, fits};

fn predictor(regressor: Regressor) -> Predictor {
    let truth = Truth {
        architecture: 1.0,
        model: 0.0,
        depth: 0.5,
    };
    let table = Table::new(&archs(), &fits(&truth, 11)).unwrap();
    Predictor::train(&table, regressor, &PredictOptions::paper()).unwrap()
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
    for feature in [Feature::Width, Feature::RotaryBase, Feature::Heads] {
        assert!(outside.contains(&feature), "{feature} not in {outside:?}");
    }
    for feature in [Feature::Layers, Feature::MlpExpansion] {
        assert!(!outside.contains(&feature), "{feature} in {outside:?}");
    }
    let said = predicted
        .outside
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        said.contains(
            "d_model = 8192 lies outside the training range 128 to 5120, 1.6 times its largest"
        ),
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
fn bands_hold_the_prediction_and_say_what_they_cannot() {
    let predictor = predictor(Regressor::Shape);
    let spec = ArchSpec::pythia("31m").unwrap();
    assert_eq!(predictor.largest_level(), Some(0.9));
    let predicted = predictor.predict_with_bands("31m", &spec, 0.9).unwrap();
    let narrow = predictor.predict_with_bands("31m", &spec, 0.5).unwrap();
    assert_eq!(predicted.level(), Some(0.9));
    for (layer, narrow) in predicted.layers.iter().zip(&narrow.layers) {
        assert_eq!(layer.bands.len(), layer.values.len());
        for (target, value) in &layer.values {
            let [low, high] = layer.band(*target).unwrap();
            assert!(low < *value && *value < high, "{target}");
            let [inner_low, inner_high] = narrow.band(*target).unwrap();
            assert!(low <= inner_low && inner_high <= high, "{target}");
        }
    }
    let rows = predicted.rows();
    assert!(
        rows.iter()
            .all(|r| r.predicted_lo.unwrap() < r.predicted_hi.unwrap())
    );
    let curves = predicted.curves(&[0.0, 100.0, 143_000.0]).unwrap();
    // nothing was measured, so that nothing is known of how far a measurement lies from a curve
    assert!(
        curves
            .iter()
            .all(|p| p.value_lo.is_none() && p.value_hi.is_none())
    );
    assert_eq!(
        (predicted.measured(), predictor.coverage(0.9)),
        (None, None)
    );

    let plain = predictor.predict("31m", &spec).unwrap();
    assert_eq!((plain.level(), plain.layers[0].bands.len()), (None, 0));
    for level in [0.91, 0.0, 1.0, f64::NAN] {
        let error = predictor
            .predict_with_bands("31m", &spec, level)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("9 architectures") && error.contains("at most 0.9000"),
            "{error}"
        );
    }
}

#[test]
fn three_architectures_have_predictions_and_no_bands() {
    let truth = Truth {
        architecture: 1.0,
        model: 0.0,
        depth: 0.5,
    };
    let three = |f: &outcrop_core::Fit| matches!(f.model.as_str(), "14m" | "70m" | "160m");
    let fits: Vec<_> = fits(&truth, 11).into_iter().filter(three).collect();
    let table = Table::new(&archs(), &fits).unwrap();
    let predictor = Predictor::train(&table, Regressor::Ridge, &PredictOptions::default()).unwrap();
    let spec = ArchSpec::pythia("31m").unwrap();
    assert!(predictor.predict("31m", &spec).is_ok());
    assert_eq!(predictor.default_level(), None);
    let error = predictor
        .predict_with_bands("31m", &spec, 0.5)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("3 different architectures, at least 4"),
        "{error}"
    );
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
    let options = PredictOptions {
        repeats: 0,
        ..PredictOptions::default()
    };
    let error = outcrop_predict::evaluate(&table, &options)
        .unwrap_err()
        .to_string();
    assert!(error.contains("repeats = 0"), "{error}");
    let options = PredictOptions {
        features: vec![],
        ..PredictOptions::default()
    };
    assert!(Predictor::train(&table, Regressor::Ridge, &options).is_err());
}
