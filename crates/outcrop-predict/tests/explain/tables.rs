//! Tables with a known truth are explained by it.

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, Importance, NamedArch};
use outcrop_predict::{Explainer, Feature, PredictOptions, Regressor, Table, Target};

use crate::simulate::{Truth, archs, fits};

fn few() -> PredictOptions {
    PredictOptions {
        features: [
            &Feature::DEPTH[..],
            &[
                Feature::LnWidth,
                Feature::Width,
                Feature::AttentionDensity,
                Feature::MlpExpansion,
            ],
        ]
        .concat(),
        ..PredictOptions::default()
    }
}

fn table(architecture: f64, depth: f64) -> Table {
    let truth = Truth {
        architecture,
        model: 0.0,
        depth,
    };
    Table::new(&archs(), &fits(&truth, 3)).unwrap()
}

#[test]
fn shares_of_a_row_add_up_and_groups_are_named() {
    let table = table(1.0, 0.5);
    for regressor in [Regressor::Ridge, Regressor::GradientBoosting] {
        let explainer = Explainer::train(&table, Target::LnFLast, regressor, &few()).unwrap();
        let names: Vec<String> = explainer.groups().iter().map(|g| g.name()).collect();
        // d_ff/d is 4 in all of Pythia
        let depth = "l/L + s1(l/L) + s2(l/L)";
        assert_eq!(names, [depth, "ln d + d", "H/d"]);
        assert_eq!(explainer.rows().len(), 188);
        let rows = explainer.shapley("12b", 30).unwrap();
        let sum: f64 = rows.iter().map(|r| r.shapley).sum();
        assert!((rows[0].base + sum - rows[0].predicted).abs() < 1e-9);
        // the widest model of all: width raises the prediction most
        assert!(
            rows[1].shapley > 0.5 && rows[1].value == (5120f64).ln(),
            "{rows:?}"
        );
    }
}

#[test]
fn a_dependence_has_its_mean_first_and_a_curve_for_each_row() {
    let table = table(1.0, 0.0);
    let explainer = Explainer::train(&table, Target::LnFLast, Regressor::Ridge, &few()).unwrap();
    let points = explainer.dependence(&explainer.groups()[1]).unwrap();
    let mean: Vec<_> = points.iter().filter(|p| p.layer == 0).collect();
    assert_eq!(points.len(), mean.len() * 189);
    assert_eq!(mean.len(), 8); // 14m to 12b have eight widths
    assert!(
        mean.windows(2)
            .all(|w| w[0].at < w[1].at && w[0].predicted < w[1].predicted)
    );
}

fn of<'r>(rows: &'r [Importance], group: &str) -> &'r Importance {
    rows.iter().find(|r| r.group == group).unwrap()
}

#[test]
fn importance_tells_depth_from_architecture_and_repeats_itself() {
    let importance = |table: &Table| {
        let explainer = Explainer::train(table, Target::LnFLast, Regressor::Ridge, &few()).unwrap();
        let found = explainer.importance(20).unwrap();
        assert_eq!(found, explainer.importance(20).unwrap());
        found
    };
    let depth = "l/L + s1(l/L) + s2(l/L)";
    let wide = importance(&table(1.0, 0.0));
    assert!(of(&wide, "ln d + d").increase > 0.5, "{wide:?}");
    assert!(of(&wide, depth).increase < 0.05, "{wide:?}");
    let deep = importance(&table(0.0, 1.0));
    assert!(of(&deep, depth).increase > 0.2, "{deep:?}");
    assert!(
        of(&deep, "the whole architecture").increase < 0.1,
        "{deep:?}"
    );
}

/// Left out together: otherwise a second seed tells the answer.
#[test]
fn seeds_of_one_architecture_are_left_out_together() {
    let archs: Vec<NamedArch> = (0..16)
        .map(|i| NamedArch {
            model: format!("m{i}"),
            arch: ArchSpec::new(2, 64 + 8 * (i / 2 % 8), 4 + 4 * (i / 8)),
        })
        .collect();
    // noise that belongs to the architecture and says nothing of others
    let noise = [0.0, 3.0, 1.0, 2.0, 3.0, 0.0, 2.0, 1.0];
    let fits: Vec<Fit> = (0..16)
        .map(|i| Fit {
            model: format!("m{i}"),
            layer: 1,
            hypothesis: "emergence".into(),
            quantities: [("f_last", f64::exp(noise[i / 2 % 8]))].into(),
            ..Fit::default()
        })
        .collect();
    let table = Table::new(&archs, &fits).unwrap();
    let options = PredictOptions {
        features: vec![Feature::Width],
        ..PredictOptions::default()
    };
    let explainer = Explainer::train(
        &table,
        Target::LnFLast,
        Regressor::GradientBoosting,
        &options,
    );
    let found = explainer.unwrap().importance(3).unwrap();
    assert!(found[0].rmse > 1.0, "{found:?}"); // the scatter of the noise
}

#[test]
fn bad_requests_are_named() {
    let table = table(1.0, 0.0);
    let train = |target, options: &PredictOptions| {
        Explainer::train(&table, target, Regressor::Ridge, options)
    };
    let error = train(Target::Lambda, &few()).err().unwrap().to_string();
    assert!(
        error.contains("lambda") && error.contains("0 models"),
        "{error}"
    );
    let explainer = train(Target::LnFLast, &few()).unwrap();
    let error = explainer.shapley("12B", 1).unwrap_err().to_string();
    assert!(error.contains("did you mean `12b`"), "{error}");
    let error = explainer.shapley("12b", 37).unwrap_err().to_string();
    assert!(error.contains("layers 1 to 36"), "{error}");
    assert!(
        explainer
            .importance(0)
            .unwrap_err()
            .to_string()
            .contains("repeats")
    );
}
