//! How many measured ratios the bands of predicted curves hold: `cargo test -p outcrop --test coverage --
//! --nocapture` prints the tables of docs/predicting.md.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::{Path, PathBuf};

use common::{files, outcrop, text};

use outcrop::core::{NamedArch, Trajectory, table};
use outcrop::predict::{Predicted, Predictor, Recipe, Target};

const LEVEL: f64 = 0.9;

fn path(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(part)
}

fn shipped() -> Predictor {
    Predictor::from_text(&std::fs::read_to_string(path("data/predictor.txt")).unwrap()).unwrap()
}

/// Architectures that are not in the atlas, and what was measured of them.
fn unseen() -> (Vec<NamedArch>, Vec<Trajectory>) {
    let folder = path("../../data/unseen");
    let archs = table::architectures(&folder.join("architectures.csv")).unwrap();
    let trajectories = table::trajectories(&folder.join("trajectories.csv")).unwrap();
    assert!(archs.problems.is_empty() && trajectories.problems.is_empty());
    (archs.rows, trajectories.rows)
}

/// How those were trained.
fn recipe(predictor: &Predictor) -> Recipe {
    let mut known = predictor.origin().recipes.iter().map(|(recipe, _)| recipe);
    let of_task = known
        .find(|recipe| recipe.corpus == "bigram-backcopy bytes")
        .unwrap();
    Recipe {
        steps: 2000,
        batch: 32,
        context: 32,
        learning_rate: 1e-2,
        warmup: 100,
        ..of_task.clone()
    }
}

fn predict(predictor: &Predictor, named: &NamedArch) -> Predicted {
    let recipe = recipe(predictor);
    let predicted = predictor.predict_run(&named.model, &named.arch, Some(&recipe), Some(LEVEL));
    predicted.unwrap()
}

/// Each measured (step, ratio in the band), layer by layer.
fn held(predicted: &Predicted, trajectories: &[Trajectory]) -> Vec<(u64, bool)> {
    let own = trajectories.iter().filter(|t| t.model == predicted.model);
    let of_layer = |t: &Trajectory| {
        let steps: Vec<f64> = t.steps.iter().map(|step| *step as f64).collect();
        let curves = predicted.curves(&steps).unwrap();
        let curve = curves.iter().filter(|p| p.layer == t.layer);
        let holds = curve.zip(&t.ratios).map(|(p, ratio)| {
            (
                p.step as u64,
                p.value_lo.unwrap() <= *ratio && *ratio <= p.value_hi.unwrap(),
            )
        });
        holds.collect::<Vec<_>>()
    };
    own.flat_map(of_layer).collect()
}

fn share(held: &[(u64, bool)], steps: std::ops::RangeInclusive<u64>) -> f64 {
    let within = held.iter().filter(|(step, _)| steps.contains(step));
    let count = within.clone().filter(|(_, held)| *held).count();
    count as f64 / within.count() as f64
}

#[test]
fn of_architectures_left_out_the_band_holds_what_it_says_in_every_decade() {
    println!("architectures of the atlas, each left out:");
    for decade in shipped().coverage(LEVEL).unwrap() {
        println!(
            "steps {} to {}: {:.3}",
            decade.first, decade.last, decade.share
        );
        assert!((0.85..=0.95).contains(&decade.share), "{decade:?}");
    }
}

#[test]
fn of_architectures_that_nobody_had_trained_too() {
    let (predictor, (archs, trajectories)) = (shipped(), unseen());
    assert_eq!(archs.len(), 36);
    let mut all = Vec::new();
    for named in &archs {
        let predicted = predict(&predictor, named);
        assert_eq!(predicted.outside, []);
        let found = held(&predicted, &trajectories);
        assert_eq!(found.len(), 52 * named.arch.layers);
        all.extend(found);
    }
    println!("fresh architectures:");
    for (first, last) in [
        (0, 0),
        (1, 9),
        (10, 99),
        (100, 999),
        (1000, 2000),
        (0, 2000),
    ] {
        let share = share(&all, first..=last);
        println!("steps {first} to {last}: {share:.3}");
        assert!((0.85..=0.95).contains(&share), "{first} {share}");
    }
}

