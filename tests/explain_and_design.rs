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
        "ln f_max by shape",
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
        said.starts_with("layers,d_model,heads,kv_heads,d_head,d_ff,context,params"),
        "{said}"
    );
    assert!(
        errors.contains("random search of") && errors.contains("predicted by shape"),
        "{errors}"
    );
    assert!(
        errors.contains("has the default of every key of [data], [train] and [schedule]"),
        "{errors}"
    );
    let first: Vec<&str> = said.lines().nth(1).unwrap().split(',').collect();
    let params: f64 = first[7].parse().unwrap();
    let value: f64 = first[11].parse().unwrap();
    assert!((1e5..=3e5).contains(&params) && value <= 20.0, "{said}");
    let largest = largest(&results, &best, "ln f_last");
    assert!((largest - value).abs() < 1e-9 * value, "{largest} {said}");
}

/// Of all layers, as `predict` says it.
fn largest(results: &str, arch: &str, target: &str) -> f64 {
    let predict = ["predict", results, "--arch", arch, "--format", "csv"];
    let (code, said, errors) = run(&predict);
    assert_eq!(code, 0, "{errors}");
    let predicted = said.lines().filter(|l| l.contains(&format!(",{target},")));
    let values = predicted.map(|l| l.split(',').nth(5).unwrap().parse::<f64>().unwrap());
    values.fold(f64::MIN, f64::max).exp()
}

/// With measured ratios, f_max and f_last are those of the predicted curve; the recipe is that of the model which all else is
/// taken from, and stands in the run that is written.
#[test]
fn a_design_from_measured_runs_is_predicted_as_it_is_written() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let dir = tempfile::tempdir().unwrap();
    for (target, atlas, like) in [
        ("f_max", "atlas", &[][..]),
        ("f_last", "atlas2", &["--like", "atlas2-0013-s1"]),
    ] {
        let atlas = data.join(atlas).display().to_string();
        let best = dir.path().join(format!("{target}.toml"));
        let best = best.display().to_string();
        let goal = format!("{target}<40 at every layer");
        let design = ["design", &atlas, "--target", &goal];
        let more = [
            "--vary",
            "layers,d_model",
            "--format",
            "csv",
            "--best",
            &best,
        ];
        let (code, said, errors) = run(&[&design[..], &more, like].concat());
        assert_eq!(code, 0, "{errors}");
        let value = said.lines().nth(1).unwrap().split(',').nth(11).unwrap();
        let value: f64 = value.parse().unwrap();
        let largest = largest(&atlas, &best, &format!("ln {target}"));
        assert!((largest - value).abs() < 1e-9 * value, "{largest} {said}");
    }
}

/// The recipe is that of the model which all else is taken from.
#[test]
fn the_best_of_a_design_can_be_trained_as_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let recipe = dir.path().join("runs/m32-2");
    std::fs::create_dir_all(&recipe).unwrap();
    let spec = "model = 'm32-2'\n[arch]\nlayers = 2\nd_model = 32\nheads = 1\n\
                [train]\nsteps = 3\nwarmup = 1\nbatch = 2\n";
    std::fs::write(recipe.join("run.toml"), spec).unwrap();
    let best = dir.path().join("best.toml").display().to_string();
    let target = [
        "--target",
        "f_last<8",
        "--vary",
        "layers,d_model=32|64",
        "--best",
        &best,
    ];
    let (code, said, errors) =
        run(&[&["design", &results][..], &target, &["--format", "csv"]].concat());
    assert_eq!(code, 0, "{errors}");
    let out = dir.path().join("trained");
    let (code, _, errors) = run(&["train", &best, "--out", &out.display().to_string()]);
    assert_eq!(code, 0, "{errors}");
    let trained = std::fs::read_to_string(out.join("run.toml")).unwrap();
    let first: Vec<&str> = said.lines().nth(1).unwrap().split(',').collect();
    for line in [
        "model = \"best\"",
        &format!("layers = {}", first[0]),
        &format!("d_model = {}", first[1]),
        "steps = 3",
    ] {
        assert!(trained.lines().any(|l| l == line), "{line}: {trained}");
    }
}

