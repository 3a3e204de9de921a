//! Whole series: audits, suspect steps, going on.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use outcrop::core::{HeadSink, PersistentPlace, table};

use crate::common::{files, text};
use crate::small::{STEPS, measure, rows, run, series, succeeded};

/// The files that say nothing of where the series lay.
const TABLES: [&str; 4] = [
    "measurements.csv",
    "places.csv",
    "heads.csv",
    "architectures.csv",
];

fn tables(out: &Path) -> Vec<Vec<u8>> {
    TABLES
        .iter()
        .map(|name| fs::read(out.join(name)).unwrap())
        .collect()
}

#[test]
fn a_series_is_measured_audited_and_fitted() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let output = measure(&of, &out, &["--sinks"]);
    succeeded(&output);
    let rows = rows(&out);
    assert_eq!(rows.len(), STEPS.len() * 3 * 2);
    let detail = |r: &outcrop::core::Measurement| {
        let places = r.stats.top.iter().zip(r.detail.tokens).all(|(top, token)| {
            top.is_some_and(|t| t.place.position < 16 && t.place.channel < 32) && token.is_some()
        });
        let spread = r
            .detail
            .spread
            .is_some_and(|s| s.kurtosis.is_some_and(|k| k > 1.0));
        places && spread && r.detail.later.is_some() && r.suspect.is_none()
    };
    assert!(rows.iter().all(detail));
    assert!(
        text(&output.stdout).contains("step 64"),
        "{}",
        text(&output.stdout)
    );
    let heads = table::read_rows::<HeadSink>(&out.join("heads.csv"))
        .unwrap()
        .rows;
    assert_eq!(heads.len(), STEPS.len() * 2 * 2);
    // without a sink the first position still gets all of the first query's attention
    assert!(
        heads
            .iter()
            .all(|h| h.alpha > 1.0 / 16.0 && h.alpha <= 1.0 && h.sequences == 3)
    );
    let places = table::read_rows::<PersistentPlace>(&out.join("places.csv"))
        .unwrap()
        .rows;
    assert!(places[0].cells >= places.last().unwrap().cells && places[0].share <= 1.0);
    succeeded(&run(&["fit", out.to_str().unwrap()]));
    succeeded(&run(&["report", out.to_str().unwrap()]));
}

/// Step 1 of all Pythia models is step 0; of 2.8B most steps are the last one.
#[test]
fn suspect_steps_are_marked_and_left_out_of_fits() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    let copy = |from: u64, to: u64| {
        let file = |step: u64| of.join(format!("step{step}/model.safetensors"));
        fs::copy(file(from), file(to)).unwrap();
    };
    copy(0, 1);
    copy(64, 8);
    copy(64, 16);
    let output = measure(&of, &out, &[]);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(
        said.contains("identical-steps") && said.contains("initial-steps"),
        "{said}"
    );
    let marked: BTreeSet<(u64, String)> = rows(&out)
        .iter()
        .filter_map(|r| Some((r.step, r.suspect.clone()?)))
        .collect();
    let expected = [
        (1, "initial-steps"),
        (8, "identical-steps"),
        (16, "identical-steps"),
    ];
    assert_eq!(marked, expected.map(|(s, why)| (s, why.to_owned())).into());
    // a copy has the rows of what it is a copy of
    let of_step = |step| {
        let rows = rows(&out).into_iter().filter(move |r| r.step == step);
        rows.map(|r| r.stats).collect::<Vec<_>>()
    };
    assert_eq!(of_step(8), of_step(64));

    let points = |more: &[&str]| {
        let fit = [
            "fit",
            out.to_str().unwrap(),
            "--format",
            "csv",
            "--hypothesis",
            "log only",
        ];
        // with five points none can be fitted, which its row says
        let output = run(&[&fit[..], more].concat());
        let fits = table::read_rows_from::<outcrop::core::Fit>(&*output.stdout, "fits");
        (fits.unwrap().rows[0].n, text(&output.stderr))
    };
    let (n, said) = points(&[]);
    assert_eq!(n, 5);
    assert!(
        said.contains("suspect steps of tiny were left out"),
        "{said}"
    );
    assert_eq!(points(&["--include-suspect"]).0, 8);
    let reported = |more: &[&str]| {
        let output = run(&[&["report", out.to_str().unwrap()][..], more].concat());
        assert!(output.status.success());
        text(&output.stderr).contains("suspect steps of tiny were left out")
    };
    assert!(reported(&[]) && !reported(&["--include-suspect"]));

    let audit = run(&["audit", of.to_str().unwrap(), "--strict"]);
    assert_eq!(audit.status.code(), Some(1));
    assert!(
        text(&audit.stdout).contains("3 suspect steps"),
        "{}",
        text(&audit.stdout)
    );
    let json = run(&["audit", of.to_str().unwrap(), "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["checkpoints"].as_array().unwrap().len(), STEPS.len());
    assert_eq!(json["findings"][0]["code"], "identical-steps");
}

/// A series of which the second half comes later ends with the bytes of one that was there at once,
/// also where rows of a step that was not finished are in the table.
#[test]
fn a_folder_goes_on_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let [whole, half, at_once, later] =
        ["w/tiny", "h/tiny", "at-once", "later"].map(|n| dir.path().join(n));
    series(&whole);
    succeeded(&measure(&whole, &at_once, &["--sinks"]));
    series(&half);
    for step in &STEPS[5..] {
        fs::rename(
            half.join(format!("step{step}")),
            dir.path().join(step.to_string()),
        )
        .unwrap();
    }
    succeeded(&measure(&half, &later, &["--sinks"]));
    let table = later.join("measurements.csv");
    let torn = fs::read_to_string(&table).unwrap() + "tiny,16,0,1,9.0,8.0,7.0,0.5,0,0\ntiny,16,0";
    fs::write(&table, torn).unwrap();
    for step in &STEPS[5..] {
        fs::rename(
            dir.path().join(step.to_string()),
            half.join(format!("step{step}")),
        )
        .unwrap();
    }
    let output = measure(&half, &later, &["--sinks"]);
    succeeded(&output);
    assert!(
        text(&output.stdout).contains("8 checkpoints"),
        "{}",
        text(&output.stdout)
    );
    assert!(text(&output.stdout).contains("(5 measured before)"));
    assert_eq!(tables(&later), tables(&at_once));

    // the same folder is refused to other tokens, and nothing in it changes
    let before = files(&later);
    let refused = measure(&half, &later, &["--sinks", "--bos", "0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("another setting of tokens"));
    assert_eq!(files(&later), before);
}

/// Two threads and one give the same bytes, and so does a second time.
#[test]
fn threads_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let tables = ["1", "2"].map(|threads| {
        let out = dir.path().join(threads);
        succeeded(&measure(&of, &out, &["--sinks", "--threads", threads]));
        tables(&out)
    });
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn a_step_without_weights_is_told_in_whole_sentences() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    series(&of);
    fs::remove_file(of.join("step1/model.safetensors")).unwrap();
    let said = text(&measure(&of, &out, &[]).stderr);
    for part in [
        "step1 was skipped: failed to find weights in",
        "step 1: failed to measure it: failed to find weights in",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
