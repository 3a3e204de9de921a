//! How many measured ratios the bands of predicted curves hold: `cargo test -p outcrop --test coverage --
//! --nocapture` prints the tables of docs/predicting.md.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::{Path, PathBuf};

use common::{files, outcrop, text};

use outcrop::core::{CurvePoint, Fit, NamedArch, Trajectory, table};
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

const SUMMARIES: [Target; 4] = [
    Target::LnFFirst,
    Target::LnFLast,
    Target::LnFMax,
    Target::LnTHalf,
];

/// Each architecture counts the same.
#[test]
fn summaries_of_architectures_left_out_are_in_their_bands_at_every_length() {
    let found = shipped().summary_coverage(LEVEL);
    let mut lengths = 0;
    for part in found.iter().filter(|c| SUMMARIES.contains(&c.target)) {
        println!(
            "{} of {} updates: {:.3}",
            part.target, part.updates, part.share
        );
        assert!((0.85..=0.95).contains(&part.share), "{part:?}");
        lengths += 1;
    }
    assert_eq!(lengths, 4 * 3); // 300, 1000 and 2000 updates
}

/// Of runs of 2000 updates, of which few taught the predictor. Their curves are fitted here.
#[test]
fn summaries_of_unseen_runs_are_in_their_bands_and_not_off_on_average() {
    let dir = tempfile::tempdir().unwrap();
    let (file, folder) = (dir.path().join("fits.csv"), path("../../data/unseen"));
    let mut command = outcrop();
    let command = command.arg("fit").arg(folder.join("trajectories.csv"));
    let output = command.args(["--format", "csv", "--out"]).arg(&file);
    assert!(output.output().unwrap().status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    let fits: Vec<Fit> = table::read_rows_from(text.as_bytes(), "fits").unwrap().rows;
    let (predictor, (archs, _)) = (shipped(), unseen());
    let predicted: Vec<Predicted> = archs.iter().map(|a| predict(&predictor, a)).collect();
    for target in SUMMARIES {
        let (mut held, mut off, mut count) = (0.0, 0.0, 0.0);
        for fit in fits.iter().filter(|fit| fit.hypothesis == "emergence") {
            let Some(truth) = target.of(fit) else {
                continue;
            };
            let model = predicted.iter().find(|p| p.model == fit.model).unwrap();
            let layer = &model.layers[fit.layer as usize - 1];
            let [low, high] = layer.band(target).unwrap();
            held += f64::from(u8::from(low <= truth && truth <= high));
            off += layer.value(target).unwrap() - truth;
            count += 1.0;
        }
        let (share, bias) = (held / count, off / count);
        println!("{target}: {share:.3} in the band, {bias:.3} too high on average");
        assert!(count > 110.0 && bias.abs() < 0.1, "{target} {bias}");
        assert!((0.85..=0.95).contains(&share), "{target} {share}");
    }
}

/// The highest and the last ratio of the curve fitted to a run are read off the predicted curve, less what such readings were off
/// by in training.
#[test]
fn summaries_are_those_of_the_curve() {
    let (predictor, (archs, trajectories)) = (shipped(), unseen());
    for (target, name) in [(Target::LnFMax, "f_max"), (Target::LnFLast, "f_last")] {
        let (mut squares, mut count, mut apart) = ([0.0; 2], 0.0, 0.0f64);
        for named in &archs {
            let predicted = predict(&predictor, named);
            let of_model = trajectories.iter().filter(|t| t.model == named.model);
            for measured in of_model {
                let truth = pick(target, measured.ratios.iter().copied());
                let curve = pick(target, curve(&predicted, measured).into_iter());
                let layer = &predicted.layers[measured.layer as usize - 1];
                let told = layer.value(target).unwrap();
                squares[0] += (told - truth).powi(2);
                squares[1] += (curve - truth).powi(2);
                apart = apart.max((told - curve).abs());
                count += 1.0;
            }
        }
        let [told, curve] = squares.map(|sum: f64| (sum / count).sqrt());
        println!("{name}: errors {told:.3} (table), {curve:.3} (curve), apart at most {apart:.3}");
        assert!(apart < 0.1, "{name} {apart}");
    }
}

/// Curves and bands have no step where the short runs of training end.
#[test]
fn curves_and_bands_go_on_where_short_runs_end() {
    let (predictor, (archs, _)) = (shipped(), unseen());
    let steps = [285.0, 299.0, 301.0, 315.0, 950.0, 995.0, 1005.0, 1050.0];
    for named in &archs {
        let curves = predict(&predictor, named).curves(&steps).unwrap();
        let half = |p: &CurvePoint| (p.value_hi.unwrap() / p.value).ln();
        for pair in curves
            .windows(2)
            .filter(|w| w[0].step < w[1].step && w[1].step != 950.0)
        {
            let moved = (pair[1].value / pair[0].value).ln().abs();
            let wider = (half(&pair[1]) / half(&pair[0])).ln().abs();
            assert!(moved < 0.05 && wider < 0.05, "{pair:?}");
        }
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
