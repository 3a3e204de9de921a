//! What was measured is known by weights, config and tokens: nothing old passes for new.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{files, text};
use crate::small::{Noise, arch, fresh, measure, rows, series, succeeded, walk, write};

/// Changes a config.
type Change = fn(&mut Value);

/// Settings that change what is measured, and the field by which each is named.
const SETTINGS: [(Change, &str); 4] = [
    (
        |config| {
            let theta = Value::from(500.0);
            config["rotary_emb_base"] = theta.clone();
            config["rope_theta"] = theta.clone();
            config["rope_parameters"]["rope_theta"] = theta;
        },
        "position",
    ),
    (|config| config["layer_norm_eps"] = 0.05.into(), "norm"),
    (|config| config["hidden_act"] = "relu".into(), "activation"),
    (
        |config| config["use_parallel_residual"] = false.into(),
        "residual",
    ),
];

fn change(folder: &Path, change: Change) {
    let file = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    change(&mut config);
    fs::write(file, config.to_string()).unwrap();
}

#[test]
fn a_config_that_changed_is_named_and_measured_anew_when_asked() {
    for more in [&[][..], &["--no-audit"]] {
        for (setting, field) in SETTINGS {
            let dir = tempfile::tempdir().unwrap();
            let [out, new] = ["out", "new"].map(|name| dir.path().join(name));
            let of = write(dir.path(), 7, &arch(), &fresh(&arch(), &mut Noise(4)));
            succeeded(&measure(&of, &out, more));
            let old = rows(&out);
            change(&of, setting);
            let before = files(&out);
            let output = measure(&of, &out, more);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            for part in ["step 7", "config.json", field, "--again", "--out"] {
                assert!(said.contains(part), "says nothing of {part}: {said}");
            }
            assert_eq!(text(&output.stdout), "", "old numbers are shown");
            assert_eq!(files(&out), before);
            let anew = [more, &["--again"]].concat();
            succeeded(&measure(&of, &out, &anew));
            succeeded(&measure(&of, &new, more));
            assert_eq!(rows(&out), rows(&new));
            assert_ne!(rows(&out), old, "{field} changes nothing");
            let again = measure(&of, &out, more);
            succeeded(&again);
            assert!(text(&again.stdout).contains("(1 measured before)"));
        }
    }
}

#[test]
fn weights_that_changed_are_named_and_these_steps_measured_anew_when_asked() {
    for more in [&[][..], &["--no-audit"]] {
        let dir = tempfile::tempdir().unwrap();
        let [of, out, new] = ["tiny", "out", "new"].map(|name| dir.path().join(name));
        series(&of);
        succeeded(&measure(&of, &out, more));
        write(&of, 8, &arch(), &fresh(&arch(), &mut Noise(77)));
        let before = files(&out);
        let output = measure(&of, &out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("step 8: its weights have changed"), "{said}");
        assert_eq!(files(&out), before);
        succeeded(&measure(&of, &out, &[more, &["--again"]].concat()));
        succeeded(&measure(&of, &new, more));
        let sorted = |out: &Path| {
            let mut rows = rows(out);
            rows.sort_by_key(|row| (row.step, row.sequence, row.layer));
            rows
        };
        assert_eq!(sorted(&out), sorted(&new));
    }
}

/// The same weights as an earlier step's, and another model's config: its rows are not the earlier
/// step's.
#[test]
fn every_config_of_a_series_is_read() {
    for (setting, field) in SETTINGS {
        let dir = tempfile::tempdir().unwrap();
        let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
        let (arch, mut noise) = (arch(), Noise(6));
        let mut model = fresh(&arch, &mut noise);
        write(&of, 0, &arch, &model);
        let copy = write(&of, 8, &arch, &model);
        walk(&mut model, &mut noise);
        write(&of, 16, &arch, &model);
        let config = fs::read(copy.join("config.json")).unwrap();
        change(&copy, setting);
        let output = measure(&of, &out, &[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("error: step 8: failed to measure"), "{said}");
        assert!(
            said.contains("another architecture") && said.contains(field),
            "{said}"
        );
        let mut steps: Vec<u64> = rows(&out).iter().map(|row| row.step).collect();
        steps.dedup();
        assert_eq!(steps, [0, 16]);
        // with the same config it has the earlier step's rows, which is true
        fs::write(copy.join("config.json"), config).unwrap();
        succeeded(&measure(&of, &out, &[]));
        let of_step = |step| -> Vec<_> {
            let rows = rows(&out).into_iter().filter(move |row| row.step == step);
            rows.map(|row| row.stats).collect()
        };
        assert_eq!(of_step(8), of_step(0));
    }
}

/// `state.json` as earlier versions wrote it: the hash of the weights where there was an audit.
#[test]
fn folders_of_earlier_versions_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    succeeded(&measure(&of, &out, &[]));
    let file = out.join("state.json");
    let state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let mut old = state.clone();
    for newer in ["stage", "tables", "sha256"] {
        old.as_object_mut().unwrap().remove(newer);
    }
    for (step, key) in state["steps"].as_object().unwrap() {
        old["steps"][step] = key["weights"].clone();
    }
    fs::write(&file, old.to_string()).unwrap();
    let output = measure(&of, &out, &[]);
    succeeded(&output);
    assert!(text(&output.stdout).contains("(8 measured before)"));

    old["steps"]["8"] = Value::Null;
    fs::write(&file, old.to_string()).unwrap();
    let output = measure(&of, &out, &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("step 8: an earlier version") && said.contains("--again"),
        "{said}"
    );
    succeeded(&measure(&of, &out, &["--again"]));

    change(&of.join("step8"), SETTINGS[0].0);
    old["steps"]["8"] = state["steps"]["8"]["weights"].clone();
    fs::write(&file, old.to_string()).unwrap();
    let said = text(&measure(&of, &out, &[]).stderr);
    assert!(
        said.contains("step 8: its config.json has changed"),
        "{said}"
    );
}

/// A checkpoint that could not be read the first time: the tables are those of a straight run, in the order of steps.
#[test]
fn a_step_that_is_measured_later_stands_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let [of, out, new] = ["tiny", "out", "new"].map(|name| dir.path().join(name));
    series(&of);
    let weights = of.join("step8/model.safetensors");
    let good = fs::read(&weights).unwrap();
    fs::write(&weights, &good[..100]).unwrap();
    let failed = measure(&of, &out, &["--sinks"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    fs::write(&weights, good).unwrap();
    succeeded(&measure(&of, &out, &["--sinks"]));
    succeeded(&measure(&of, &new, &["--sinks"]));
    for name in ["measurements.csv", "heads.csv"] {
        let [found, straight] = [&out, &new].map(|folder| fs::read(folder.join(name)).unwrap());
        assert!(found == straight, "{name} differs");
    }
}
