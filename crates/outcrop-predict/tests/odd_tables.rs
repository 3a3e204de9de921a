//! Small, lopsided and extreme tables: an evaluation or an error, never a panic.

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch, Quantity};
use outcrop_predict::{PredictOptions, Predictor, Regressor, Table, evaluate};
use proptest::prelude::*;

/// Values that fits have held: ordinary, extreme, absent.
fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => (-10.0..4000.0f64).prop_map(Some),
        1 => prop::sample::select(vec![0.0, -0.0, 1e-300, 1e12, -1e12, 7.0]).prop_map(Some),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY]).prop_map(Some),
        2 => Just(None),
    ]
}

fn fit() -> impl Strategy<Value = Fit> {
    (0..4usize, 1..4u32, prop::array::uniform12(value())).prop_map(|(model, layer, v)| Fit {
        model: model.to_string(),
        layer,
        hypothesis: "emergence".into(),
        quantities: [
            Quantity::new("A", v[0]),
            Quantity::new("lambda", v[1]),
            Quantity::new("gamma", v[2]),
            Quantity::new("t0", v[3]),
            Quantity::new("K", v[4]),
            Quantity::new("f_first", v[5]),
            Quantity::new("f_last", v[6]),
            Quantity::new("f_max", v[7]).between(v[10], v[11]),
            Quantity::new("t_half", v[8]),
            Quantity::new("p_peak", v[9]),
        ]
        .into(),
        ..Fit::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    #[test]
    fn predictions_are_finite_or_an_error_says_why(fits in prop::collection::vec(fit(), 0..14)) {
        let archs = [(3, 64, 1), (3, 128, 4), (4, 64, 2), (3, 64, 1)];
        let mut name = 0..;
        let archs = archs.map(|(layers, d_model, heads)| NamedArch {
            model: name.next().unwrap_or(0).to_string(),
            arch: ArchSpec::new(layers, d_model, heads),
        });
        let Ok(table) = Table::new(&archs, &fits) else {
            return Ok(());
        };
        let options = PredictOptions {
            relabellings: 49,
            ..PredictOptions::default()
        };
        let Ok(evaluation) = evaluate(&table, &options) else {
            prop_assert!(Predictor::train(&table, Regressor::Ridge, &options).is_err());
            return Ok(());
        };
        prop_assert!(evaluation.predictions.iter().all(|p| p.predicted.is_finite()));
        prop_assert!(evaluation.scores.iter().all(|s| s.mae.is_finite() && s.rmse.is_finite()));
        for regressor in Regressor::ALL {
            let predictor = Predictor::train(&table, regressor, &options)?;
            let predicted = predictor.predict("new", &ArchSpec::new(6, 256, 8))?;
            prop_assert!(predicted.rows().iter().all(|p| p.predicted.is_finite()));
            if let Ok(points) = predicted.curves(&[1.0, 10.0, 100.0]) {
                prop_assert!(points.iter().all(|p| p.value.is_finite() && p.value >= 0.0));
            }
        }
    }
}
