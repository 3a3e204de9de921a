//! Checkpoints whose `SHA256SUMS` say that something was altered.

use std::fs;
use std::path::Path;
use std::process::Output;

use outcrop::core::sha256_file;

use crate::common::{outcrop, text};
use crate::small::{measure, rows, series, succeeded};

/// How a tool writes checksum and name.
type Line = fn(&str, &str) -> String;

/// Lists the files of a step as a tool would.
fn list(folder: &Path, line: Line) {
    let lines = ["config.json", "model.safetensors"].map(|name| {
        let sum = sha256_file(&folder.join(name)).unwrap();
        line(&sum, name)
    });
    fs::write(folder.join("SHA256SUMS"), lines.concat()).unwrap();
}

/// Flips a bit far inside a tensor, which no reader would notice.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - 1000;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn audit(dir: &Path, more: &[&str]) -> Output {
    outcrop().arg("audit").arg(dir).args(more).output().unwrap()
}

fn steps(out: &Path) -> Vec<u64> {
    let mut steps: Vec<u64> = rows(out).iter().map(|row| row.step).collect();
    steps.dedup();
    steps
}

#[test]
fn a_flipped_bit_is_named_and_its_step_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let formats: [(u64, Line); 4] = [
        (0, |sum, name| format!("{sum}  {name}\n")),
        (2, |sum, name| {
            format!("{} *./{name}\r\n", sum.to_uppercase())
        }),
        (8, |sum, name| format!("SHA256 ({name}) = {sum}\n")),
        (64, |sum, name| format!("{sum}  {name}\n{sum}  {name}\n")),
    ];
    for (step, format) in formats {
        list(&of.join(format!("step{step}")), format);
    }
    let quiet = audit(&of, &["--strict"]);
    succeeded(&quiet);
    assert!(!text(&quiet.stdout).contains("checksum"));
    for step in [2, 8] {
        flip(&of.join(format!("step{step}/model.safetensors")));
    }
    let config = of.join("step64/config.json");
    let spaced = fs::read_to_string(&config).unwrap() + " ";
    fs::write(&config, spaced).unwrap();

    let found = audit(&of, &["--strict"]);
    let said = text(&found.stdout);
    assert_eq!(found.status.code(), Some(1), "{said}");
    let is = sha256_file(&of.join("step2/model.safetensors")).unwrap();
    let line = format!("step 2: `model.safetensors` has SHA-256 {is}, SHA256SUMS lists ");
    assert!(
        said.contains(&line) && said.contains("copy or fetch it again"),
        "{said}"
    );
    assert!(said.contains("step 64: `config.json` has"), "{said}");
    assert!(said.contains("3 suspect steps"), "{said}");

    for more in [&[][..], &["--no-audit"]] {
        let out = dir.path().join(format!("out{}", more.len()));
        let output = measure(&of, &out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for step in [2, 8, 64] {
            let line = format!("step {step}: failed to verify");
            assert!(
                said.contains(&line) && said.contains("--ignore-sums"),
                "{said}"
            );
        }
        assert_eq!(steps(&out), [0, 1, 4, 16, 32]);
    }

    succeeded(&measure(&of, &out, &["--ignore-sums"]));
    assert_eq!(steps(&out).len(), 8);
    let suspect = rows(&out).into_iter().filter(|row| row.suspect.is_some());
    let mut suspects: Vec<u64> = suspect.map(|row| row.step).collect();
    suspects.dedup();
    assert_eq!(suspects, [2, 8, 64]);
}

/// A step that was measured and then damaged is named; mended, it is as before.
#[test]
fn damage_after_a_measurement_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let step = of.join("step4");
    list(&step, |sum, name| format!("{sum}  {name}\n"));
    succeeded(&measure(&of, &out, &[]));
    let before = rows(&out);
    flip(&step.join("model.safetensors"));
    for more in [&[][..], &["--again"]] {
        let output = measure(&of, &out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("`model.safetensors` has SHA-256"), "{said}");
    }
    assert!(!steps(&out).contains(&4));
    flip(&step.join("model.safetensors"));
    succeeded(&measure(&of, &out, &[]));
    let mut after = rows(&out);
    after.sort_by_key(|row| row.step);
    assert_eq!(after, before);
}

#[test]
fn files_that_are_missing_and_lists_that_say_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let sum = "0".repeat(64);
    fs::write(
        of.join("step1/SHA256SUMS"),
        format!("{sum}  optimizer.pt\n"),
    )
    .unwrap();
    for (step, list) in [
        (2, "torn".into()),
        (8, format!("{sum}  ../step4/config.json")),
    ] {
        fs::write(of.join(format!("step{step}/SHA256SUMS")), list).unwrap();
    }
    let output = measure(&of, &out, &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("step 1: `optimizer.pt` is missing, though"),
        "{said}"
    );
    for step in [2, 8] {
        let part = format!("step {step}: `SHA256SUMS` line 1 is not 64");
        assert!(said.contains(&part), "{said}");
    }
    assert_eq!(steps(&out), [0, 1, 4, 16, 32, 64]);
}

/// Weights that Python fetched are named after their hash in the hub's cache.
#[cfg(unix)]
#[test]
fn weights_in_the_cache_that_are_not_what_their_name_says_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let cache = dir.path().join("models--org--tiny");
    for (commit, step) in [(1, 0), (2, 8)] {
        let commit = format!("{commit:040x}");
        let snapshot = cache.join("snapshots").join(&commit);
        for folder in [&snapshot, &cache.join("refs"), &cache.join("blobs")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(cache.join("refs").join(format!("step{step}")), &commit).unwrap();
        let from = of.join(format!("step{step}"));
        fs::copy(from.join("config.json"), snapshot.join("config.json")).unwrap();
        let weights = from.join("model.safetensors");
        let sum = sha256_file(&weights).unwrap();
        let blob = cache.join("blobs").join(&sum);
        fs::copy(&weights, &blob).unwrap();
        let link = snapshot.join("model.safetensors");
        std::os::unix::fs::symlink(format!("../../blobs/{sum}"), link).unwrap();
        if step == 8 {
            flip(&blob);
        }
    }
    let found = audit(&cache, &["--strict"]);
    let said = text(&found.stdout);
    assert!(said.contains("its name in the hub's cache is"), "{said}");
    assert_eq!(found.status.code(), Some(1), "{said}");
    let output = measure(&cache, &out, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(steps(&out), [0]);
}
