//! The meaning of names of checkpoints, and the behaviour for names without a meaning.

use std::fs;
use std::path::Path;

use crate::common::text;
use crate::small::{Noise, arch, fresh, measure, rows, run, walk, write};

/// A series whose folders have these names.
fn named(dir: &Path, names: &[&str]) {
    let (arch, mut noise) = (arch(), Noise(1));
    let mut model = fresh(&arch, &mut noise);
    for name in names {
        let folder = write(dir, 987, &arch, &model);
        let target = dir.join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::rename(folder, target).unwrap();
        walk(&mut model, &mut noise);
    }
}

/// The steps that are measured, or what is said where none is.
fn measured(names: &[&str], more: &[&str]) -> Result<Vec<u64>, String> {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("run"), dir.path().join("out"));
    named(&of, names);
    let output = measure(&of, &out, more);
    let said = text(&output.stderr);
    if !output.status.success() {
        assert!(!out.exists(), "{said}");
        return Err(said);
    }
    let mut steps: Vec<u64> = rows(&out).iter().map(|row| row.step).collect();
    steps.dedup();
    Ok(steps)
}

#[test]
fn names_of_every_kind_give_their_steps() {
    for (names, steps) in [
        (["step1000-unsharded", "step2000-unsharded"], [1000, 2000]),
        (["epoch=0-step=1000", "epoch=1-step=2000"], [1000, 2000]),
        (["ep0-ba1000", "ep0-ba2000"], [1000, 2000]),
        (["step-50K-105b", "step-240K-503b"], [50_000, 240_000]),
        (["stage1-step9-tokens1B", "stage1-step10-tokens2B"], [9, 10]),
        (["checkpoint-9", "checkpoint-10"], [9, 10]),
    ] {
        assert_eq!(measured(&names, &[]), Ok(steps.to_vec()), "{names:?}");
    }
    let counted = ["--steps-per-count", "100"];
    assert_eq!(
        measured(&["ckpt_002", "ckpt_010"], &counted),
        Ok(vec![200, 1000])
    );
}

#[test]
fn names_without_steps_are_listed_and_two_stages_are_not_mixed() {
    for names in [
        ["ckpt_000", "ckpt_001"],
        ["1000", "2000"],
        ["epoch_0", "epoch_1"],
    ] {
        let said = measured(&names, &[]).unwrap_err();
        for part in [names[0], names[1], "--steps-per-count", "stage1-step10000"] {
            assert!(said.contains(part), "says nothing of {part}: {said}");
        }
    }
    let stages = [
        "stage1-step1000-tokens5B",
        "stage2-ingredient1-step1000-tokens5B",
    ];
    let said = measured(&stages, &[]).unwrap_err();
    assert!(
        said.contains("`stage1` (1), `stage2-ingredient1` (1)"),
        "{said}"
    );
    assert_eq!(measured(&stages, &["--stage", "stage1"]), Ok(vec![1000]));
}

/// A stage is a model of its own: its steps do not go on those of another.
#[test]
fn a_folder_of_one_stage_does_not_go_on_with_another() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("run"), dir.path().join("out"));
    named(&of, &["stage1-step1", "stage2-step2"]);
    let stage = |name| measure(&of, &out, &["--model", "m", "--stage", name]);
    assert!(stage("stage1").status.success());
    let refused = stage("stage2");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("another setting of --stage"));
}

/// The hub's cache: without `--no-audit` or with it, no two revisions are one step.
#[test]
fn revisions_of_the_cache_that_name_no_step_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("models--org--tiny");
    named(&cache.join("snapshots"), &["aaaaaaa1", "aaaaaaa2"]);
    fs::create_dir(cache.join("refs")).unwrap();
    fs::write(cache.join("refs/float16"), "aaaaaaa1").unwrap();
    fs::write(cache.join("refs/main"), "aaaaaaa2").unwrap();
    for more in [&[][..], &["--no-audit"]] {
        let out = dir.path().join("out");
        let output = measure(&cache, &out, more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("--revision") && said.contains("`float16`, `main`"),
            "{said}"
        );
        assert!(!out.exists());
    }
    let audit = run(&["audit", cache.to_str().unwrap()]);
    assert!(text(&audit.stderr).contains("`float16`, `main`"));
    let out = dir.path().join("float16");
    assert!(
        measure(&cache, &out, &["--revision", "float16"])
            .status
            .success()
    );
    fs::remove_file(cache.join("refs/float16")).unwrap();
    let output = measure(&cache, &dir.path().join("main"), &[]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("`main` is taken"));
    assert!(text(&output.stdout).contains("1 checkpoint in"));
}
