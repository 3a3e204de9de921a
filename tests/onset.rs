//! `outcrop onset`, `outcrop phases` and `outcrop fit --observable`, as users call them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;
use std::process::Output;

use common::{files, outcrop, text};

/// 0, 1, 2, ..., 2048, each doubled, with one step between.
fn steps() -> Vec<u32> {
    let doubling = (0..12).flat_map(|i| [1 << i, (1 << i) + (1 << i) / 2]);
    let mut steps: Vec<u32> = [0].into_iter().chain(doubling).collect();
    steps.dedup();
    steps
}

/// From 0 to 1, half-way at step 60, with a wiggle.
fn rise(step: u32, phase: f64) -> f64 {
    let t = f64::from(step).max(0.5);
    let wiggle = (40.0 * t.ln() + phase).sin();
    1.0 / (1.0 + (60.0 / t).powi(3)) + 0.02 * wiggle
}

/// `observables.csv` in a folder: a norm and a share of two layers, and a share at a second place.
fn long_table(folder: &Path) -> String {
    let mut csv = "model,step,layer,head,place,observable,value,sem,n,reason,sequence\n".to_owned();
    for (step, layer) in steps().into_iter().flat_map(|step| [(step, 1), (step, 2)]) {
        let up = rise(step, f64::from(layer));
        let norm = 5.0 + 40.0 * up;
        csv += &format!("m,{step},{layer},,residual-stream,norm_first,{norm},0.5,8,,\n");
        csv += &format!("m,{step},{layer},,residual-stream,norm_first,999,,1,,3\n");
        let share = 0.1 + 0.7 * up;
        for place in ["attention-input", "mlp-input"] {
            csv += &format!("m,{step},{layer},,{place},near_zero,{share},0.01,8,,\n");
        }
    }
    csv += "m,9999,1,,residual-stream,norm_first,,,0,not-finite,\n";
    let path = folder.join("observables.csv");
    std::fs::write(&path, csv).unwrap();
    path.display().to_string()
}

fn run(args: &[&str]) -> Output {
    outcrop().args(args).output().unwrap()
}

fn succeeded(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(args: &[&str], status: i32, parts: &[&str]) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// The cells of a CSV table without quotes, by column.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let place = lines.next().unwrap().iter().position(|h| *h == name);
    let place = place.unwrap_or_else(|| panic!("no column {name}"));
    lines.map(|l| l[place].to_owned()).collect()
}

#[test]
fn an_onset_lies_between_its_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let table = long_table(dir.path());
    let csv = succeeded(&[
        "onset",
        &table,
        "--observable",
        "norm_first",
        "--format",
        "csv",
    ]);
    assert_eq!(column(&csv, "layer"), ["1", "2"]);
    assert_eq!(
        column(&csv, "observable"),
        ["norm_first@residual-stream"; 2]
    );
    assert_eq!(column(&csv, "half_after"), ["48.0"; 2]);
    assert_eq!(column(&csv, "half_by"), ["64.0"; 2]);
    assert!(
        column(&csv, "p")
            .iter()
            .all(|p| p.parse::<f64>().unwrap() <= 0.05)
    );
    assert_eq!(column(&csv, "status"), ["ok"; 2]);
    // every observable, for reading
    let shown = succeeded(&["onset", &table]);
    assert_eq!(shown.lines().count(), 1 + 6);
    assert!(shown.contains("near_zero@mlp-input") && shown.contains("48.00..64.00 ["));
}

