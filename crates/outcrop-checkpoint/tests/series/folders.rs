//! Folders on a disk.

use std::fs;
use std::path::Path;

use outcrop_checkpoint::{CheckpointSeries, Error, Select, write_checkpoint};

use crate::{files, model, open, refused, steps, weights};

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
#[cfg(target_os = "linux")]
fn a_name_that_is_no_utf_8_gives_no_step() {
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    model(&dir.path().join("step1"));
    model(&dir.path().join(std::ffi::OsStr::from_bytes(b"step2\xff")));
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&series), [Some(1)]);
    assert_eq!(series.problems[0].reason, "its name gives no step");
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
fn nothing_to_find_is_an_error_that_says_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| CheckpointSeries::open(path).unwrap_err().to_string();
    assert!(open(dir.path()).starts_with("find checkpoints in"));
    fs::create_dir(dir.path().join("step1")).unwrap();
    assert!(open(dir.path()).contains("step1"));
    assert!(open(&dir.path().join("absent")).contains("absent"));
}

/// What trainers put beside or into a checkpoint does not hide its weights.
#[test]
fn weights_decide_not_names() {
    for (beside, told) in [
        (&["checkpoints/logs/x.txt"][..], None),
        (&["checkpoint-500/adapter_model.safetensors"], Some("PEFT")),
        (
            &["global_step200/zero_pp_rank_0_mp_rank_00_optim_states.pt"],
            Some("ZeRO"),
        ),
        (&["step_logs/a.log", "iter0/a.log"], None),
        (&["checkpoints/step1/optimizer.pt"], Some("trainer")),
    ] {
        let dir = tempfile::tempdir().unwrap();
        model(dir.path());
        files(dir.path(), beside);
        let series = CheckpointSeries::open(dir.path()).unwrap();
        assert_eq!(steps(&series), [None], "{beside:?}");
        assert_eq!(series.problems, [], "{beside:?}");
        let notes = series.notes.join("\n");
        assert_eq!(notes.is_empty(), told.is_none(), "{notes}");
        assert!(notes.contains(told.unwrap_or_default()), "{notes}");
        // and in a series each checkpoint is one
        let run = tempfile::tempdir().unwrap();
        for step in [200, 400] {
            let of = run.path().join(format!("checkpoint-{step}"));
            model(&of);
            files(&of, beside);
        }
        let series = CheckpointSeries::open(run.path()).unwrap();
        assert_eq!(steps(&series), [Some(200), Some(400)]);
        assert_eq!(series.problems, []);
    }
}

#[test]
fn an_adapter_among_checkpoints_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    model(&dir.path().join("checkpoint-500"));
    files(dir.path(), &["checkpoint-1000/adapter_model.safetensors"]);
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&series), [Some(500)]);
    let problem = &series.problems[0];
    assert_eq!(problem.step, Some(1000));
    assert!(problem.reason.contains("merge"), "{}", problem.reason);
}

#[test]
fn steps_written_in_two_ways_are_one_step() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["step-5", "step-000005"] {
        model(&dir.path().join(name));
    }
    refused(dir.path(), &Select::default(), &["step-5", "step-000005"]);
}

#[test]
fn stages_are_never_mixed() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "stage1-step1000-tokens5B",
        "stage1-step2000-tokens9B",
        "stage2-ingredient1-step1000-tokens5B",
        "step7",
    ] {
        model(&dir.path().join(name));
    }
    let stage = |name: &str| Select {
        stage: Some(name.into()),
        ..Select::default()
    };
    let all = [
        "`stage1` (2)",
        "`stage2-ingredient1` (1)",
        "`none` (1)",
        "--stage",
    ];
    refused(dir.path(), &Select::default(), &all);
    refused(dir.path(), &stage("stage3"), &all);
    let found = |name| open(dir.path(), &stage(name)).unwrap();
    assert_eq!(found("stage1"), [Some(1000), Some(2000)]);
    assert_eq!(found("stage2-ingredient1"), [Some(1000)]);
    assert_eq!(found("none"), [Some(7)]);
}

#[test]
fn steps_that_begin_anew_with_an_epoch_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["epoch_0_step_900", "epoch_1_step_500"] {
        model(&dir.path().join(name));
    }
    refused(
        dir.path(),
        &Select::default(),
        &["epoch_1_step_500", "restart with each epoch"],
    );
}

#[test]
fn numbers_that_count_saves_need_to_be_told_how_many_steps_they_are() {
    for names in [["ckpt_000", "ckpt_001"], ["epoch_0", "epoch_1"], ["0", "1"]] {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            model(&dir.path().join(name));
        }
        let parts = [names[0], names[1], "give no step", "--steps-per-count"];
        refused(dir.path(), &Select::default(), &parts);
        let told = Select {
            steps_per_count: Some(250),
            ..Select::default()
        };
        assert_eq!(open(dir.path(), &told).unwrap(), [Some(0), Some(250)]);
        // beside names that give steps they are listed
        model(&dir.path().join("step9"));
        let series = CheckpointSeries::open(dir.path()).unwrap();
        assert_eq!((steps(&series), series.problems.len()), (vec![Some(9)], 2));
    }
}

