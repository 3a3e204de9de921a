//! Measurements, and whatever else, that are given twice.

use std::io::Write;
use std::process::Stdio;

use super::{outcrop, path, refused, succeeded, text};

const HEADER: &str = "model,step,sequence,layer,top1,top2,top3,median\n";

/// Steps of one life of a run, whose magnitudes are `scale` times those of the first.
fn life(steps: std::ops::Range<u32>, scale: f64) -> String {
    let mut csv = String::new();
    for step in steps {
        for sequence in 0..3 {
            let top = scale * (100.0 + f64::from(step) * 10.0 + f64::from(sequence));
            csv += &format!("m,{},{sequence},1,{top},2,1,0.5\n", step * 100);
        }
    }
    csv
}

#[test]
fn a_run_that_was_measured_twice_alike_counts_once_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let once = HEADER.to_owned() + &life(0..12, 1.0);
    let twice = once.clone() + &life(5..9, 1.0);
    std::fs::write(dir.path().join("once.csv"), once).unwrap();
    std::fs::write(dir.path().join("twice.csv"), &twice).unwrap();
    let fit = |name: &str| {
        let args = [
            "fit",
            &path(dir.path(), name),
            "--format",
            "csv",
            "--intervals",
            "0",
        ];
        succeeded(&args)
    };
    let (before, after) = (fit("once.csv"), fit("twice.csv"));
    assert_eq!(before.0, after.0);
    let note = "twice.csv: 12 rows repeat earlier ones, word for word, and count once: line 38, 39";
    assert!(after.1.contains(note), "{}", after.1);

    let mut child = outcrop();
    child.args(["fit", "-", "--format", "csv", "--intervals", "0"]);
    let mut child = child
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(twice.as_bytes())
        .unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), before.0);
}

#[test]
fn lives_that_differ_are_refused_with_both_lines_by_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let lives = HEADER.to_owned() + &life(0..12, 1.0) + &life(5..9, 1.5);
    std::fs::write(dir.path().join("measurements.csv"), lives).unwrap();
    let folder = dir.path().display().to_string();
    let table = path(dir.path(), "measurements.csv");
    let parts = [
        "model \"m\", step 500, sequence 0, layer 1",
        "in lines 17 and 38",
    ];
    for args in [
        &["fit", &folder][..],
        &["fit", &table],
        &["forecast", &table, "--at", "5000"],
        &["report", &folder],
    ] {
        refused(args, &parts);
    }
    assert!(!dir.path().join("fits.csv").exists());
}

#[test]
fn two_runs_of_one_name_are_refused_with_both_files() {
    let dir = tempfile::tempdir().unwrap();
    for (run, scale) in [("a", 1.0), ("b", 2.0)] {
        let folder = dir.path().join("runs").join(run);
        std::fs::create_dir_all(&folder).unwrap();
        let table = HEADER.to_owned() + &life(0..9, scale);
        std::fs::write(folder.join("measurements.csv"), table).unwrap();
    }
    let parts = ["b/measurements.csv", "lines 2 of", "a/measurements.csv"];
    refused(&["fit", dir.path().to_str().unwrap()], &parts);
}

/// The kind: whatever is a row of its own cannot be two.
#[test]
fn other_tables_that_contradict_themselves_are_refused() {
    for (name, text, what) in [
        (
            "fits.csv",
            "model,layer,hypothesis,n,K\nm,1,logistic,9,2\nm,1,logistic,9,3\n",
            "hypothesis \"logistic\"",
        ),
        (
            "curves.csv",
            "model,layer,hypothesis,step,value\nm,1,a,8,2\nm,1,a,8.0,3\n",
            "step 8.0",
        ),
        (
            "loss.csv",
            "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\nm,8,9,2,2,1,1\nm,8,9,2,3,1,1\n",
            "model \"m\", step 8",
        ),
        (
            "architectures.csv",
            "model,layers,d_model,heads\nm,1,64,4\nm,2,64,4\n",
            "model \"m\"",
        ),
        (
            "scores.csv",
            "target,regressor,protocol,models,rows,r2,mae,rmse\nK,ridge,p,1,1,0.1,1,1\nK,ridge,p,1,1,0.2,1,1\n",
            "regressor \"ridge\"",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        let folder = dir.path().display().to_string();
        refused(&["report", &folder], &[name, what, "in lines 2 and 3"]);
        let last = text.lines().last().unwrap();
        let first = text.lines().nth(1).unwrap();
        let alike = text.replace(last, first) + first + "\n";
        std::fs::write(dir.path().join(name), alike).unwrap();
        let (_, said) = succeeded(&["report", &folder]);
        assert!(said.contains("2 rows repeat earlier ones"), "{said}");
    }
}

#[test]
fn points_of_a_trajectory_that_differ_stop_that_series_alone() {
    let dir = tempfile::tempdir().unwrap();
    let good = super::trajectories();
    let bad = good
        .replace("m,1", "n,1")
        .replacen("model,layer,step,ratio\n", "", 1);
    std::fs::write(dir.path().join("t.csv"), good + &bad + "n,1,7,99\n").unwrap();
    let args = [
        "fit",
        &path(dir.path(), "t.csv"),
        "--format",
        "csv",
        "--intervals",
        "0",
    ];
    let (csv, said) = succeeded(&args);
    assert!(
        said.contains("layer 1, step 7 is given again, and not as in line 19"),
        "{said}"
    );
    let statuses: Vec<&str> = csv.lines().filter(|line| line.starts_with("n,")).collect();
    assert!(
        statuses.iter().all(|line| line.contains("failed to")),
        "{statuses:?}"
    );
}
