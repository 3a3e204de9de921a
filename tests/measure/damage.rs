//! Measured folders of which something is gone, cut or altered, and two processes on one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{files, text};
use crate::small::{measure, series, succeeded};

type Files = BTreeMap<String, Vec<u8>>;

fn measured(dir: &Path) -> Files {
    series(&dir.join("tiny"));
    succeeded(&measure(&dir.join("tiny"), &dir.join("out"), &["--sinks"]));
    files(&dir.join("out"))
}

/// Every table and the state: cut, flipped, gone.
#[test]
fn damage_is_named_and_repaired_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let straight = measured(dir.path());
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    for (name, bytes) in &straight {
        let half = bytes.len() / 2;
        let mut flipped = bytes.clone();
        flipped[half] ^= 1;
        for (what, now) in [
            ("gone", None),
            ("cut", Some(bytes[..half].to_vec())),
            ("flipped", Some(flipped)),
            ("empty", Some(Vec::new())),
        ] {
            let path = out.join(name);
            match now {
                None => fs::remove_file(&path).unwrap(),
                Some(now) => fs::write(&path, now).unwrap(),
            }
            let output = measure(&of, &out, &["--sinks"]);
            let said = text(&output.stderr);
            let is_derived = [
                "places.csv",
                "audit.json",
                "provenance.json",
                "architectures.csv",
            ];
            if !is_derived.contains(&name.as_str()) {
                assert_eq!(output.status.code(), Some(1), "{name} {what}: {said}");
                assert!(said.contains(name.as_str()), "{name} {what}: {said}");
                succeeded(&measure(&of, &out, &["--sinks", "--repair"]));
            }
            let now = files(&out);
            for (file, bytes) in &straight {
                assert!(
                    now.get(file) == Some(bytes),
                    "{name} {what}: {file} differs"
                );
            }
        }
    }
}

#[test]
fn only_what_is_damaged_is_measured_again() {
    let dir = tempfile::tempdir().unwrap();
    let straight = measured(dir.path());
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    let state: Value = serde_json::from_slice(&straight["state.json"]).unwrap();
    let steps = state["steps"].as_object().unwrap().len();
    // the last row
    let table = &straight["measurements.csv"];
    fs::write(out.join("measurements.csv"), &table[..table.len() - 30]).unwrap();
    let output = measure(&of, &out, &["--sinks", "--repair"]);
    let said = text(&output.stderr);
    let kept = format!("{} of {steps} steps are unchanged", steps - 1);
    assert!(said.contains(&kept), "{said}");
    assert_eq!(files(&out), straight);
}

/// Rows behind the last state are of a step that was not finished.
#[test]
fn rows_of_an_unfinished_step_are_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let straight = measured(dir.path());
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    for name in ["measurements.csv", "heads.csv"] {
        for more in ["tiny,9", "tiny,9,0,1,2\ntiny,9"] {
            let torn = [straight[name].as_slice(), more.as_bytes()].concat();
            fs::write(out.join(name), torn).unwrap();
            fs::write(out.join(".partial-xyz"), "left by a killed process").unwrap();
            succeeded(&measure(&of, &out, &["--sinks"]));
            assert_eq!(files(&out), straight, "{name} {more}");
        }
    }
}

#[test]
fn of_two_processes_one_measures_and_the_other_says_who_does() {
    let dir = tempfile::tempdir().unwrap();
    let straight = measured(dir.path());
    let of = dir.path().join("tiny");
    for trial in 0..3 {
        let out = dir.path().join(format!("out{trial}"));
        let outputs = std::thread::scope(|scope| {
            let both = [0, 1].map(|_| scope.spawn(|| measure(&of, &out, &["--sinks"])));
            both.map(|thread| thread.join().unwrap())
        });
        let lost: Vec<_> = outputs.iter().filter(|o| !o.status.success()).collect();
        assert!(lost.len() <= 1, "both failed: {}", text(&outputs[0].stderr));
        for output in lost {
            let said = text(&output.stderr);
            assert!(said.contains("`outcrop measure` (process "), "{said}");
        }
        let tables = |files: &Files| files["measurements.csv"].clone();
        assert_eq!(tables(&files(&out)), tables(&straight));
    }
}
