//! Settings of `config.json` that change what is measured, against transformers.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::text;
use crate::small::{rows, run, succeeded};

fn fixture(name: &str) -> PathBuf {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../outcrop-forward/tests");
    Path::new(tests).join("fixtures").join(name)
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Windows that hide earlier positions from all layers, from the last, from the first: 13 % of a median.
#[test]
fn sliding_windows_hide_what_transformers_hides() {
    for name in ["mistral-window", "qwen2-window", "qwen3-window"] {
        let dir = tempfile::tempdir().unwrap();
        let (ids, out) = (dir.path().join("ids.u32"), dir.path().join("out"));
        let reference = read(fixture(name).join("reference.json"));
        let sequences: Vec<Vec<u32>> = serde_json::from_value(reference["ids"].clone()).unwrap();
        let bytes: Vec<u8> = sequences
            .iter()
            .flatten()
            .flat_map(|id| id.to_le_bytes())
            .collect();
        std::fs::write(&ids, bytes).unwrap();
        let paths = [fixture(name), ids, out.clone()].map(|path| path.display().to_string());
        let length = sequences[0].len().to_string();
        succeeded(&run(&[
            "measure",
            &paths[0],
            "--tokens",
            &paths[1],
            "--windows",
            "2",
            "--length",
            &length,
            "--out",
            &paths[2],
        ]));
        let rows = rows(&out);
        assert_eq!(rows.len(), 2 * 2);
        for row in rows {
            let theirs = &reference["layers"][row.layer as usize - 1][row.sequence as usize];
            let close = |ours: f32, theirs: &Value| {
                let theirs = theirs.as_f64().unwrap();
                assert!(
                    (f64::from(ours) / theirs - 1.0).abs() < 1e-5,
                    "{name}: {ours} {theirs}"
                );
            };
            close(row.stats.median.unwrap(), &theirs["median"]);
            for (top, theirs) in row.stats.top.iter().zip(theirs["top"].as_array().unwrap()) {
                close(top.unwrap().magnitude, &theirs[0]);
            }
        }
    }
}

/// What versions of transformers read differently, or none of them reads, is refused by name.
#[test]
fn settings_with_two_meanings_are_refused() {
    let theta = |theta: f64| json!({"rope_type": "default", "rope_theta": theta});
    for (model, setting, value) in [
        ("neox-parallel", "rope_theta", json!(5000.0)),
        ("neox-parallel", "partial_rotary_factor", json!(0.5)),
        ("neox-parallel", "use_parallel_residual", Value::Null),
        ("llama-grouped", "rope_scaling", theta(5000.0)),
        ("llama-grouped", "rope_theta", json!(5000.0)),
        ("mistral-window", "use_sliding_window", json!(false)),
        ("qwen3", "sliding_window", json!(0.5)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut config = read(fixture(model).join("config.json"));
        config[setting] = value;
        if model == "qwen3" {
            config["use_sliding_window"] = json!(true);
        }
        std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        let weights = fixture(model).join("model.safetensors");
        std::fs::copy(weights, dir.path().join("model.safetensors")).unwrap();
        let out = dir.path().join("out").display().to_string();
        let refused = run(&["measure", &dir.path().display().to_string(), "--out", &out]);
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{error}");
        assert!(error.contains(setting), "{model} {setting}: {error}");
        assert!(!Path::new(&out).join("measurements.csv").exists());
    }
}
