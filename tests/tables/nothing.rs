//! If there is no result, the status is 1 and the reason is printed.

use super::{files, path, refused, run, succeeded, text, trajectories};

#[test]
fn a_report_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    refused(
        &["report", &path(dir.path(), "absent")],
        &["absent", "No such file"],
    );
    refused(
        &["report", &folder],
        &["none of architectures.csv, measurements.csv", "with a row"],
    );
    std::fs::write(
        dir.path().join("fits.csv"),
        "model,layer,hypothesis,n,best\n",
    )
    .unwrap();
    refused(&["report", &folder], &["none of architectures.csv"]);
    let lost = "model,layer,hypothesis,n,best\nm,1,logistic,9,perhaps\nm,2,logistic,9,perhaps\n";
    std::fs::write(dir.path().join("fits.csv"), lost).unwrap();
    let parts = [
        "fits.csv",
        "none of its rows could be read",
        "best = \"perhaps\"",
    ];
    refused(&["report", &folder], &parts);
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn a_fit_and_a_forecast_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let table = path(dir.path(), "t.csv");
    let short = "model,layer,step,ratio\nm,1,0,5\nm,1,1,6\n";
    std::fs::write(&table, short).unwrap();
    let reason = ["the first", "model `m`, layer 1", "it has 2 points"];
    refused(
        &["fit", &table],
        &[&["fit any of the 1 series"], &reason[..]].concat(),
    );
    refused(
        &["forecast", &table, "--at", "9"],
        &[&["forecast any of 1"], &reason[..]].concat(),
    );
    refused(
        &["fit", &table, "--backtest"],
        &["forecast any of 1", "it has 2 points"],
    );
    // the row with the reason is there all the same
    assert!(text(&run(&["fit", &table, "--format", "csv"]).stdout).contains("2 points"));

    std::fs::write(&table, "model,layer,step,ratio\n").unwrap();
    refused(&["fit", &table], &["t.csv has no trajectory"]);
    refused(
        &["forecast", &table, "--at", "9"],
        &["t.csv has no trajectory"],
    );
    std::fs::write(&table, "model,layer,step,ratio\nm,1,x,5\n").unwrap();
    refused(&["fit", &table], &["line 2: step = \"x\"", "no trajectory"]);
    assert!(
        !run(&["import", dir.path().to_str().unwrap()])
            .status
            .success()
    );
}

/// Measurements of which no ratio can be made.
#[test]
fn a_report_without_a_ratio() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    let row = |step: u32| format!("m,{step},0,1,,,,\nm,{step},0,2,,,,0.5\n");
    let header = "model,step,sequence,layer,top1,top2,top3,median\n";
    let table = header.to_owned() + &(0..20).map(row).collect::<String>();
    std::fs::write(dir.path().join("measurements.csv"), table).unwrap();
    let nothing = [
        "none of 40 measurements has a ratio",
        "nothing could be drawn",
    ];
    refused(&["report", &folder], &nothing);
    refused(&["fit", &folder], &["has no trajectory"]);
    refused(&["forecast", &folder, "--at", "99"], &["has no trajectory"]);
    refused(&["compare", &folder], &["no layer has a ratio at any step"]);
    assert_eq!(files(dir.path()).len(), 1);
    let loss = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\nm,0,0,4.1,4.2,1e-3,\nm,9,90,3.1,3.2,1e-3,1\n";
    std::fs::write(dir.path().join("loss.csv"), loss).unwrap();
    let (_, said) = succeeded(&["-q", "report", &folder]);
    assert!(
        said.contains("warning: none of 40 measurements has a ratio"),
        "{said}"
    );
    // beside another it is named too
    let other = dir.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("trajectories.csv"), trajectories()).unwrap();
    let (_, said) = succeeded(&["compare", other.to_str().unwrap(), &folder]);
    assert!(
        said.contains("warning: ") && said.contains("no layer has a ratio"),
        "{said}"
    );
}

/// A table of which nothing is left leaves the older result where it is.
#[test]
fn a_fit_of_nothing_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("trajectories.csv"),
        "model,layer,step,ratio\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("fits.csv"), "old").unwrap();
    refused(&["fit", dir.path().to_str().unwrap()], &["no trajectory"]);
    let table = path(dir.path(), "trajectories.csv");
    let out = path(dir.path(), "fits.csv");
    refused(
        &["forecast", &table, "--at", "9", "--out", &out],
        &["no trajectory"],
    );
    assert_eq!(
        std::fs::read_to_string(dir.path().join("fits.csv")).unwrap(),
        "old"
    );
}

#[test]
fn a_pointer_of_git_lfs_in_place_of_a_table_or_a_spec_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:abab\nsize 438967671\n";
    let write = |name: &str| {
        std::fs::write(dir.path().join(name), pointer).unwrap();
        path(dir.path(), name)
    };
    let folder = dir.path().to_str().unwrap();
    let measurements = write("measurements.csv");
    let trajectories = write("trajectories.csv");
    let (spec, predictor) = (write("run.toml"), write("learned.predictor"));
    for args in [
        &["fit", &measurements][..],
        &["fit", &trajectories],
        &["fit", folder],
        &["report", folder],
        &["predict", folder],
        &["forecast", &trajectories, "--at", "20000"],
        &["train", &spec, "--out", &path(dir.path(), "run")],
        &[
            "predict",
            "--predictor",
            &predictor,
            "--layers",
            "2",
            "--d-model",
            "64",
            "--heads",
            "2",
        ],
    ] {
        refused(args, &["is a Git LFS pointer: run git lfs pull"]);
    }
}

#[test]
fn a_backtest_has_no_infinite_median() {
    let dir = tempfile::tempdir().unwrap();
    let table = path(dir.path(), "t.csv");
    // what falls to 0 is forecast at or below it
    let mut csv = String::from("model,layer,step,ratio\n");
    for i in 0..20u32 {
        csv += &format!(
            "m,1,{},{}\n",
            100 * i,
            (100.0 - 10.0 * f64::from(i)).max(0.0)
        );
    }
    std::fs::write(&table, csv).unwrap();
    let (told, _) = succeeded(&["fit", &table, "--backtest", "0.5"]);
    assert!(!told.contains("inf"), "{told}");
    assert!(
        told.contains("n/a: of 1, ") && told.contains("1 observed at 0 or less"),
        "{told}"
    );
    std::fs::write(&table, trajectories()).unwrap();
    let (told, _) = succeeded(&["fit", &table, "--backtest", "0.7", "--of", "checkpoints"]);
    assert!(
        !told.contains("n/a") && told.contains("1 of 1 trajectories"),
        "{told}"
    );
}