#[test]
fn onsets_over_seeds_and_what_happened_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = "model,layer,step,ratio\n".to_owned();
    for (step, seed) in steps()
        .into_iter()
        .flat_map(|step| [(step, 1), (step, 2), (step, 3)])
    {
        let ratio = 3.0 + 90.0 * rise(step, f64::from(seed));
        csv += &format!("seed{seed},1,{step},{ratio}\n");
    }
    let table = dir.path().join("seeds.csv").display().to_string();
    std::fs::write(&table, csv).unwrap();
    let over = succeeded(&["onset", &table, "--seeds", "--format", "csv"]);
    assert_eq!(column(&over, "n"), ["3"]);
    assert_eq!(column(&over, "confidence"), ["0.75"]);

    let loss = dir.path().join("loss.csv").display().to_string();
    let mut rows = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n".to_owned();
    for step in 1..2000 {
        let spike = if step == 50 { 3.0 } else { 0.0 };
        rows += &format!("seed1,{step},{step},{},3,0.001,\n", 3.0 + spike);
    }
    std::fs::write(&loss, rows).unwrap();
    let events = dir.path().join("events.csv").display().to_string();
    let args = [
        "onset", &table, "--loss", &loss, "--events", &events, "--format", "csv",
    ];
    let named = column(&succeeded(&args), "events");
    assert_eq!(named, ["loss-spike at 50", "", ""]);
    let written = std::fs::read_to_string(&events).unwrap();
    assert_eq!(column(&written, "event"), ["loss-spike"]);
    // what the spec of the run set stands beside its losses, and stays there
    let set = "model,step,event,value,stage\nseed1,48,set-clamp,30,\n";
    std::fs::write(&events, set).unwrap();
    for _ in 0..2 {
        let named = column(&succeeded(&args), "events");
        assert_eq!(named, ["set-clamp at 48; loss-spike at 50", "", ""]);
        let written = std::fs::read_to_string(&events).unwrap();
        assert_eq!(column(&written, "event"), ["set-clamp", "loss-spike"]);
    }
}

#[test]
fn phases_of_observables_and_of_layers() {
    let dir = tempfile::tempdir().unwrap();
    let table = long_table(dir.path());
    let args = [
        "phases",
        &table,
        "--observable",
        "norm_first,near_zero",
        "--left-to-right",
    ];
    let csv = succeeded(
        &[
            &args[..],
            &["--most", "2", "--fewest", "2", "--format", "csv"],
        ]
        .concat(),
    );
    assert_eq!(column(&csv, "observables")[0], "3");
    for (step, phase) in column(&csv, "step").iter().zip(column(&csv, "phase")) {
        match step.parse::<u32>().unwrap() {
            0..=24 => assert_eq!(phase, "1", "{step}"),
            96.. => assert_eq!(phase, "2", "{step}"),
            _ => (),
        }
    }
    let joined = [&args[..], &["--join-layers", "--format", "csv"]].concat();
    let joined = succeeded(&joined);
    assert_eq!(column(&joined, "observables")[0], "6");
    assert_eq!(column(&joined, "layer")[0], "");
    assert!(succeeded(&args).starts_with("model"));
}

#[test]
fn an_observable_is_fitted_on_its_scale() {
    let dir = tempfile::tempdir().unwrap();
    let table = long_table(dir.path());
    let before = files(dir.path());
    let folder = dir.path().display().to_string();
    let observable = ["--observable", "near_zero@mlp-input", "--scale", "logit"];
    let hypotheses = ["--hypothesis", "emergence,double rise", "--format", "csv"];
    for input in [&table, &folder] {
        let csv = succeeded(&[&["fit", input], &observable[..], &hypotheses[..]].concat());
        assert_eq!(column(&csv, "hypothesis").len(), 4);
        for end in column(&csv, "f_last") {
            let end: f64 = end.parse().unwrap();
            assert!((end - 0.8).abs() < 0.05, "{end}");
        }
        assert!(
            csv.lines()
                .next()
                .unwrap()
                .ends_with(",t_mid2_lo,t_mid2_hi,h2,h2_lo,h2_hi")
        );
    }
    // the fits of a folder are those of the ratio: nothing was written into it
    assert_eq!(files(dir.path()), before);
    let plain = succeeded(&[
        "fit",
        &table,
        "--observable",
        "norm_first",
        "--format",
        "csv",
    ]);
    assert!(plain.lines().next().unwrap().ends_with(",zeta,t_mid"));
}

