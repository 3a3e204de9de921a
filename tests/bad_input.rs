//! Bad input gets a clear error and nothing is lost.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;

use common::{files, outcrop, text};

/// Runs the command, which must fail with status 1 and say every part.
fn refused(args: &[&str], parts: &[&str]) {
    let output = outcrop().args(args).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    assert!(said.contains("error: failed to"), "{args:?}: {said}");
    for part in parts {
        assert!(
            said.contains(part),
            "{args:?} says nothing of {part}: {said}"
        );
    }
}

fn write(folder: &Path, name: &str, text: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

const SPEC: &str = "model = 'm'\n[arch]\nlayers = 1\nd_model = 16\nheads = 2\ncontext = 16\n";

#[test]
fn specs() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out").display().to_string();
    for (from, to, parts) in [
        (
            "heads = 2",
            "heads = 3",
            [
                "spec.toml, line 5",
                "arch.heads = 3",
                "a divisor of d_model = 16",
            ],
        ),
        (
            "d_model",
            "d_modle",
            ["spec.toml, line 4", "`d_modle`", "did you mean `d_model`"],
        ),
        (
            "layers = 1",
            "layers = 0",
            ["spec.toml, line 3", "arch.layers = 0", "1 to 1024"],
        ),
        (
            "layers = 1",
            "layers = 'one'",
            ["spec.toml, line 3", "[arch]", "layers"],
        ),
        (
            "layers = 1\n",
            "",
            ["spec.toml, line 2", "[arch]", "layers"],
        ),
        ("[arch]", "[arch", ["spec.toml", "line 2", "]"]),
        (
            "context = 16",
            "context = 16\n[schedule]\nmeasure = 'evry:2'",
            ["spec.toml, line 8", "schedule.measure", "evry"],
        ),
        (
            "context = 16",
            "context = 16\n[data]\ncorpus = 'bigram'",
            ["spec.toml, line 8", "corpus", "bigram-backcopy"],
        ),
        (
            "context = 16",
            "context = 16\nposition = { kind = 'rotary', base = 1e4, fraction = 0.01 }",
            ["spec.toml, line 7", "arch.position.fraction", "0.01"],
        ),
        (
            "model = 'm'",
            "model = '../m'",
            ["spec.toml, line 1", "../m", "letters"],
        ),
    ] {
        let spec = write(dir.path(), "spec.toml", SPEC.replace(from, to).as_bytes());
        refused(&["train", &spec, "--out", &out], &parts);
    }
    let spec = write(dir.path(), "spec.toml", SPEC.as_bytes());
    for (assignment, parts) in [
        (
            "arch.haeds=4",
            ["--set arch.haeds=4", "did you mean `heads`"],
        ),
        (
            "trian.steps=4",
            ["--set trian.steps=4", "did you mean `train`"],
        ),
        (
            "arch.heads=5",
            ["--set arch.heads=5", "a divisor of d_model = 16"],
        ),
        ("train.steps=many", ["--set train.steps=many", "`steps`"]),
        ("train.steps", ["--set train.steps", "KEY=VALUE"]),
    ] {
        refused(
            &["train", &spec, "--out", &out, "--set", assignment],
            &parts,
        );
    }
    assert!(!Path::new(&out).exists());
    refused(&["train", "absent.toml"], &["absent.toml"]);
    refused(&["train", "--backend", "tpu"], &["tpu", "flex"]);
    refused(
        &["reproduce", "--profile", "qick"],
        &["qick", "did you mean `quick`"],
    );
}

#[test]
fn profiles() {
    let dir = tempfile::tempdir().unwrap();
    let text = "name = 'p'\ndescription = ''\n[base.arch]\nlayers = 1\nd_model = 16\nheads = 2\n\
                [[runs]]\nmodel = 'a'\n\n[[runs]]\nmodel = 'b'\narch = { layers = 2 }\n";
    for (from, to, parts) in [
        (
            "layers = 2",
            "layer = 2",
            ["p.toml, line 12", "did you mean `layers`"],
        ),
        (
            "heads = 2",
            "heads = 3",
            ["p.toml, line 6", "a divisor of d_model = 16"],
        ),
        ("'b'", "'a'", ["p.toml, line 11", "two runs are called `a`"]),
        (
            "[[runs]]",
            "[[rnus]]",
            ["p.toml, line 7", "did you mean `runs`"],
        ),
        (
            "name = 'p'",
            "name = 1",
            ["p.toml, line 1", "`name` must be a text"],
        ),
    ] {
        let profile = write(dir.path(), "p.toml", text.replace(from, to).as_bytes());
        refused(&["reproduce", "--profile", &profile], &parts);
    }
    let arch = write(
        dir.path(),
        "arch.toml",
        b"layers = 2\nd_modle = 64\nheads = 4\n",
    );
    let parts = ["arch.toml, line 2", "did you mean `d_model`"];
    refused(&["predict", "--arch", &arch], &parts);
}

