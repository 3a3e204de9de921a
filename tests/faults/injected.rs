//! Calls that fail: ENOSPC and EIO at every one of them in turn, given by strace.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use crate::cuts::calls_of;
use crate::disk::{Call, calls, watched};
use crate::random::Random;
use crate::subject::{Scratch, Subject, names_a_path, said};
use crate::trials::{hold, seed};

/// What is made to fail, and whether exit 0 after it is a loss in any case: whoever lets these fail unseen
/// has not written what he says.
const FAILING: [(&str, bool); 15] = [
    ("write", true),
    ("pwrite64", true),
    ("writev", true),
    ("fsync", true),
    ("fdatasync", true),
    ("syncfs", true),
    ("ftruncate", true),
    ("rename", true),
    ("renameat", true),
    ("renameat2", true),
    ("mkdir", false),
    ("openat", false),
    ("unlink", false),
    ("unlinkat", false),
    ("read", false),
];

const ERRORS: [&str; 2] = ["ENOSPC", "EIO"];

/// Which call fails: the `number`th of this name in a thread, from 1.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    matters: bool,
    number: usize,
    error: &'static str,
}

/// Fails every call in turn, or `count` of them drawn at random.
pub(crate) fn hold_errors(subject: &Subject, count: Option<usize>) {
    let all = faults(&calls_of(subject));
    let drawn: Vec<Fault> = match count {
        None => all,
        Some(count) => {
            let draw = |trial| Random::new(seed(trial)).one_of(&all);
            (0..count).map(draw).collect()
        }
    };
    let group = format!("ENOSPC and EIO, {}", subject.name);
    hold(&group, drawn.len(), |trial| fail(subject, &drawn[trial]));
}

/// Strace counts in each thread alone; a thread may make some more calls in another run.
fn faults(calls: &[Call]) -> Vec<Fault> {
    let mut counts: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    for call in calls {
        *counts.entry((&call.name, call.thread)).or_default() += 1;
    }
    let mut faults = Vec::new();
    for (name, matters) in FAILING {
        let of_name = counts.iter().filter(|((n, _), _)| *n == name);
        let most = of_name.map(|(_, count)| *count).max().unwrap_or(0);
        for number in 1..=most {
            faults.extend(ERRORS.map(|error| Fault {
                name,
                matters,
                number,
                error,
            }));
        }
    }
    faults
}

fn fail(subject: &Subject, fault: &Fault) -> Result<(), String> {
    let place = subject.place();
    let Fault {
        name,
        number,
        error,
        ..
    } = fault;
    let inject = format!("inject={name}:error={error}:when={number}");
    let log = place.beside("log");
    let trace = format!("trace={name}");
    let more = ["-y", "-e", &trace, "-e", &inject];
    let output = watched(&subject.command(&place), &log, &more).output();
    let output = output.unwrap();
    let log = std::fs::read(&log).unwrap();
    let calls = calls(&String::from_utf8_lossy(&log))?;
    let hit: Vec<&Call> = calls.iter().filter(|call| call.injected).collect();
    let judged = judge(subject, &place, fault, &hit, &output);
    judged
        .and_then(|()| subject.completes(&place))
        .map_err(|lost| format!("{error} at {name} {number}: {lost}"))
}

/// Whether the command said what happened to it.
fn judge(
    subject: &Subject,
    place: &Scratch,
    fault: &Fault,
    hit: &[&Call],
    output: &Output,
) -> Result<(), String> {
    let inside = hit.iter().any(|call| names(call, &place.disk()));
    let on = |number| fault.name.starts_with("write") && hit.iter().any(|c| c.is_on(number));
    let (printed, told) = (on("1<"), !on("2<"));
    match (output.status.success(), inside, printed) {
        (true, true, _) if fault.matters => Err(format!("exit 0 in spite of {}", paths(hit))),
        (true, _, true) => Err("exit 0, and not all was printed".into()),
        // what could not be removed is by the next run
        (true, true, _) => subject.is_straight_beside(place, &["/.lock", "/.partial-"]),
        (false, true, _) if told && !names_a_path(&output.stderr) => {
            Err(format!("no file is named: {}", said(output)))
        }
        _ => Ok(()),
    }
}

/// Whether a call works on something below a folder; with `-y` descriptors have their paths.
fn names(call: &Call, folder: &Path) -> bool {
    call.paths().iter().any(|path| path.starts_with(folder))
}

fn paths(hit: &[&Call]) -> String {
    let all = hit.iter().flat_map(|call| call.paths());
    let all: Vec<String> = all.map(|path| path.display().to_string()).collect();
    all.join(", ")
}

impl Call {
    /// Whether it works on a descriptor, such as `1<` for standard output.
    fn is_on(&self, number: &str) -> bool {
        let first = self.arguments.first();
        first.is_some_and(|argument| argument.starts_with(number))
    }
}