#[test]
fn what_cannot_be_dated_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let table = long_table(dir.path());
    refused(
        &["fit", &table, "--observable", "near_zero"],
        1,
        &["near_zero@PLACE", "attention-input, mlp-input"],
    );
    refused(
        &["onset", &table, "--observable", "near_zer"],
        1,
        &["--observable = near_zer", "near_zero@mlp-input"],
    );
    let logit = ["--observable", "norm_first", "--scale", "logit"];
    refused(
        &[&["fit", &table], &logit[..]].concat(),
        1,
        &["finite bounds"],
    );
    refused(&["fit", &table, "--scale", "log"], 2, &["--observable"]);
    refused(&["onset", &table, "--events", "e.csv"], 2, &["--loss"]);
    refused(&["phases", &table, "--noise", "loud"], 2, &["either"]);
    refused(&["phases", &table, "--fewest", "5"], 1, &["fewest"]);

    let short = dir.path().join("short.csv").display().to_string();
    std::fs::write(&short, "model,layer,step,ratio\nm,1,0,5\nm,1,1,6\n").unwrap();
    let reason = ["any of 1", "model `m`, layer 1", "it has 2 points"];
    refused(&["onset", &short], 1, &reason);
    refused(&["phases", &short], 1, &["any of 1", "it has 2 points"]);
}

/// Two observables of five layers and six seeds: the second starts a third of a decade later in every layer, the third in
/// the opposite order of layers. One is of two heads.
fn table_of_seeds(folder: &Path) -> String {
    let mut csv = "model,step,layer,head,place,observable,value,sem,n\n".to_owned();
    let rise = |step: u32, at: f64| 1.0 / (1.0 + (at / f64::from(step).max(0.5)).powi(12));
    for step in steps() {
        for (seed, layer) in (0..6).flat_map(|seed| (1..=5).map(move |layer| (seed, layer))) {
            let at = 8.0 * 2f64.powi(layer) * 1.02f64.powi(seed);
            let back = 8.0 * 2f64.powi(6 - layer);
            for (head, share) in [(1, 0.9), (2, 1.1)] {
                let value = share * rise(step, at);
                csv += &format!(
                    "s{seed},{step},{layer},{head},attention-weights,alpha_first,{value},,4\n"
                );
            }
            let later = 30.0 * rise(step, at * 2.2);
            csv += &format!("s{seed},{step},{layer},,residual-stream,ratio,{later},,4\n");
            csv += &format!(
                "s{seed},{step},{layer},,residual-stream,rms,{},,4\n",
                rise(step, back)
            );
            csv += &format!(
                "s{seed},{step},{layer},,residual-stream,tweo,{},,4\n",
                (step % 7) as f64
            );
        }
    }
    let path = folder.join("observables.csv");
    std::fs::write(&path, csv).unwrap();
    path.display().to_string()
}

#[test]
fn observables_that_start_together() {
    let dir = tempfile::tempdir().unwrap();
    let table = table_of_seeds(dir.path());
    let csv = succeeded(&["synchrony", &table, "--format", "csv"]);
    let names: Vec<(String, String)> = column(&csv, "a")
        .into_iter()
        .zip(column(&csv, "b"))
        .collect();
    let at = |a: &str, b: &str| {
        names
            .iter()
            .position(|(x, y)| x.starts_with(a) && y.starts_with(b))
            .unwrap()
    };
    let number = |name: &str, at: usize| column(&csv, name)[at].parse::<f64>().unwrap();
    let close = at("alpha_first", "ratio");
    assert_eq!(
        (number("pairs", close), number("seeds", close)),
        (30.0, 6.0)
    );
    assert!(number("together", close) < 0.01 && number("p_lead", close) < 0.05);
    // 2.2 is 0.34 decades; the grid has steps of 0.12 to 0.18
    assert!((number("lead", close) - 2.2f64.log10()).abs() < 0.1);
    assert!(number("distance", close) < number("distance_null", close));
    let opposite = at("alpha_first", "rms");
    assert!(number("together", opposite) > 0.5);
    assert!(number("distance", opposite) > number("distance_null", opposite));
    let none = at("ratio", "tweo");
    assert_eq!(
        (number("pairs", none), number("without_b", none)),
        (0.0, 30.0)
    );
    // for reading, and as a table that is read again
    let shown = succeeded(&["synchrony", &table, "--observable", "alpha_first,ratio"]);
    assert_eq!(shown.lines().count(), 2);
    assert!(
        shown.contains("alpha_first@attention-weights") && shown.contains("ok"),
        "{shown}"
    );
    let json = dir.path().join("s.json").display().to_string();
    succeeded(&["synchrony", &table, "--out", &json]);
    let text = std::fs::read_to_string(json).unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read.as_array().unwrap().len(), 6);
    // what cannot be compared
    let one = ["synchrony", &table, "--observable", "ratio"];
    refused(&one, 1, &["two or more", "--observable"]);
    refused(
        &["synchrony", &table, "--p", "2"],
        2,
        &["2 is no probability"],
    );
    let without = ["synchrony", &table, "--observable", "tweo,ratio"];
    refused(&without, 1, &["no two observables", "outcrop onset"]);
}

