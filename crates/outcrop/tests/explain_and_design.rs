//! The commands `explain` and `design` on a table that is made by hand.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;

use common::{files, outcrop, text};
use outcrop::core::table::read_rows_from;
use outcrop::core::{Attribution, Importance};

/// Twelve architectures; the ratio grows with the width and with depth, heads say nothing.
fn results(folder: &Path) -> String {
    let mut archs = "model,layers,d_model,heads,vocab,context\n".to_owned();
    let mut fits = "model,layer,hypothesis,n,f_first,f_last,f_max,t_half\n".to_owned();
    for (i, width) in [32, 64, 96, 128, 192, 256].iter().enumerate() {
        for (layers, heads) in [(2, 1 + i % 2), (3 + i % 3, 4)] {
            archs += &format!("m{width}-{layers},{layers},{width},{heads},100,64\n");
            for layer in 1..=layers {
                let depth = layer as f64 / layers as f64;
                let ratio = *width as f64 / 8.0 * (0.5 + 0.5 * depth);
                fits += &format!(
                    "m{width}-{layers},{layer},emergence,30,5,{ratio},{},300\n",
                    1.2 * ratio
                );
            }
        }
    }
    std::fs::write(folder.join("architectures.csv"), archs).unwrap();
    std::fs::write(folder.join("fits.csv"), fits).unwrap();
    folder.display().to_string()
}

fn run(args: &[&str]) -> (i32, String, String) {
    let output = outcrop().args(args).output().unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn a_prediction_is_explained_in_words_tables_and_plots() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let args = [
        "explain",
        &results,
        "--model",
        "m256-2",
        "--layer",
        "2",
        "--repeats",
        "5",
    ];
    let (code, said, errors) = run(&args);
    assert_eq!(code, 0, "{errors}");
    for part in [
        "ln f_max by ridge",
        "mean |share|",
        "m256-2, layer 2",
        "only vary together in these models and share one value",
        "l/L + s1(l/L)",
        "error on unseen architectures",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.lines().count() < 40, "more than a screen: {said}");
    let out = files(&dir.path().join("explain"));
    for name in [
        "dependence.csv",
        "dependence-ln-f_max.svg",
        "importance-ln-f_max.svg",
        "shapley-ln-f_max.svg",
        "waterfall-ln-f_max-m256-2-layer-2.svg",
    ] {
        assert!(out.contains_key(name), "{name}: {:?}", out.keys());
    }
    let shares = read_rows_from::<Attribution>(&*out["shapley.csv"], "shapley")
        .unwrap()
        .rows;
    let one: Vec<_> = shares
        .iter()
        .filter(|r| r.model == "m256-2" && r.layer == 2)
        .collect();
    let sum: f64 = one.iter().map(|r| r.shapley).sum();
    assert!((one[0].base + sum - one[0].predicted).abs() < 1e-9);
    let importance = read_rows_from::<Importance>(&*out["importance.csv"], "importance");
    let importance = importance.unwrap().rows;
    let most = importance
        .iter()
        .max_by(|a, b| a.increase.total_cmp(&b.increase))
        .unwrap();
    assert_eq!(most.group, "the whole architecture");
    assert_eq!(run(&args).1, said);
    assert_eq!(files(&dir.path().join("explain")), out);
}

#[test]
fn a_design_can_be_predicted_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let best = dir.path().join("best.toml").display().to_string();
    let (code, said, errors) = run(&[
        "design",
        &results,
        "--target",
        "f_last<20 at every layer",
        "--budget",
        "params=100K..300K",
        "--vary",
        "layers,d_model=32..256:32",
        "--format",
        "csv",
        "--best",
        &best,
    ]);
    assert_eq!(code, 0, "{errors}");
    assert!(
        said.starts_with("layers,d_model,heads,d_ff,context,params"),
        "{said}"
    );
    assert!(
        errors.contains("random search of") && errors.contains("predicted by ridge"),
        "{errors}"
    );
    let first: Vec<&str> = said.lines().nth(1).unwrap().split(',').collect();
    let params: f64 = first[5].parse().unwrap();
    let value: f64 = first[9].parse().unwrap();
    assert!((1e5..=3e5).contains(&params) && value <= 20.0, "{said}");
    let predict = ["predict", &results, "--arch", &best, "--regressor", "ridge"];
    let (code, said, errors) = run(&[&predict[..], &["--format", "csv"]].concat());
    assert_eq!(code, 0, "{errors}");
    let predicted = said.lines().filter(|l| l.contains(",ln f_last,"));
    let largest = predicted.map(|l| l.split(',').nth(5).unwrap().parse::<f64>().unwrap().exp());
    assert!(
        (largest.fold(0.0, f64::max) - value).abs() < 1e-9 * value,
        "{said}"
    );
}

#[test]
fn bad_requests_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let design = |target: &str, more: &[&str]| {
        let args = [&["design", &results, "--target", target], more].concat();
        let (code, _, errors) = run(&args);
        assert_eq!(code, 1, "{errors}");
        assert!(errors.starts_with("error: failed to "), "{errors}");
        errors
    };
    assert!(design("f_last<1", &[]).contains("relax one of: `f_last < 1 at every layer` to "));
    assert!(design("f_lost<1", &[]).contains("did you mean `f_last`"));
    assert!(design("f_last<9", &["--budget", "parms=1M"]).contains("did you mean `params`"));
    assert!(design("f_last<9", &["--vary", "layers=9..2"]).contains("layers=9..2"));
    assert!(design("f_last<9", &["--fix", "layers=2"]).contains("to vary and to be fixed"));
    assert!(design("lambda<9", &[]).contains("identified in 0 models"));
    let explain = |more: &[&str]| {
        let (code, _, errors) = run(&[&["explain", &results], more].concat());
        assert_eq!(code, 1, "{errors}");
        errors
    };
    assert!(explain(&["--target", "f_max"]).contains("did you mean `ln f_max`"));
    assert!(explain(&["--features", "l/L,h"]).contains("feature `h`"));
    assert!(explain(&["--model", "m32", "--layer", "1"]).contains("no such model"));
    let lonely = outcrop()
        .args(["explain", &results, "--layer", "1"])
        .output()
        .unwrap();
    assert_eq!(lonely.status.code(), Some(2));
}
