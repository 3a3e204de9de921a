//! From fits to the prediction of an unseen architecture, against the same done in scikit-learn:
//! weights, scaling, the choice of penalties and the regression itself.

use std::collections::BTreeMap;

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch, Quantity};
use outcrop_predict::{PredictOptions, Predictor, Regressor, Table, Target};

/// tests/fixtures/export_pipeline.py
#[derive(serde::Deserialize)]
struct Fixture {
    rows: Vec<Row>,
    /// ln f_last of each layer of Pythia 31m, by regressor.
    predicted: BTreeMap<String, Vec<f64>>,
}

#[derive(serde::Deserialize)]
struct Row {
    model: String,
    layer: u32,
    /// ln f_last.
    value: f64,
    /// Its standard error.
    error: f64,
}

impl Row {
    fn fit(&self) -> Fit {
        let half_width = 1.644_853_626_951_472_2 * self.error; // of level 0.9
        Fit {
            model: self.model.clone(),
            layer: self.layer,
            hypothesis: "emergence".into(),
            quantities: [Quantity::new("f_last", self.value.exp()).between(
                (self.value - half_width).exp(),
                (self.value + half_width).exp(),
            )]
            .into(),
            ..Fit::default()
        }
    }
}

#[test]
fn an_unseen_architecture_is_predicted_as_by_scikit_learn() {
    let text = include_str!("fixtures/pipeline.json");
    let fixture: Fixture = serde_json::from_str(text).unwrap();
    let archs = ["14m", "70m", "160m", "410m", "1b"].map(|size| NamedArch {
        model: size.into(),
        arch: ArchSpec::pythia(size).unwrap(),
    });
    let fits: Vec<Fit> = fixture.rows.iter().map(Row::fit).collect();
    let table = Table::new(&archs, &fits).unwrap();
    let new = ArchSpec::pythia("31m").unwrap();
    for (name, expected) in &fixture.predicted {
        let regressor = Regressor::from_name(name).unwrap();
        let predictor = Predictor::train(&table, regressor, &PredictOptions::default()).unwrap();
        let predicted = predictor.predict("31m", &new).unwrap();
        for (layer, expected) in predicted.layers.iter().zip(expected) {
            let value = layer.value(Target::LnFLast).unwrap();
            let error = (value - expected).abs();
            assert!(
                error < 1e-8,
                "{name}, layer {}: {value} {expected}",
                layer.layer
            );
        }
    }
}
