//! How many measured ratios the bands of predicted curves hold: `cargo test -p outcrop --test coverage --
//! --nocapture` prints the tables of docs/predicting.md.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop::core::{NamedArch, Trajectory, table};
use outcrop::predict::{Predicted, Predictor, Target};

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
        let predicted = predictor
            .predict_with_bands(&named.model, &named.arch, LEVEL)
            .unwrap();
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

/// The same by numpy (tests/fixtures/curves.py): values, and half the width of the band, which is kept in
/// parts of 10^4 of its unit, less than 1, rounded up.
#[test]
fn curves_and_bands_are_those_of_numpy() {
    let (predictor, (archs, _)) = (shipped(), unseen());
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

/// The table speaks of a smooth curve that is fitted to a run, the curves of its measured ratios, each with errors of its
/// own: neither leaves the other's band, and they differ by less than a tenth (root mean square) over all layers.
#[test]
fn the_table_and_the_curves_agree() {
    let (predictor, (archs, _)) = (shipped(), unseen());
    let (mut squares, mut count) = ([0.0; 2], 0.0);
    for named in &archs {
        let predicted = predictor
            .predict_with_bands(&named.model, &named.arch, LEVEL)
            .unwrap();
        let steps: Vec<f64> = (0..=100)
            .map(|i| (2001f64.ln() * f64::from(i) / 100.0).exp_m1())
            .collect();
        let steps: Vec<f64> = steps.into_iter().map(|step| step.min(2000.0)).collect();
        let curves = predicted.curves(&steps).unwrap();
        for (layer, curve) in predicted.layers.iter().zip(curves.chunks(steps.len())) {
            let last = curve.last().unwrap();
            let top = curve
                .iter()
                .max_by(|a, b| a.value.total_cmp(&b.value))
                .unwrap();
            let pairs = [(Target::LnFLast, last), (Target::LnFMax, top)];
            for ((target, point), square) in pairs.into_iter().zip(&mut squares) {
                let told = layer.value(target).unwrap();
                let what = format!("{} {target:?} {layer:?} {point:?}", named.model);
                let [low, high] = layer.band(target).unwrap();
                assert!((low..=high).contains(&point.value.ln()), "{what}");
                let band = point.value_lo.unwrap()..=point.value_hi.unwrap();
                assert!(band.contains(&told.exp()), "{what}");
                *square += (point.value.ln() - told).powi(2);
            }
            count += 1.0;
        }
    }
    for square in squares {
        let apart = (square / count).sqrt();
        assert!(apart < 0.1, "{apart}");
    }
}
