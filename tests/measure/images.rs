//! Models of images in folders that transformers saved: the table is what transformers computes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop::core::{LaterStats, Measurement, Top};
use serde::Deserialize;

use crate::common::text;
use crate::small::{rows, run, succeeded};

const REGISTERS: u32 = 3;
const PATCHES: usize = 9;

/// Statistics of some rows of a hidden state: magnitude, position and channel of the largest three, and the median.
#[derive(Deserialize)]
struct Part {
    top: [(f32, u32, u32); 3],
    median: f32,
}

#[derive(Deserialize)]
struct Expected {
    all: Part,
    patches: Part,
    registers: Option<Part>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/measure/images")
}

/// By model, layer and image.
fn expected() -> BTreeMap<String, Vec<Vec<Expected>>> {
    let file = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    serde_json::from_str(&file).unwrap()
}

fn measured(model: &str, out: &Path, more: &[&str]) -> Vec<Measurement> {
    let (folder, out) = (fixtures().join(model), out.display().to_string());
    let given = ["measure", folder.to_str().unwrap(), "--out", &out];
    succeeded(&run(&[&given[..], more].concat()));
    rows(out.as_ref())
}

#[track_caller]
fn same(top: [Option<Top>; 3], median: Option<f32>, expected: &Part) {
    let near = |ours: f32, theirs: f32| (ours / theirs - 1.0).abs() < 1e-5;
    for (ours, (magnitude, position, channel)) in top.iter().zip(expected.top) {
        let ours = ours.unwrap();
        let place = (ours.place.position, ours.place.channel);
        assert_eq!(place, (position, channel));
        assert!(near(ours.magnitude, magnitude), "{ours:?} {magnitude}");
    }
    assert!(near(median.unwrap(), expected.median), "{median:?}");
}

/// The top 3 with places and the median at every layer, of all positions and of the patches alone.
#[test]
fn folders_of_transformers_are_measured_as_transformers_computes_them() {
    let dir = tempfile::tempdir().unwrap();
    let patches = fixtures().join("patches.npy").display().to_string();
    let given = ["--tokens", &patches, "--windows", "2"];
    let expected = expected();
    assert_eq!(expected.len(), 4);
    let mut of_registers = 0;
    for (name, layers) in &expected {
        let rows = measured(name, &dir.path().join(name), &given);
        assert_eq!(rows.len(), layers.len() * 2);
        for row in &rows {
            let expected = &layers[row.layer as usize - 1][row.sequence as usize];
            same(row.stats.top, row.stats.median, &expected.all);
            let LaterStats { top, median } = row.detail.later.unwrap();
            same(top, median, &expected.patches);
            let Some(registers) = &expected.registers else {
                continue;
            };
            for (top, theirs) in row.stats.top.into_iter().flatten().zip(registers.top) {
                let place = (top.place.position, top.place.channel);
                if place.0 > REGISTERS {
                    break;
                }
                assert_eq!(place, (theirs.1, theirs.2));
                of_registers += 1;
            }
        }
    }
    assert!(of_registers > 6, "{of_registers}");
}

/// Without `--tokens` patches are drawn; the class token and registers are no patch.
#[test]
fn patches_are_drawn_where_none_are_given() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("drawn");
    let rows = measured(
        "dinov2_with_registers",
        &out,
        &["--windows", "4", "--sinks"],
    );
    assert_eq!(rows.len(), 3 * 4);
    for row in rows {
        assert_eq!(
            row.stats.count as usize,
            (1 + REGISTERS as usize + PATCHES) * 16
        );
        for (top, token) in row.stats.top.into_iter().zip(row.detail.tokens) {
            let of_patch = top.unwrap().place.position > REGISTERS;
            assert_eq!(token.is_some(), of_patch);
        }
    }
    assert!(out.join("heads.csv").exists());
}

/// An image has all of its patches; there is no text.
#[test]
fn what_is_no_image_of_the_model_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = fixtures().join("vit").display().to_string();
    let out = dir.path().join("out");
    let text_file = fixtures().join("export.py").display().to_string();
    for (given, says) in [
        (["--length", "4"], "4 tokens; allowed is 9 to 9"),
        (["--text", text_file.as_str()], "there is no tokenizer"),
    ] {
        let to = ["measure", &folder, "--out", out.to_str().unwrap()];
        let output = run(&[&to[..], &given].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{said}");
        assert!(!out.join("measurements.csv").exists());
    }
}
