//! Series that the elements of job arrays measure, with stand-ins for the commands of SLURM that run each element at once.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use outcrop::core::Measurement;

use crate::common::{files, outcrop, text};
use crate::hub::serve;
use crate::small::{rows, series, succeeded};

/// Runs the elements of an array, or the one job of a script, in the folder that it asks for.
const SBATCH: &str = r##"#!/bin/bash
[ "$1" = --version ] && exit 0
here=$(dirname "$0") script=$(realpath "${@: -1}")
option() { sed -n "s/^#SBATCH --$1=//p" "$script" | tr -d '"'; }
job=$(($(cat "$here/job" 2>/dev/null) + 1))
echo "$job" > "$here/job"
cd "$(option chdir)" || exit 1
export SLURM_ARRAY_JOB_ID=$job SLURM_ARRAY_TASK_ID
elements=$(option array)
for range in ${elements//,/ }; do
    for SLURM_ARRAY_TASK_ID in $(seq "${range%-*}" "${range#*-}"); do
        bash "$script" >> "$here/log" 2>&1
    done
done
[ -n "$elements" ] || bash "$script" >> "$here/log" 2>&1
echo "$job"
"##;
const SRUN: &str = "#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\nexec \"$@\"\n";
const NOTHING: &str = "#!/bin/bash\nexit 1\n";

/// A folder with the stand-ins.
fn slurm(dir: &Path) -> PathBuf {
    let folder = dir.join("slurm");
    fs::create_dir_all(&folder).unwrap();
    let programs = [
        ("sbatch", SBATCH),
        ("srun", SRUN),
        ("squeue", NOTHING),
        ("sacct", NOTHING),
        ("scontrol", NOTHING),
    ];
    for (name, script) in programs {
        let path = folder.join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn with_slurm(dir: &Path, words: &[&str], env: &[(&str, &str)]) -> Output {
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", slurm(dir).display());
    let mut command = outcrop();
    command.current_dir(dir).args(words).env("PATH", path);
    command.envs(env.iter().copied()).output().unwrap()
}

const CLUSTER: [&str; 7] = [
    "--engine",
    "slurm",
    "--pack",
    "2",
    "--max-array",
    "2",
    "--mem=1G",
];

/// Everything in a folder of tables but its lock, which names a process.
fn tables(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = files(folder);
    found.remove(".lock");
    found
}

#[track_caller]
fn same(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>) {
    assert!(expected.keys().eq(found.keys()), "{:?}", found.keys());
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{name} differs");
    }
}

#[test]
fn elements_measure_the_same_bytes_as_one_process() {
    const MORE: [&str; 4] = [
        "--sinks",
        "--observe",
        "tails,write",
        "--observe-per-sequence",
    ];
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("it's tiny");
    series(&of);
    // a copy of a step, which the audit finds
    let file = |step: u64| of.join(format!("step{step}/model.safetensors"));
    fs::copy(file(64), file(16)).unwrap();
    let words = |out: &'static str| {
        let words = [
            "measure",
            "it's tiny",
            "--out",
            out,
            "--windows",
            "3",
            "--length",
            "16",
        ];
        [&words[..], &MORE, &["--model", "tiny"]].concat()
    };
    succeeded(&with_slurm(dir.path(), &words("straight"), &[]));
    let expected = tables(&dir.path().join("straight"));

    let joining = words("joined");
    let words = [&joining[..], &CLUSTER].concat();
    let output = with_slurm(dir.path(), &words, &[]);
    succeeded(&output);
    let said = text(&output.stdout);
    let log = fs::read_to_string(dir.path().join("slurm/log")).unwrap();
    assert!(
        said.contains("submitted 8 checkpoints: job arrays 1, 2, then the join 3"),
        "{said}"
    );
    assert!(dir.path().join("joined").is_dir(), "{log}");
    same(&expected, &tables(&dir.path().join("joined")));
    let status = with_slurm(dir.path(), &["sweep", "status", "joined.parts"], &[]);
    assert!(text(&status.stdout).starts_with("8 runs: 8 finished"));
    let again = text(&with_slurm(dir.path(), &words, &[]).stdout);
    assert!(
        again.contains("nothing to submit: 8 of 8 checkpoints"),
        "{again}"
    );

    // what is missing is named, and measured by the same command
    fs::remove_dir_all(dir.path().join("joined")).unwrap();
    fs::remove_dir_all(dir.path().join("joined.parts/runs/step-000004")).unwrap();
    let output = with_slurm(dir.path(), &[&joining[..], &["--join"]].concat(), &[]);
    succeeded(&output);
    assert!(
        text(&output.stderr).contains("no element has measured: 4;"),
        "{}",
        text(&output.stderr)
    );
    let steps: Vec<u64> = rows(&dir.path().join("joined"))
        .iter()
        .map(|row| row.step)
        .collect();
    assert!(!steps.contains(&4) && steps.contains(&8));
    let said = text(&with_slurm(dir.path(), &words, &[]).stdout);
    assert!(said.contains("submitted 1 checkpoints"), "{said}");
    same(&expected, &tables(&dir.path().join("joined")));

    // what has gone since has its element's rows, what has changed is measured again, and both are named
    let before = rows(&dir.path().join("joined"));
    fs::remove_dir_all(dir.path().join("joined")).unwrap();
    fs::remove_dir_all(of.join("step2")).unwrap();
    fs::copy(file(8), file(4)).unwrap();
    let output = with_slurm(dir.path(), &[&joining[..], &["--join"]].concat(), &[]);
    succeeded(&output);
    let errors = text(&output.stderr);
    for part in [
        "step 2: its checkpoint is not among these any more",
        "step 4: its checkpoint has changed since an element measured it",
    ] {
        assert!(errors.contains(part), "{errors}");
    }
    let after = rows(&dir.path().join("joined"));
    let of_step = |rows: &[Measurement], step: u64| -> Vec<Option<f32>> {
        let own = rows.iter().filter(|row| row.step == step);
        own.map(|row| row.stats.median).collect()
    };
    assert_eq!(of_step(&after, 2), of_step(&before, 2));
    assert_eq!(of_step(&after, 4), of_step(&before, 8));
    assert!(of_step(&before, 4) != of_step(&before, 8));
}

#[test]
fn elements_fetch_only_their_own_revisions() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let server = serve(&of);
    let words = [
        "measure",
        "--hub",
        "org/tiny",
        "--windows",
        "3",
        "--length",
        "16",
        "--hub-cache",
        "cache",
    ];
    let env = [("HF_ENDPOINT", server.endpoint.as_str())];
    let run = |out: &str, more: &[&str]| {
        let output = with_slurm(
            dir.path(),
            &[&words[..], &["--out", out], more].concat(),
            &env,
        );
        succeeded(&output);
    };
    let fetched = || {
        let requests = server.requests("");
        requests
            .iter()
            .filter(|line| line.contains("model.safetensors"))
            .count()
    };
    run("straight", &[]);
    let once = fetched();
    run("joined", &CLUSTER);
    let log = fs::read_to_string(dir.path().join("slurm/log")).unwrap();
    assert_eq!(fetched(), once, "{log}");
    let blobs = dir.path().join("cache/models--org--tiny/blobs");
    assert_eq!(fs::read_dir(blobs).map_or(0, |entries| entries.count()), 0);
    let [expected, found] = ["straight", "joined"].map(|out| {
        let mut tables = tables(&dir.path().join(out));
        tables.remove("state.json"); // it has times of files
        tables
    });
    same(&expected, &found);
}

