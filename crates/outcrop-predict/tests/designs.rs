//! Designs by a trained predictor.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_predict::{
    Feature, Knob, PredictOptions, Predictor, Regressor, Request, Table, Target, design,
};
use simulate::{Truth, archs, fits};

fn options() -> PredictOptions {
    PredictOptions {
        features: [&Feature::DEPTH[..], &[Feature::LnWidth, Feature::Layers]].concat(),
        ..PredictOptions::default()
    }
}

fn trained() -> (Table, Predictor) {
    let truth = Truth {
        architecture: 1.0,
        model: 0.0,
        depth: 0.5,
    };
    let table = Table::new(&archs(), &fits(&truth, 5)).unwrap();
    let predictor = Predictor::train(&table, Regressor::Ridge, &options()).unwrap();
    (table, predictor)
}

/// In this truth the ratio grows with the width alone: for low ratios, deep and narrow.
#[test]
fn low_ratios_at_a_given_size_are_found_by_going_deep_and_narrow() {
    let (table, predictor) = trained();
    let vary = Knob::list("layers,d_model=128..5120:128,heads=8").unwrap();
    let request = Request {
        budgets: vec!["non_embedding=250M..350M".parse().unwrap()],
        ..Request::new("f_last<300".parse().unwrap(), vary)
    };
    let found = design(&table, &predictor, &request).unwrap();
    let best = &found.candidates[0];
    assert!(
        best.arch.layers >= 30 && best.arch.d_model <= 1024,
        "{best:?}"
    );
    // what is said of a candidate is what the predictor says of its layers
    let predicted = predictor.predict("best", &best.arch).unwrap();
    let layers = predicted
        .layers
        .iter()
        .map(|l| l.value(Target::LnFLast).unwrap().exp());
    assert_eq!(layers.fold(0.0, f64::max), best.value);
    assert!(predicted.outside.is_empty() && best.outside.is_empty());
}

#[test]
fn a_target_that_nothing_identifies_is_named() {
    let (table, predictor) = trained();
    let request = Request::new("lambda<1".parse().unwrap(), Knob::list("layers").unwrap());
    let error = design(&table, &predictor, &request).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("lambda: it is identified in 0 models"),
        "{error}"
    );
}