/// What the command learns from the first atlas alone, all of whose runs have one recipe and length, is what numpy learns
/// (tests/fixtures/curves.py): values, and half the width of the band, which is kept in parts of 10^4 of its unit, less than 1,
/// rounded up.
#[test]
fn curves_and_bands_are_those_of_numpy() {
    let dir = tempfile::tempdir().unwrap();
    let (atlas, file) = (path("../../data/atlas"), dir.path().join("p.txt"));
    let mut command = outcrop();
    command.args(["predict", "--retrain"]).arg(atlas);
    let output = command.arg("--save").arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let saved = text(&files(dir.path())["p.txt"]);
    let predictor = Predictor::from_text(&saved).unwrap();
    let (archs, _) = unseen();
    let expected = std::fs::read_to_string(path("../../tests/fixtures/curves.csv")).unwrap();
    let mut compared = 0;
    for line in expected.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [layer, step, ln, half] = [1, 2, 3, 4].map(|i| fields[i].parse::<f64>().unwrap());
        let named = archs.iter().find(|a| a.model == fields[0]).unwrap();
        let predicted = predictor
            .predict_with_bands(&named.model, &named.arch, LEVEL)
            .unwrap();
        let curves = predicted
            .curves(&[step, if step > 0.0 { 0.0 } else { 1.0 }])
            .unwrap();
        let point = &curves[2 * (layer as usize - 1)];
        assert!((point.value.ln() - ln).abs() < 1e-6, "{line}: {point:?}");
        let wider = (point.value_hi.unwrap() / point.value).ln() - half;
        assert!((-1e-6..=1e-4 + 1e-6).contains(&wider), "{line}: {point:?}");
        compared += 1;
    }
    assert_eq!(compared, 3 * 52);
}

/// Summaries (the highest and the last ratio of the curve fitted to a run) and curves are learned apart. The two differ by less
/// than either differs from what was measured, where the curve is nearer.
#[test]
fn the_table_and_the_curves_err_more_than_they_differ() {
    let (predictor, (archs, trajectories)) = (shipped(), unseen());
    for (target, name) in [(Target::LnFMax, "f_max"), (Target::LnFLast, "f_last")] {
        let (mut squares, mut count) = ([0.0; 3], 0.0);
        for named in &archs {
            let predicted = predict(&predictor, named);
            let of_model = trajectories.iter().filter(|t| t.model == named.model);
            for measured in of_model {
                let truth = pick(target, measured.ratios.iter().copied());
                let curve = pick(target, curve(&predicted, measured).into_iter());
                let layer = &predicted.layers[measured.layer as usize - 1];
                let told = layer.value(target).unwrap();
                let apart = [told - truth, curve - truth, told - curve];
                squares = [0, 1, 2].map(|i| squares[i] + apart[i] * apart[i]);
                count += 1.0;
            }
        }
        let [told, curve, apart] = squares.map(|sum| (sum / count).sqrt());
        println!("{name}: errors {told:.3} (table), {curve:.3} (curve), apart {apart:.3}");
        assert!(apart < curve && curve < told, "{name}");
    }
}

/// The predicted ratios of a layer at the steps at which it was measured.
fn curve(predicted: &Predicted, measured: &Trajectory) -> Vec<f64> {
    let steps: Vec<f64> = measured.steps.iter().map(|step| *step as f64).collect();
    let curves = predicted.curves(&steps).unwrap();
    let own = curves.iter().filter(|point| point.layer == measured.layer);
    own.map(|point| point.value).collect()
}

/// The logarithm of the highest ratio, or of the last one.
fn pick(target: Target, ratios: impl Iterator<Item = f64>) -> f64 {
    match target {
        Target::LnFMax => ratios.fold(0.0, f64::max).ln(),
        _ => ratios.last().unwrap().ln(),
    }
}