#[test]
fn what_an_element_cannot_do_is_refused_before_anything_is_submitted() {
    let dir = tempfile::tempdir().unwrap();
    series(&dir.path().join("tiny"));
    for (more, words) in [
        (&["--observe", "all"][..], "it compares steps"),
        (&["--threads", "2"], "--cpus says"),
        (&["--join"], "cannot be used with"),
    ] {
        let line = [&["measure", "tiny", "--out", "out"], more, &CLUSTER].concat();
        let output = with_slurm(dir.path(), &line, &[]);
        assert!(
            !output.status.success() && text(&output.stderr).contains(words),
            "{more:?}"
        );
    }
    let output = with_slurm(
        dir.path(),
        &["measure", "tiny", "--out", "out", "--join"],
        &[],
    );
    assert!(text(&output.stderr).contains("measured with --engine slurm"));
    assert!(!dir.path().join("out").exists() && !dir.path().join("out.parts").exists());
}

/// A series in `tiny`, and the tables of one process, which ended with `status`.
fn straight(dir: &Path, status: i32) -> BTreeMap<String, Vec<u8>> {
    let output = with_slurm(dir, &["measure", "tiny", "--out", "straight"], &[]);
    assert_eq!(
        output.status.code(),
        Some(status),
        "{}",
        text(&output.stderr)
    );
    tables(&dir.join("straight"))
}

const JOIN: [&str; 5] = ["measure", "tiny", "--out", "joined", "--join"];

fn submit(dir: &Path, more: &[&str]) -> Output {
    let words = [&["measure", "tiny", "--out", "joined"], more, &CLUSTER].concat();
    with_slurm(dir, &words, &[])
}

