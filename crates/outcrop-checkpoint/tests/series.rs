//! Series of checkpoints, however they are laid out.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;

use outcrop_checkpoint::{CheckpointSeries, Error, Tensor, write_checkpoint, write_tensors};

fn model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let tensor = Tensor {
        name: "w".into(),
        shape: vec![1],
        data: vec![1.0],
    };
    write_tensors(
        &folder.join("model.safetensors"),
        &[tensor],
        &Default::default(),
    )
    .unwrap();
}

fn steps(series: &CheckpointSeries) -> Vec<Option<u64>> {
    series.entries.iter().map(|entry| entry.step).collect()
}

#[test]
fn folders_are_sorted_by_number_and_the_others_named() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in [
        "step1000",
        "step-000512",
        "checkpoint-64",
        "global_step2000",
        "step0",
    ] {
        model(&at(name));
    }
    for name in ["step3000", "logs", ".partial-x"] {
        fs::create_dir(at(name)).unwrap();
    }
    fs::write(at("notes.txt"), "").unwrap();
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&series), [0, 64, 512, 1000, 2000].map(Some));
    assert_eq!(
        series.get(64).unwrap().files,
        [at("checkpoint-64/model.safetensors")]
    );
    let problems: Vec<_> = series
        .problems
        .iter()
        .map(|p| (p.path.clone(), &*p.reason))
        .collect();
    assert_eq!(problems[0], (at("logs"), "its name gives no step"));
    assert_eq!(problems[1].0, at("step3000"));
    assert!(problems[1].1.contains("neither `model.safetensors` nor"));
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_step_of_two_folders_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    model(&dir.path().join("step512"));
    model(&dir.path().join("checkpoint-512"));
    let error = CheckpointSeries::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::DuplicateStep { step: 512, .. }),
        "{error}"
    );
}

#[test]
fn a_run_directory_is_its_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("run.toml"), "").unwrap();
    for step in [512, 0] {
        write_checkpoint::<Error>(&dir.path().join("checkpoints"), step, |folder| {
            model(folder);
            Ok(())
        })
        .unwrap();
    }
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(
        (steps(&series), series.problems),
        (vec![Some(0), Some(512)], vec![])
    );
}

#[test]
fn a_model_alone_is_one_entry() {
    let dir = tempfile::tempdir().unwrap();
    model(dir.path());
    let file = dir.path().join("model.safetensors");
    for path in [dir.path(), &file] {
        let series = CheckpointSeries::open(path).unwrap();
        assert_eq!(steps(&series), [None]);
        assert_eq!(
            (&series.entries[0].files, series.entries[0].folder.as_path()),
            (&vec![file.clone()], path)
        );
    }
    model(&dir.path().join("checkpoint-5"));
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&series), [Some(5)]);
    assert!(
        series.problems[0]
            .reason
            .contains("its own weights have no step")
    );
    assert_eq!(
        steps(&CheckpointSeries::open(&dir.path().join("checkpoint-5")).unwrap()),
        [Some(5)]
    );
}

#[test]
fn the_hubs_cache_is_read_by_revision() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("models--EleutherAI--pythia-14m");
    let refer = |name: &str, text: &str| {
        fs::create_dir_all(cache.join("refs")).unwrap();
        fs::write(cache.join("refs").join(name), text).unwrap();
    };
    let hash = |i: u8| format!("{i:040x}");
    for i in 0..3 {
        model(&cache.join("snapshots").join(hash(i)));
    }
    refer("main", &hash(2));
    assert_eq!(steps(&CheckpointSeries::open(&cache).unwrap()), [None]);
    refer("step1000", &hash(1));
    refer("step8", &hash(0));
    refer("step9", &hash(9));
    refer("step10", "../../..");
    let series = CheckpointSeries::open(&cache).unwrap();
    assert_eq!(steps(&series), [Some(8), Some(1000)]);
    assert!(series.get(8).unwrap().folder.ends_with(hash(0)));
    let reasons: Vec<_> = series.problems.iter().map(|p| &*p.reason).collect();
    let absent = "its snapshot is not in the cache";
    assert_eq!(reasons, ["the revision names no step", absent, absent]);
}

#[test]
fn nothing_to_find_is_an_error_that_says_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| CheckpointSeries::open(path).unwrap_err().to_string();
    assert!(open(dir.path()).starts_with("find checkpoints in"));
    fs::create_dir(dir.path().join("step1")).unwrap();
    assert!(open(dir.path()).contains("step1"));
    assert!(open(&dir.path().join("absent")).contains("absent"));
}