/// accelerate's own names count saves; those that a script gives it count what they say.
#[test]
fn accelerates_own_names_count_saves() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = dir.path().join("checkpoints");
    for name in ["checkpoint_0", "checkpoint_1"] {
        model(&checkpoints.join(name));
        let beside = [
            "random_states_0.pkl",
            "optimizer.bin",
            "scheduler.bin",
            "sampler.bin",
        ];
        files(&checkpoints.join(name), &beside);
    }
    let parts = ["checkpoint_0", "give no step", "--steps-per-count"];
    refused(dir.path(), &Select::default(), &parts);
    let alone = |name| open(&checkpoints.join(name), &Select::default()).unwrap();
    assert_eq!(alone("checkpoint_1"), [None]);
    fs::rename(
        checkpoints.join("checkpoint_0"),
        checkpoints.join("step_500"),
    )
    .unwrap();
    assert_eq!(open(dir.path(), &Select::default()).unwrap(), [Some(500)]);
    assert_eq!(alone("step_500"), [Some(500)]);
}

/// Lightning writes files, and neither it nor accelerate a config beside each.
#[test]
fn weight_files_by_step_are_a_series_with_the_config_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = dir.path().join("checkpoints");
    fs::create_dir(&checkpoints).unwrap();
    for name in [
        "epoch=0-step=1000.safetensors",
        "epoch=1-step=2000.safetensors",
    ] {
        weights(&checkpoints.join(name));
    }
    files(
        dir.path(),
        &[
            "config.json",
            "checkpoints/optimizer-step1000.pt",
            "checkpoints/last.ckpt",
        ],
    );
    for path in [dir.path(), &checkpoints] {
        let series = CheckpointSeries::open(path).unwrap();
        assert_eq!(steps(&series), [Some(1000), Some(2000)]);
        assert_eq!(series.problems[0].reason, "its name gives no step");
        assert!(series.problems[0].path.ends_with("last.ckpt"));
        for entry in &series.entries {
            let config = entry.config.as_deref().unwrap();
            assert_eq!(config, dir.path().join("config.json"));
        }
    }
    let own = CheckpointSeries::open(&checkpoints.join("epoch=1-step=2000.safetensors")).unwrap();
    assert_eq!(steps(&own), [Some(2000)]);
    // a folder of another name is not asked
    let alone = dir.path().join("final");
    model(&alone);
    assert_eq!(
        CheckpointSeries::open(&alone).unwrap().entries[0].config,
        None
    );
}

/// Where nothing is found, what lies there is listed, with the way out.
#[test]
fn what_is_no_checkpoint_is_listed_with_the_way_out() {
    for (file, parts) in [
        (
            "checkpoint-5/adapter_model.safetensors",
            ["PEFT", "merge_and_unload"],
        ),
        ("step-5/__0_0.distcp", ["DCP", ".metadata"]),
        (
            "global_step5/zero_pp_rank_0_mp_rank_00_optim_states.pt",
            ["ZeRO", "zero_to_fp32.py"],
        ),
        (
            "iter_0000005/mp_rank_00_001/model_optim_rng.pt",
            ["Megatron", "convert"],
        ),
        ("5/default/manifest.ocdbt", ["Orbax", "safetensors"]),
        ("tiny.mlpackage/weights.npz", ["NumPy", "safetensors"]),
        ("weights.pt", ["PyTorch", "--config"]),
        ("last.ckpt", ["PyTorch", "--config"]),
        ("ckpt_1000.pt", ["ckpt_1000.pt", "--steps-per-count"]),
        (
            "step5/model-00001-of-00002.safetensors",
            ["shards", "index"],
        ),
        (
            "step5/optimizer.pt",
            ["trainer", "folder that has the weights"],
        ),
        ("step5/README.md", ["step5", "without weights"]),
        (
            "runs/step5/model.safetensors",
            ["deeper down", "runs/step5"],
        ),
        ("final/model.safetensors", ["names give no step", "final"]),
        ("models--a--b/refs/main", ["hub's cache", "models--a--b"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        files(dir.path(), &[file]);
        refused(
            dir.path(),
            &Select::default(),
            &[parts[0], parts[1], "checkpoint-500"],
        );
    }
}

#[test]
fn optimizer_files_are_no_series() {
    let dir = tempfile::tempdir().unwrap();
    files(
        dir.path(),
        &[
            "optimizer-step1.pt",
            "step2-optim.pt",
            "rng_state_step3.pth",
        ],
    );
    refused(dir.path(), &Select::default(), &["trainer"]);
    refused(
        &dir.path().join("step2-optim.pt"),
        &Select::default(),
        &["trainer"],
    );
}

#[test]
fn what_was_not_written_whole_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["checkpoint-500", "tmp-checkpoint-1500", "checkpoint-final"] {
        model(&dir.path().join(name));
    }
    let series = CheckpointSeries::open(dir.path()).unwrap();
    assert_eq!(steps(&series), [Some(500)]);
    let reasons: Vec<_> = series.problems.iter().map(|p| &*p.reason).collect();
    let whole = "its name says that it is incomplete";
    assert_eq!(reasons, ["its name gives no step", whole]);
}

/// Folders that lead back to themselves do not keep anybody waiting.
#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["step1", "step2", "step3"] {
        fs::create_dir(dir.path().join(name)).unwrap();
        for other in ["step1", "step2", "step3"] {
            let link = dir.path().join(name).join(other);
            std::os::unix::fs::symlink(dir.path(), link).unwrap();
        }
    }
    refused(
        dir.path(),
        &Select::default(),
        &["step1", "without weights"],
    );
}
