//! The commands under test, each small enough to run in a fraction of a second.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::disk::{Files, files};

const SPEC: &str = "model = 'm'
[arch]
layers = 1
d_model = 8
heads = 1
context = 16
[data]
corpus = 'bigram-backcopy'
[train]
steps = 12
batch = 2
learning_rate = 1e-2
warmup = 2
[schedule]
measure = '0,every:1'
save = 'every:3'
";

const PROFILE: &str = "name = 'sweep'
description = 'two small runs'
[base.arch]
layers = 1
d_model = 8
heads = 1
context = 16
[base.data]
corpus = 'bigram-backcopy'
[base.train]
steps = 12
batch = 2
learning_rate = 1e-2
warmup = 2
[base.schedule]
measure = '0,every:1'
save = 'every:6'
[[runs]]
model = 'a'
[[runs]]
model = 'b'
arch = { layers = 2 }
";

const SHORT: &str = "name = 'short'
description = 'short runs'
seeds = [1, 2, 3, 4, 5, 6]
[base.arch]
layers = 1
d_model = 8
heads = 1
context = 16
[base.train]
steps = 5
batch = 2
warmup = 1
[base.schedule]
measure = '0,every:5'
save = 'last'
[[runs]]
model = 'a'
";

/// A command that writes into the folder `out`.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
    /// Whether `out` holds a finished run before it starts.
    of_run: bool,
    known: OnceLock<Straight>,
}

/// What a run that nothing happened to gives.
pub(crate) struct Straight {
    pub(crate) files: Files,
    pub(crate) time: Duration,
}

pub(crate) static TRAIN: Subject = Subject {
    name: "train",
    arguments: &["train", "../inputs/spec.toml", "--out", "out"],
    of_run: false,
    known: OnceLock::new(),
};

pub(crate) static MEASURE: Subject = Subject {
    name: "measure",
    arguments: &[
        "measure",
        "../inputs/run/checkpoints",
        "--model",
        "m",
        "--sinks",
        "--out",
        "out",
    ],
    of_run: false,
    known: OnceLock::new(),
};

pub(crate) static REPRODUCE: Subject = Subject {
    name: "reproduce",
    arguments: &[
        "reproduce",
        "--profile",
        "../inputs/sweep.toml",
        "--out",
        "out",
        "--jobs",
        "2",
    ],
    of_run: false,
    known: OnceLock::new(),
};

pub(crate) static SWEEP: Subject = Subject {
    name: "sweep",
    arguments: &[
        "sweep",
        "../inputs/short.toml",
        "--engine",
        "local",
        "--out",
        "out",
        "--jobs",
        "2",
    ],
    of_run: false,
    known: OnceLock::new(),
};

pub(crate) static FIT: Subject = Subject {
    name: "fit of a run",
    arguments: &["fit", "out"],
    of_run: true,
    known: OnceLock::new(),
};

/// The specs, and a run whose checkpoints are measured; made once.
fn inputs() -> &'static Path {
    static INPUTS: OnceLock<TempDir> = OnceLock::new();
    let made = INPUTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("spec.toml"), SPEC).unwrap();
        std::fs::write(folder.path().join("sweep.toml"), PROFILE).unwrap();
        std::fs::write(folder.path().join("short.toml"), SHORT).unwrap();
        let mut train = Command::new(env!("CARGO_BIN_EXE_outcrop"));
        train.args(["-q", "train", "spec.toml", "--out", "run"]);
        let output = train.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        folder
    });
    made.path()
}

/// A folder `disk` in which a command runs, with its inputs beside it.
pub(crate) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// With an empty `disk`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { folder };
        std::fs::create_dir(place.disk()).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(inputs(), place.folder.path().join("inputs")).unwrap();
        place
    }

    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("disk")
    }

    /// A file beside `disk`.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Subject {
    /// A place as this command finds it.
    pub(crate) fn place(&self) -> Scratch {
        let place = Scratch::new();
        if self.of_run {
            store(&files(&inputs().join("run")), &place.disk().join("out"));
        }
        place
    }

    /// The command in `place`, not started yet.
    pub(crate) fn command(&self, place: &Scratch) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
        command.arg("-q").args(self.arguments);
        command.current_dir(place.disk()).stdin(Stdio::null());
        command
    }

    pub(crate) fn straight(&self) -> &Straight {
        self.known.get_or_init(|| {
            let place = self.place();
            let clock = Instant::now();
            let output = self.command(&place).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            let time = clock.elapsed();
            let files = files(&place.disk());
            Straight { files, time }
        })
    }

    /// Whether the same command, given once more, ends with the bytes of a straight run.
    pub(crate) fn completes(&self, place: &Scratch) -> Result<(), String> {
        let output = self.command(place).output().unwrap();
        match output.status.success() {
            true => self.is_straight(place),
            false => Err(format!("given again: {}", said(&output))),
        }
    }

    pub(crate) fn is_straight(&self, place: &Scratch) -> Result<(), String> {
        self.is_straight_beside(place, &[])
    }

    /// As [`Subject::is_straight`], but for what the next run removes.
    pub(crate) fn is_straight_beside(
        &self,
        place: &Scratch,
        leftovers: &[&str],
    ) -> Result<(), String> {
        let mut found = files(&place.disk());
        found.retain(|path, _| !leftovers.iter().any(|name| path.contains(name)));
        all_same(&self.straight().files, &found)
    }
}

fn all_same(expected: &Files, found: &Files) -> Result<(), String> {
    match differences(expected, found) {
        none if none.is_empty() => Ok(()),
        some => Err(format!("exit 0, and {}", some.join(", "))),
    }
}

fn differences(expected: &Files, found: &Files) -> Vec<String> {
    let mut differ = Vec::new();
    for (name, bytes) in expected {
        match found.get(name) {
            None => differ.push(format!("{name} is not there")),
            Some(other) if other != bytes => {
                let (has, of) = (other.len(), bytes.len());
                differ.push(format!("{name} differs ({has} of {of} bytes)"));
            }
            Some(_) => {}
        }
    }
    let more = found.keys().filter(|name| !expected.contains_key(*name));
    differ.extend(more.map(|name| format!("{name} was left")));
    differ
}

/// Writes files below a folder.
pub(crate) fn store(files: &Files, folder: &Path) {
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// How a process ended and what it said of that.
pub(crate) fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = errors.lines().collect();
    format!("{}: {}", output.status, lines.join(" / "))
}

/// Whether a message names the results or a file in them.
pub(crate) fn names_a_path(errors: &[u8]) -> bool {
    let errors = String::from_utf8_lossy(errors);
    ["out", "folder ."].iter().any(|path| errors.contains(path))
}
