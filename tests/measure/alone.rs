//! A single model: its folder without a step, its weight file, a config in another folder.

use std::fs;
use std::path::Path;

use crate::common::text;
use crate::small::{Noise, arch, fresh, measure, rows, run, series, succeeded, write};

/// NaN weights are suspect also where no name gives a step.
#[test]
fn a_model_without_a_step_can_be_suspect() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = fresh(&arch(), &mut Noise(9));
    model[3].data[0] = f32::NAN;
    let stepped = write(dir.path(), 0, &arch(), &model);
    let of = dir.path().join("final");
    fs::rename(stepped, &of).unwrap();
    for (more, step) in [(&[][..], 0), (&["--step", "500"], 500)] {
        let out = dir.path().join(format!("out{step}"));
        let output = measure(&of, &out, more);
        succeeded(&output);
        let rows = rows(&out);
        let marked = |row: &outcrop::core::Measurement| {
            row.step == step && row.suspect.as_deref() == Some("non-finite")
        };
        assert!(!rows.is_empty() && rows.iter().all(marked), "{rows:?}");
        assert!(text(&output.stderr).contains("1 suspect step"));
    }
    for path in [of.clone(), of.join("model.safetensors")] {
        let audit = run(&["audit", path.to_str().unwrap(), "--strict"]);
        assert_eq!(audit.status.code(), Some(1), "{}", text(&audit.stdout));
        assert!(text(&audit.stdout).contains("1 suspect step"));
    }
}

fn same(out: &Path, expected: &Path) {
    let stats = |out: &Path| {
        rows(out)
            .into_iter()
            .map(|row| row.stats)
            .collect::<Vec<_>>()
    };
    assert!(!rows(out).is_empty());
    assert_eq!(stats(out), stats(expected));
}

#[test]
fn a_weight_file_is_measured_with_the_config_beside_it_or_the_one_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let folder = write(dir.path(), 7, &arch(), &fresh(&arch(), &mut Noise(4)));
    succeeded(&measure(&folder, &path("whole"), &[]));
    let file = folder.join("model.safetensors");
    succeeded(&measure(&file, &path("file"), &[]));
    let named = |row: &outcrop::core::Measurement| (row.step, &*row.model) == (7, "step7");
    assert!(rows(&path("file")).iter().all(named));
    same(&path("file"), &path("whole"));

    let elsewhere = path("weights.safetensors");
    fs::rename(&file, &elsewhere).unwrap();
    let output = measure(&elsewhere, &path("none"), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("no config.json") && said.contains("--config"),
        "{said}"
    );
    assert!(!path("none").exists());
    let config = folder.join("config.json");
    let config = ["--config", config.to_str().unwrap()];
    let more = [&config[..], &["--figures", "--figure-format", "svg"]].concat();
    succeeded(&measure(&elsewhere, &path("named"), &more));
    same(&path("named"), &path("whole"));
}

/// accelerate's `save_state` and Lightning leave the config to the run.
#[test]
fn the_config_of_a_series_may_lie_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let (of, run, out) = (
        dir.path().join("tiny"),
        dir.path().join("run"),
        dir.path().join("out"),
    );
    series(&of);
    succeeded(&measure(&of, &out, &[]));
    let checkpoints = run.join("checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    for (i, step) in crate::small::STEPS.iter().enumerate() {
        let from = of.join(format!("step{step}"));
        let file = checkpoints.join(format!("epoch={i}-step={step}.safetensors"));
        fs::rename(from.join("model.safetensors"), file).unwrap();
        fs::rename(from.join("config.json"), run.join("config.json")).unwrap();
    }
    for (name, path) in [("a", &run), ("b", &checkpoints)] {
        let out2 = dir.path().join(name);
        let output = measure(path, &out2, &[]);
        succeeded(&output);
        let said = text(&output.stderr);
        assert!(
            said.contains("config.json is used for 8 checkpoints"),
            "{said}"
        );
        same(&out2, &out);
    }
}
