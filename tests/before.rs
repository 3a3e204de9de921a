//! Predictions of `reproduce` before it trains.

mod common;

use common::{files, outcrop, text};
use outcrop::core::CurvePoint;
use outcrop::core::table::read_rows_from;

/// What `reproduce` predicts is what `predict` says of the same architectures; it is written before anything is trained, stays
/// as it is, and is not shown once it was changed.
#[test]
fn a_profile_is_predicted_before_it_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let profile = "name = 'before'
description = 'two small runs'
[base.arch]
layers = 2
d_model = 32
heads = 1
context = 16
[base.data]
corpus = 'bigram-backcopy'
[base.train]
steps = 8
batch = 2
learning_rate = 1e-2
warmup = 2
[base.schedule]
measure = '0,4,last'
save = 'last'
[[runs]]
model = 'a'
[[runs]]
model = 'b'
arch = { layers = 3, d_model = 48 }
";
    std::fs::write(folder.path().join("before.toml"), profile).unwrap();
    let reproduce = || {
        let mut command = outcrop();
        command.current_dir(folder.path());
        let output = command.args(["reproduce", "--profile", "before.toml", "--out", "out"]);
        let output = output.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    let (said, notes) = reproduce();
    let read = |name: &str| files(&folder.path().join("out"))[name].clone();
    let predicted = read("predicted.csv");
    let hash = outcrop::core::sha256_hex(&predicted);
    assert!(notes.contains(&hash) && text(&read("predicted.csv.sha256")).starts_with(&hash));
    assert!(
        said.contains("curves of 2 models were predicted before training"),
        "{said}"
    );
    assert!(text(&read("report/report.html")).contains("Predicted before training"));
    assert!(text(&read("provenance.json")).contains(&hash));

    let rows = read_rows_from::<CurvePoint>(&predicted[..], "csv")
        .unwrap()
        .rows;
    assert_eq!(rows.len(), (2 + 3) * 3);
    let spec = folder.path().join("out/runs/b/run.toml");
    let curves = folder.path().join("curves.csv");
    let [spec, curves] = [&spec, &curves].map(|path| path.to_str().unwrap());
    let alone = [
        "predict",
        "--arch",
        spec,
        "--last-step",
        "8",
        "--curves",
        curves,
    ];
    let output = outcrop().args(alone).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let alone = read_rows_from::<CurvePoint>(&std::fs::read(curves).unwrap()[..], "csv").unwrap();
    for layer in 1..=3 {
        for step in [0.0, 8.0] {
            let at = |p: &&CurvePoint| p.layer == layer && p.step == step;
            let ours = rows.iter().filter(|p| p.model == "b").find(at).unwrap();
            let theirs = alone.rows.iter().find(at).unwrap();
            let ends = [
                (ours.value, theirs.value),
                (ours.value_lo.unwrap(), theirs.value_lo.unwrap()),
            ];
            for (ours, theirs) in ends {
                assert!(
                    (ours / theirs - 1.0).abs() < 1e-9,
                    "layer {layer}, step {step}"
                );
            }
        }
    }

    let (again, _) = reproduce();
    assert_eq!(read("predicted.csv"), predicted);
    assert!(
        again.contains("curves of 2 models were predicted before training"),
        "{again}"
    );
    let changed = text(&predicted).replacen("predicted", "fitted", 1);
    std::fs::write(folder.path().join("out/predicted.csv"), changed).unwrap();
    let (without, warned) = reproduce();
    assert!(
        !without.contains("were predicted before training"),
        "{without}"
    );
    assert!(warned.contains("its predictions are left out"), "{warned}");

    // nothing has begun: all is predicted once more, of the architectures as they are now
    std::fs::remove_dir_all(folder.path().join("out/runs")).unwrap();
    let deeper = profile.replace("layers = 3", "layers = 4");
    std::fs::write(folder.path().join("before.toml"), deeper).unwrap();
    let (afresh, _) = reproduce();
    assert!(
        afresh.contains("curves of 2 models were predicted before training"),
        "{afresh}"
    );
    let csv = read("predicted.csv");
    let rows = read_rows_from::<CurvePoint>(&csv[..], "csv").unwrap().rows;
    assert_eq!(rows.len(), (2 + 4) * 3);
}
