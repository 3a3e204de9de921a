//! Run directories of which something is gone, cut or altered, and two processes on one.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{files, outcrop, text};

const SPEC: &str = "model = 'm'
[arch]
layers = 1
d_model = 16
heads = 2
context = 16
[data]
corpus = 'bigram-backcopy'
[train]
steps = 8
batch = 2
warmup = 1
[schedule]
measure = '0,every:1'
save = 'every:2'
";

type Files = BTreeMap<String, Vec<u8>>;

struct TrainedRun {
    _dir: tempfile::TempDir,
    spec: PathBuf,
    out: PathBuf,
}

impl TrainedRun {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let spec = dir.path().join("spec.toml");
        fs::write(&spec, SPEC).unwrap();
        let out = dir.path().join("m");
        Self {
            _dir: dir,
            spec,
            out,
        }
    }

    fn finished() -> (Self, Files) {
        let run = Self::new();
        let output = run.train(&[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let straight = files(&run.out);
        (run, straight)
    }

    fn train(&self, more: &[&str]) -> Output {
        let mut command = outcrop();
        command.arg("train").arg(&self.spec).args(more);
        command.arg("--out").arg(&self.out).output().unwrap()
    }

    fn restore(&self, files: &Files) {
        fs::remove_dir_all(&self.out).unwrap();
        for (name, bytes) in files {
            let path = self.out.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

/// What can become of a file, in words, and how.
type Damage = (&'static str, fn(&Path));

const DAMAGES: [Damage; 4] = [
    ("gone", |path| fs::remove_file(path).unwrap()),
    ("cut", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("flipped", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }),
    ("longer", |path| {
        let mut bytes = fs::read(path).unwrap();
        bytes.extend(b"m,9,0,1,3.1\n");
        fs::write(path, bytes).unwrap();
    }),
];

#[test]
fn a_finished_run_that_was_damaged_says_so_and_is_repaired_to_the_same_bits() {
    let (run, straight) = TrainedRun::finished();
    let inner = |name: &&String| !name.starts_with("checkpoints/") || name.contains("step-000002/");
    for name in straight.keys().filter(inner) {
        for (what, damage) in DAMAGES {
            damage(&run.out.join(name));
            let output = run.train(&[]);
            let said = text(&output.stderr);
            // what can be written again without training needs no repair, and a state that is gone
            // follows from the checkpoints
            let healed = name == "architectures.csv" || (name == "state.json" && what == "gone");
            if !(healed && output.status.success()) {
                assert_eq!(output.status.code(), Some(1), "{name} {what}: {said}");
                let file = Path::new(name).file_name().unwrap().to_str().unwrap();
                // a state that lies about a file speaks of that
                let is_named = said.contains(file)
                    || name.ends_with("SHA256SUMS")
                    || (name == "state.json" && said.contains("damaged"));
                assert!(is_named, "{name} {what}: {said}");
                let output = run.train(&["--repair"]);
                let said = text(&output.stderr);
                assert!(output.status.success(), "{name} {what}: {said}");
            }
            let now = files(&run.out);
            let differing: Vec<_> = now
                .iter()
                .filter(|(name, bytes)| straight.get(*name) != Some(*bytes))
                .collect();
            assert!(differing.is_empty(), "{name} {what}: {:?}", differing[0].0);
            assert_eq!(now.len(), straight.len(), "{name} {what}");
        }
    }
}

#[test]
fn a_checkpoint_that_is_gone_is_named_and_made_again() {
    let (run, straight) = TrainedRun::finished();
    fs::remove_dir_all(run.out.join("checkpoints/step-000004")).unwrap();
    let said = text(&run.train(&[]).stderr);
    assert!(said.contains("the checkpoint of step 4 is gone"), "{said}");
    assert!(run.train(&["--repair"]).status.success());
    assert_eq!(files(&run.out), straight);
}

/// Whatever the first append left of a table: nothing, a part of the header, a part of a row.
#[test]
fn a_torn_first_append_does_not_block_the_folder() {
    let (run, straight) = TrainedRun::finished();
    for name in ["measurements.csv", "loss.csv"] {
        for left in [0, 10, straight[name].len() / 2] {
            let early = ["run.toml", "provenance.json", "architectures.csv"];
            let mut early: Files = early.map(|n| (n.into(), straight[n].clone())).into();
            early.insert(name.into(), straight[name][..left].to_vec());
            early.insert(".partial-xyz".into(), b"left by a killed process".to_vec());
            run.restore(&early);
            let output = run.train(&[]);
            assert!(output.status.success(), "{}", text(&output.stderr));
            assert_eq!(files(&run.out), straight, "{name} {left}");
        }
    }
}

/// The state of step 4: rows behind it, torn or whole, are cut off, and lost ones are named.
#[test]
fn an_interrupted_run_has_the_rows_of_its_checkpoint_or_says_so() {
    let (run, straight) = TrainedRun::finished();
    let mut early = straight.clone();
    early.remove("state.json");
    early.retain(|name, _| !name.contains("step-000006") && !name.contains("step-000008"));
    for torn in ["m,5,0,1,3", "m,5,0,1,3\nm,6,"] {
        let at = text(&straight["measurements.csv"]).find("\nm,5,").unwrap() + 1;
        let mut table = straight["measurements.csv"][..at].to_vec();
        table.extend(torn.bytes());
        early.insert("measurements.csv".into(), table.clone());
        run.restore(&early);
        assert!(run.train(&[]).status.success());
        assert_eq!(files(&run.out), straight);

        // a row of step 3 is missing in the middle
        let lost = text(&table).replacen("\nm,3,1,1,", "\nm,3,7,1,", 1);
        early.insert("measurements.csv".into(), lost.into_bytes());
        run.restore(&early);
        let output = run.train(&[]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("measurements.csv") && said.contains("--repair"),
            "{said}"
        );
        assert!(run.train(&["--repair"]).status.success());
        assert_eq!(files(&run.out), straight);
    }
}

/// Run directories of version 0.1.0 say nothing of their tables: their rows are counted.
#[test]
fn a_run_of_an_earlier_version_goes_on_and_lost_rows_are_noticed() {
    let (run, straight) = TrainedRun::finished();
    let mut old = straight.clone();
    old.remove("state.json");
    old.retain(|name, _| !name.contains("step-000008") && !name.ends_with("tables.json"));
    for (name, bytes) in &mut old {
        if name.ends_with("SHA256SUMS") {
            let lines = text(bytes);
            let lines = lines.lines().filter(|line| !line.ends_with("tables.json"));
            *bytes = lines
                .map(|line| format!("{line}\n"))
                .collect::<String>()
                .into_bytes();
        }
    }
    run.restore(&old);
    assert!(run.train(&[]).status.success());
    let tables = |files: &Files| [files["measurements.csv"].clone(), files["loss.csv"].clone()];
    assert_eq!(tables(&files(&run.out)), tables(&straight));

    let lines = text(&old["measurements.csv"]);
    let lost = lines.lines().filter(|line| !line.starts_with("m,3,1,"));
    let lost: String = lost.map(|line| format!("{line}\n")).collect();
    old.insert("measurements.csv".into(), lost.into_bytes());
    run.restore(&old);
    let said = text(&run.train(&[]).stderr);
    assert!(said.contains("step 3 has 9 of 10 rows"), "{said}");
    assert!(run.train(&["--repair"]).status.success());
    assert_eq!(tables(&files(&run.out)), tables(&straight));
}

#[test]
fn of_two_processes_one_trains_and_the_other_says_who_does() {
    let (_, straight) = TrainedRun::finished();
    for _ in 0..3 {
        let run = TrainedRun::new();
        let outputs: Vec<Output> = std::thread::scope(|scope| {
            let both = [0, 1].map(|_| scope.spawn(|| run.train(&[])));
            both.map(|thread| thread.join().unwrap()).into()
        });
        let lost: Vec<_> = outputs.iter().filter(|o| !o.status.success()).collect();
        assert!(lost.len() <= 1, "both failed: {}", text(&outputs[0].stderr));
        for output in lost {
            let said = text(&output.stderr);
            assert!(said.contains("`outcrop train` (process "), "{said}");
            assert!(said.contains("since 20"), "{said}");
        }
        assert_eq!(files(&run.out), straight);
    }
}
