//! The precision of rotary angles, far from the first position, against transformers.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop_arch::{Angles, ArchSpec, Plan, Step};
use outcrop_checkpoint::read_tensors;
use outcrop_forward::{Published, forward};
use outcrop_measure::Meter;
use outcrop_vector::rotary_tables;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn floats(bits: &Value) -> Vec<f32> {
    let bits: Vec<i32> = serde_json::from_value(bits.clone()).unwrap();
    bits.into_iter()
        .map(|bits| f32::from_bits(bits.cast_unsigned()))
        .collect()
}

/// Whether two numbers are at most one unit in the last place apart, each of its own size: 6e-8 at 1.
fn adjacent(a: f32, b: f32) -> bool {
    a == b || a.next_up() == b || a.next_down() == b
}

/// The angles of a `config.json`.
fn angles(config: &Value) -> Angles {
    let arch = ArchSpec::from_huggingface(&config.to_string(), "config.json").unwrap();
    let plan = Plan::new(&arch);
    let of = |step: &Step| match step {
        Step::Rotate { angles, .. } => Some(angles.clone()),
        _ => None,
    };
    plan.steps().find_map(of).unwrap()
}

/// PyTorch's own power is not always rounded to the nearest, so that 1 frequency in 100 is its neighbour; where
/// it is the same, cosines and sines are too, to one unit in the last place.
#[test]
fn tables_are_those_of_transformers_up_to_position_32768() {
    let text = std::fs::read_to_string(folder("rotary/tables.json")).unwrap();
    let tables: Value = serde_json::from_str(&text).unwrap();
    let (mut compared, mut neighbours) = (0, 0);
    for case in tables["cases"].as_array().unwrap() {
        let angles = angles(&case["config"]);
        let tokens = case["tokens"].as_u64().unwrap() as usize;
        let positions: Vec<usize> = serde_json::from_value(case["positions"].clone()).unwrap();
        let half = angles.dims / 2;
        let ours = angles.frequencies(tokens);
        let [cosines, sines] = rotary_tables(&ours, angles.scale(), tokens);
        let frequencies = floats(&case["inverse_frequencies"]);
        for (ours, theirs) in ours.iter().zip(&frequencies) {
            let units = (ours / theirs - 1.0).abs() / f32::EPSILON;
            assert!(units <= 4.0, "{angles:?}: {ours} {theirs}");
        }
        for (row, position) in positions.iter().enumerate() {
            let theirs = [floats(&case["cosines"][row]), floats(&case["sines"][row])];
            for i in 0..half {
                let at = position * half + i;
                let same = [(cosines[at], theirs[0][i]), (sines[at], theirs[1][i])]
                    .iter()
                    .all(|(ours, theirs)| adjacent(*ours, *theirs));
                // what a frequency off by some units turns the angle by
                let off = (ours[i] - frequencies[i]).abs() + f32::EPSILON * frequencies[i];
                let turned = *position as f32 * off * angles.scale();
                // and the result is rounded
                let close = |ours: f32, theirs: f32| {
                    (ours - theirs).abs() <= turned + f32::EPSILON * theirs.abs()
                };
                let near = close(cosines[at], theirs[0][i]) && close(sines[at], theirs[1][i]);
                assert!(same || near, "{angles:?} {position} {i}");
                compared += 1;
                neighbours += usize::from(!same);
            }
        }
    }
    println!("{neighbours} of {compared} are not the same to a unit");
    assert!(
        compared > 4000 && neighbours * 20 < compared,
        "{neighbours} of {compared}"
    );
}

/// Angles of f64 would be off by 4 times the tolerance after layer 1 and 12 times after layer 2.
#[test]
fn states_after_2048_tokens_are_those_of_transformers() {
    let expected = read_tensors(&folder("long/reference.safetensors")).unwrap();
    let expected = |name: String| &expected.iter().find(|t| t.name == name).unwrap().data;
    let model = Published::open(&folder("long/neox")).unwrap();
    let (d, mut meter) = (model.arch().d_model, Meter::new());
    let tokens: Vec<u32> = (0..2048).map(|i| (i * i + 7 * i) % 61).collect();
    let mut compare = |layer: usize, _: usize, hidden: &mut [f32]| {
        let rows = expected(format!("rows_{layer}"));
        let [top @ .., median] = &expected(format!("statistics_{layer}"))[..] else {
            panic!("no statistics");
        };
        for (row, position) in [0, 1, 1515, 1889, 2003, 2047].into_iter().enumerate() {
            for channel in 0..d {
                let (ours, theirs) = (hidden[position * d + channel], rows[row * d + channel]);
                let error = (ours - theirs).abs() / top[0];
                assert!(
                    error < 4e-5,
                    "layer {layer}, {position}, {channel}: {ours} {theirs}"
                );
            }
        }
        let stats = meter.measure(hidden, d).unwrap();
        let ours = stats.top.map(|top| top.unwrap().magnitude);
        for (ours, theirs) in ours
            .iter()
            .zip(top)
            .chain([(&stats.median.unwrap(), median)])
        {
            assert!(
                (ours / theirs - 1.0).abs() < 1e-5,
                "layer {layer}: {ours} {theirs}"
            );
        }
    };
    forward(&model, &[tokens], &mut compare).unwrap();
}