#[test]
fn damaged_tables_of_an_element_are_measured_again() {
    let dir = tempfile::tempdir().unwrap();
    series(&dir.path().join("tiny"));
    let expected = straight(dir.path(), 0);
    succeeded(&submit(dir.path(), &[]));
    same(&expected, &tables(&dir.path().join("joined")));
    let part = dir.path().join("joined.parts/runs/step-000004");
    for (file, kept) in [
        ("measurements.csv", 300),
        ("state.json", 20),
        ("architectures.csv", 0),
        ("provenance.json", 9),
    ] {
        let path = part.join(file);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..kept]).unwrap();
        let status = with_slurm(dir.path(), &["sweep", "status", "joined.parts"], &[]);
        let said = text(&status.stdout);
        assert!(
            said.starts_with("8 runs: 7 finished, 1 failed") && said.contains(file),
            "{said}"
        );
        // the process that joins measures the step
        fs::remove_dir_all(dir.path().join("joined")).unwrap();
        let output = with_slurm(dir.path(), &JOIN, &[]);
        succeeded(&output);
        let said = text(&output.stderr);
        assert!(
            said.contains("step 4 is measured here: what its element measured is damaged")
                && said.contains(file),
            "{said}"
        );
        same(&expected, &tables(&dir.path().join("joined")));
        // and so does its element
        fs::remove_dir_all(dir.path().join("joined")).unwrap();
        let output = submit(dir.path(), &[]);
        succeeded(&output);
        let said = text(&output.stdout);
        assert!(said.contains("submitted 1 checkpoints"), "{file}: {said}");
        let status = with_slurm(dir.path(), &["sweep", "status", "joined.parts"], &[]);
        assert!(
            text(&status.stdout).starts_with("8 runs: 8 finished"),
            "{file}"
        );
        same(&expected, &tables(&dir.path().join("joined")));
    }
}

#[test]
fn a_checkpoint_that_fails_gives_what_one_process_gives() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let weights = of.join("step8/model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let expected = straight(dir.path(), 1);
    submit(dir.path(), &[]);
    same(&expected, &tables(&dir.path().join("joined")));
    fs::remove_dir_all(dir.path().join("joined")).unwrap();
    let output = with_slurm(dir.path(), &JOIN, &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("failed to measure 1 of 8 checkpoints"),
        "{said}"
    );
    same(&expected, &tables(&dir.path().join("joined")));
}

#[test]
fn a_join_finds_the_folder_that_the_same_arguments_name() {
    let dir = tempfile::tempdir().unwrap();
    series(&dir.path().join("tiny"));
    let words = ["measure", "tiny", "--model", "m"];
    succeeded(&with_slurm(
        dir.path(),
        &[&words[..], &CLUSTER].concat(),
        &[],
    ));
    let tables_of = || tables(&dir.path().join("measured/m"));
    let expected = tables_of();
    fs::remove_dir_all(dir.path().join("measured/m")).unwrap();
    succeeded(&with_slurm(
        dir.path(),
        &[&words[..], &["--join"]].concat(),
        &[],
    ));
    same(&expected, &tables_of());
}

#[test]
fn what_does_nothing_or_is_of_another_kind_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let refused = |words: &[&str], part: &str| {
        let output = with_slurm(dir.path(), words, &[]);
        let said = text(&output.stderr);
        assert!(
            !output.status.success() && said.contains(part),
            "{words:?}: {said}"
        );
    };
    for (more, option) in [
        (&["--time", "1:00"][..], "--time"),
        (&["--mem=1G"], "--mem"),
        (&["--join", "--pack", "2"], "--pack"),
    ] {
        let words = [&["measure", "tiny", "--out", "joined"], more].concat();
        refused(
            &words,
            &format!("accept {option}: it does nothing without --engine slurm"),
        );
    }
    for (more, part) in [
        (
            &["--step", "5"][..],
            "--step: it does nothing without a checkpoint",
        ),
        (
            &["--stage-begins", "5"],
            "--stage-begins: it does nothing without a stage",
        ),
        (&["--layer", "first"], "--set-zero"),
        (&["--documents", "2"], "--text"),
        (
            &["--observe", "tails", "--lens-positions", "4"],
            "--lens-positions: it does nothing without an observable of the logit lens",
        ),
    ] {
        refused(
            &[&["measure", "tiny", "--out", "joined"], more].concat(),
            part,
        );
    }
    assert!(!dir.path().join("joined").exists());

    succeeded(&submit(dir.path(), &[]));
    // more tables than the elements wrote
    let words = [
        &["measure", "tiny", "--out", "joined", "--sinks"][..],
        &CLUSTER,
    ]
    .concat();
    refused(
        &words,
        "joined.parts were measured without `--sinks`; choose another folder",
    );
    // other steps of the same kind are no difference
    fs::remove_dir_all(of.join("step64")).unwrap();
    let output = submit(dir.path(), &["--again", "--steps", "0,1,2,4,8,16,32"]);
    let said = text(&output.stderr);
    assert!(said.contains("jobs were submitted for it"), "{said}");
    for command in ["report", "atlas"] {
        let words = ["sweep", command, "joined.parts", "--out", "a"];
        let words = if command == "report" {
            &words[..3]
        } else {
            &words[..]
        };
        refused(words, "the checkpoints in this one are measured");
    }
}