/// The long table of a run of two stages: one of them, or both as one trajectory.
#[test]
fn stages_of_a_long_table() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = "model,step,layer,head,place,observable,value,sem,n,stage,position\n".to_owned();
    for step in steps() {
        let first = 5.0 + 40.0 * rise(step, 0.0);
        csv += &format!("m,{step},1,,residual-stream,norm_first,{first},,8,stage1,{step}\n");
        let last = 45.0 + 0.1 * rise(step, 2.0);
        csv += &format!(
            "m,{step},1,,residual-stream,norm_first,{last},,8,stage2,{}\n",
            step + 3072
        );
    }
    let table = dir.path().join("observables.csv").display().to_string();
    std::fs::write(&table, csv).unwrap();
    let asked = ["onset", &table, "--observable", "norm_first"];
    refused(&asked, 1, &["stage1", "stage2", "--join-stages"]);
    let n = |more: &[&str]| {
        let csv = succeeded(&[&asked[..], more, &["--format", "csv"]].concat());
        (column(&csv, "n"), column(&csv, "half_by"))
    };
    let first = steps().len();
    assert_eq!(
        n(&["--stage", "stage1"]),
        (vec![first.to_string()], vec!["64.0".to_owned()])
    );
    let (joined, half) = n(&["--join-stages"]);
    // the end of the first is the beginning of the second
    assert_eq!(
        (joined, half),
        (vec![(2 * first - 1).to_string()], vec!["64.0".to_owned()])
    );
}

/// Losses of a few steps: the spec beside them says when the rate changed, to the step.
#[test]
fn the_schedule_of_a_run_dates_its_changes() {
    let dir = tempfile::tempdir().unwrap();
    let spec = "model = 'm'\n[arch]\nlayers = 1\nd_model = 16\nheads = 2\ncontext = 16\n[train]\nsteps = 2000\n\
        warmup = 37\nrate_schedule = 'stable-decay'\ndecay_share = 0.1\n";
    let mut rows = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n".to_owned();
    for step in (0..=2000).step_by(100) {
        rows += &format!("m,{step},{step},3,3,0.001,\n");
    }
    std::fs::write(dir.path().join("loss.csv"), rows).unwrap();
    let mut csv = "model,layer,step,ratio\n".to_owned();
    for step in steps() {
        csv += &format!("m,1,{step},{}\n", 3.0 + 90.0 * rise(step, 1.0));
    }
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(path("t.csv"), csv).unwrap();
    let (table, loss, events) = (path("t.csv"), path("loss.csv"), path("events.csv"));
    let args = ["onset", &table, "--loss", &loss, "--events", &events];
    succeeded(&args);
    assert!(column(&std::fs::read_to_string(&events).unwrap(), "event").is_empty());
    std::fs::write(path("run.toml"), spec).unwrap();
    succeeded(&args);
    let found = std::fs::read_to_string(&events).unwrap();
    assert_eq!(column(&found, "event"), ["warm-up-end", "decay-start"]);
    assert_eq!(column(&found, "step"), ["37", "1800"]);
}