#[test]
fn corpora() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content, parts) in [
        ("empty.txt", &b""[..], ["empty.txt", "empty"]),
        ("binary.txt", b"\x00\x01\x02 text", ["binary.txt", "byte"]),
        ("one-line.txt", b"one line\n", ["one-line.txt", "token"]),
    ] {
        let corpus = write(dir.path(), name, content);
        let spec =
            format!("{SPEC}[data]\ncorpus = 'text:{corpus}'\n[train]\nsteps = 2\nwarmup = 1\n");
        let spec = write(dir.path(), "spec.toml", spec.as_bytes());
        let out = dir.path().join(format!("{name}-run")).display().to_string();
        refused(&["train", &spec, "--out", &out], &parts);
    }
    let spec = format!("{SPEC}[data]\ncorpus = 'text:nowhere.txt'\n");
    let spec = write(dir.path(), "spec.toml", spec.as_bytes());
    let out = dir.path().join("run").display().to_string();
    refused(&["train", &spec, "--out", &out], &["nowhere.txt"]);
}

#[test]
fn folders_that_are_not_ours_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let spec = write(dir.path(), "spec.toml", SPEC.as_bytes());
    let precious = dir.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    write(&precious, "thesis.tex", b"years of work");
    let (out, before) = (precious.display().to_string(), files(&precious));
    refused(&["train", &spec, "--out", &out], &["precious", "not empty"]);
    assert_eq!(files(&precious), before);

    let file = write(dir.path(), "file", b"");
    let below = format!("{file}/run");
    refused(&["train", &spec, "--out", &below], &["file"]);
    refused(
        &["reproduce", "--profile", "tiny", "--out", &below],
        &["file"],
    );
}

#[test]
fn tables() {
    let dir = tempfile::tempdir().unwrap();
    let table = write(dir.path(), "t.csv", b"model,layer,stp,ratio\nm,1,0,5\n");
    refused(&["fit", &table], &["t.csv", "`step`", "did you mean `stp`"]);
    refused(&["fit", "absent.csv"], &["absent.csv"]);
    refused(
        &["predict", &dir.path().display().to_string()],
        &["architectures.csv"],
    );

    // One bad series never stops the others: each has its row, with the reason.
    let mut csv = String::from("model,layer,step,ratio\nshort,1,0,5\nshort,1,1,6\n");
    for i in 0..12u32 {
        let step = 2u64.pow(i) - 1;
        let good = 5.0 + 3.0 * (4.0 + step as f64).ln();
        csv += &format!("good,1,{step},{good}\nundefined,1,{step},NaN\nnegative,1,{step},-1\n");
        csv += &format!("equal,1,7,{good}\n");
    }
    csv += "torn,1,4\n";
    let table = write(dir.path(), "series.csv", csv.as_bytes());
    let output = outcrop()
        .args(["fit", &table, "--format", "csv"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(
        text(&output.stderr).contains("line 52"),
        "{}",
        text(&output.stderr)
    );
    let fits = outcrop::core::table::read_rows_from::<outcrop::core::Fit>(&*output.stdout, "fits");
    let fits = fits.unwrap().rows;
    for model in ["short", "undefined", "negative", "equal"] {
        let row = fits.iter().find(|f| f.model == model).unwrap();
        assert!(
            row.r2.is_none() && row.status != "ok",
            "{model}: {}",
            row.status
        );
    }
    assert!(
        fits.iter()
            .any(|f| f.model == "good" && f.best && f.r2.is_some_and(|r| r > 0.99))
    );
}

#[test]
fn bad_use_is_status_2() {
    for args in [&["fitt"][..], &["fit"], &["train", "--nonsense"]] {
        assert_eq!(
            outcrop().args(args).output().unwrap().status.code(),
            Some(2)
        );
    }
    for (command, option) in [
        ("train", "--threads"),
        ("measure", "--threads"),
        ("reproduce", "--jobs"),
    ] {
        let most = outcrop().args([command, option, "64", "--help"]).output();
        assert!(most.unwrap().status.success());
        for number in ["0", "-1", "20000", "1000000000000", "2.5"] {
            let option = format!("{option}={number}");
            let output = outcrop().args([command, &option, "x"]).output().unwrap();
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{option}: {said}");
            let reason = "allowed is a whole number from 1 to ";
            assert!(
                said.contains(reason) && said.contains("cores"),
                "{option}: {said}"
            );
        }
    }
}
