//! Every command line that the help and the pages show is understood, and runs.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod lines;
mod world;

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use lines::{Group, REFUSED, help, pages};
use world::World;

/// Parts of command lines that are only parsed, with the reason.
const NOT_RUN: [(&str, &str); 14] = [
    (
        "fit runs/published",
        "the stand-in of the data set has six checkpoints, a fit needs seven",
    ),
    ("data.corpus=crates", "needs the sources of the crates"),
    ("--serve ", "serves until it is interrupted"),
    ("--hub ", "needs a network"),
    ("--hub-list ", "needs a network"),
    ("pythia-70m.parts", "a run with --hub makes it"),
    (
        "import Max_act_llm",
        "import.rs reads statistics of this form",
    ),
    (
        "--verify ",
        "trains many models; explain_and_design.rs trains four",
    ),
    (
        "outcrop reproduce",
        "trains sixteen models; resume_sweep.rs runs a smaller profile",
    ),
    ("cargo ", "builds the workspace"),
    (
        "pip install ",
        "builds the Python package; test-python runs it",
    ),
    ("gzip ", "makes data/atlas anew"),
    ("gunzip ", "makes data/atlas anew"),
    ("cp ", "makes data/atlas anew"),
];

/// What makes training short enough for a test.
const SHORT: &str =
    " --set train.steps=40 --set train.warmup=10 --set train.batch=4 --set schedule.save=last";

fn reason_not_to_run(line: &str) -> Option<&'static str> {
    let known = NOT_RUN.iter().find(|(part, _)| line.contains(part));
    // what only prints runs all the same
    known
        .filter(|_| !line.contains("--print-profile"))
        .map(|k| k.1)
}

#[test]
fn every_command_line_is_understood() {
    let groups: Vec<Group> = help().into_iter().chain(pages()).collect();
    let mut seen = 0;
    for group in &groups {
        for words in group.commands() {
            let parsed = outcrop::cli::command().try_get_matches_from(&words);
            let shown = |e: &clap::Error| {
                use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
                matches!(e.kind(), DisplayHelp | DisplayVersion)
            };
            if let Err(error) = parsed
                .map(|_| ())
                .or_else(|e| if shown(&e) { Ok(()) } else { Err(e) })
            {
                panic!("{}: {}\n{error}", group.name, words.join(" "));
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen} command lines were found");
}

#[test]
fn each_subcommand_shows_examples() {
    let shown = help();
    for command in outcrop::cli::command().get_subcommands() {
        let name = format!("outcrop {} --help", command.get_name());
        let lines = shown.iter().find(|group| group.name == name);
        assert!(
            lines.is_some_and(|g| !g.lines.is_empty()),
            "{name} has no examples"
        );
    }
}

#[test]
fn options_named_on_the_pages_exist() {
    for (page, words) in lines::inline() {
        let parsed = outcrop::cli::command().try_get_matches_from(&words);
        let Err(error) = parsed else { continue };
        use clap::error::ErrorKind::{InvalidSubcommand, InvalidValue, UnknownArgument};
        let wrong = matches!(
            error.kind(),
            InvalidSubcommand | InvalidValue | UnknownArgument
        );
        assert!(!wrong, "{page}: {}\n{error}", words.join(" "));
    }
}

#[test]
fn the_examples_of_the_help_run() {
    expect_none(&help());
}

#[test]
fn the_commands_of_the_pages_run() {
    let mut pages = pages();
    pages.retain(|page| !page.name.contains("atlas"));
    expect_none(&pages);
}

/// Runs all groups, two at a time; those of their lines that fail are shown together.
fn expect_none(groups: &[Group]) {
    let world = World::new();
    let queue = Mutex::new(groups.iter());
    let next = || queue.lock().unwrap().next();
    let work = || -> Vec<String> {
        let groups = std::iter::from_fn(next);
        groups.flat_map(|group| run(group, &world)).collect()
    };
    let failed: Vec<String> = std::thread::scope(|scope| {
        let workers = [(); 2].map(|()| scope.spawn(work));
        let failed = workers.map(|worker| worker.join().unwrap());
        failed.concat()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Runs the lines of a group one after another in a folder of their own, as a shell does, and says
/// which fail.
fn run(group: &Group, world: &World) -> Vec<String> {
    let folder = world.copy();
    let mut failed = Vec::new();
    for line in group
        .lines
        .iter()
        .filter(|line| reason_not_to_run(line).is_none())
    {
        let trains = line.contains("outcrop train") && !line.contains("--print-default");
        let short = if trains { SHORT } else { "" };
        if trains {
            // what is trained takes the place of its stand-in
            for run in ["runs/mine", "runs/default"] {
                if line.contains(run) || (run == "runs/default" && !line.contains("--out")) {
                    let _ = std::fs::remove_dir_all(folder.path().join(run));
                }
            }
        }
        let line = line.replace("target/debug/outcrop", "outcrop");
        let line = line.replace("cargo xtask reproduce", "outcrop reproduce");
        let output = Command::new("sh")
            .args(["-c", &format!("{}{line}{short}", group.variables)])
            .env("PATH", path_with_us())
            .current_dir(folder.path())
            .output()
            .unwrap();
        if output.status.success() == line.ends_with(REFUSED) {
            let said = String::from_utf8_lossy(&output.stderr);
            failed.push(format!("{}: {line}{short}\n{said}", group.name));
        }
    }
    failed
}

/// The search path with the folder of the command first.
fn path_with_us() -> std::ffi::OsString {
    let us = Path::new(env!("CARGO_BIN_EXE_outcrop")).parent().unwrap();
    let known = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(us.to_owned()).chain(std::env::split_paths(&known));
    std::env::join_paths(all).unwrap()
}