#[test]
fn what_a_design_cannot_know_is_said_aloud() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let design = |more: &[&str]| {
        let target = ["--target", "f_first<9", "--vary", "layers,d_ff=128|4096"];
        let (code, said, errors) = run(&[
            &["design", &results][..],
            &target,
            more,
            &["--format", "csv"],
        ]
        .concat());
        assert_eq!(code, 0, "{errors}");
        let rows = said
            .lines()
            .skip(1)
            .map(|l| l.split(',').map(str::to_owned).collect());
        (rows.collect::<Vec<Vec<String>>>(), errors)
    };
    for regressor in ["ridge", "shape"] {
        let (rows, errors) = design(&["--regressor", regressor]);
        assert!(
            !rows.is_empty() && rows.iter().all(|r| r[5] == "128"),
            "{rows:?}"
        );
        for part in [
            "warning: the order of these architectures may be chance. ln f_first: no better",
            &format!("warning: d_ff varies, but is no feature of {regressor}"),
        ] {
            assert!(errors.contains(part), "{part}: {errors}");
        }
    }
    // what makes a result doubtful is said to those who want nothing but results
    let (_, errors) = design(&["--quiet"]);
    assert!(
        errors.lines().count() > 1 && errors.lines().all(|l| l.starts_with("warning: ")),
        "{errors}"
    );
    // predict names the same range, in the same words
    let (rows, _) = design(&["--allow-outside"]);
    let outside = rows.iter().filter(|r| r[5] == "4096");
    assert!(outside.clone().count() > 0 && outside.clone().all(|r| r[14] == "d_ff/d_model"));
    let arch = [
        "--layers",
        "2",
        "--d-model",
        "32",
        "--heads",
        "1",
        "--d-ff",
        "4096",
    ];
    let (_, _, errors) = run(&[&["predict", &results][..], &arch].concat());
    let same = "d_ff/d_model = 128 lies outside training, where it was always 4";
    assert!(errors.contains(same), "{errors}");

    // here the architecture decides
    let (_, _, errors) = run(&[
        "design",
        &results,
        "--target",
        "f_last<20",
        "--vary",
        "layers,d_model",
    ]);
    assert!(!errors.contains("may be chance"), "{errors}");
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

/// Two pairs with equal seeds, trained as a sweep that the same command goes on with.
#[test]
fn a_design_is_held_against_random_search() {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path());
    let recipe = dir.path().join("recipe.toml").display().to_string();
    let spec = "model = 'any'\n[arch]\nlayers = 1\nd_model = 32\nheads = 1\n[train]\nsteps = 24\nwarmup = 2\nbatch = 2\n\
                [schedule]\nmeasure = 'every:2'\nsave = 'last'\n";
    std::fs::write(&recipe, spec).unwrap();
    let out = dir.path().join("verified");
    let args = [
        "design",
        &results,
        "--target",
        "f_last<12",
        "--vary",
        "layers,d_model=32|64,heads=1|2",
        "--recipe",
        &recipe,
        "--verify",
        "2",
        "--verify-out",
        out.to_str().unwrap(),
    ];
    let (code, said, errors) = run(&args);
    assert_eq!(code, 0, "{errors}");
    for part in [
        " random architectures meet it",
        "the f_last of the best is ",
        "2 pairs are too few for an interval",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let table = std::fs::read_to_string(out.join("verified.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let of = |column: usize| rows.iter().map(|row| row[column]).collect::<Vec<_>>();
    assert_eq!(of(1), ["best", "best", "random", "random"]);
    assert_eq!(of(3), ["1", "2", "1", "2"]);
    let predicted: Vec<f64> = of(10).iter().map(|value| value.parse().unwrap()).collect();
    let measured: Vec<f64> = of(11).iter().map(|value| value.parse().unwrap()).collect();
    assert!(predicted[0] <= predicted[1] && measured.iter().all(|value| *value > 0.0));
    // the mean over the pairs, computed from the table
    let logs = [0, 1].map(|i| (measured[i] / measured[i + 2]).ln());
    let factor = (logs.iter().sum::<f64>() / 2.0).exp();
    let shown: Vec<&str> = said
        .split("the f_last of the best is ")
        .nth(1)
        .unwrap()
        .split(' ')
        .collect();
    assert!(
        (shown[0].parse::<f64>().unwrap() / factor - 1.0).abs() < 0.01,
        "{factor}: {said}"
    );

    let (code, again, errors) = run(&args);
    assert_eq!((code, &again), (0, &said), "{errors}");
    assert!(errors.contains("was finished already"), "{errors}");
    let many = [&args[..8], &["--verify", "90", "--verify-out", "x"]].concat();
    let (code, _, errors) = run(&many);
    assert!(
        code == 1 && errors.contains("verify fewer, or widen a budget"),
        "{errors}"
    );
}
