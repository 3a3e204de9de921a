//! `cargo xtask bench faults`: power cuts, kills, failing calls, full disks, two processes, damaged files and hostile
//! servers, thousands of trials in all. The trials are tests, `tests/faults` and
//! `crates/outcrop-checkpoint/tests/hub`, of which a share runs with every other test; here all of them run, and their
//! counts become one table.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use super::table;
use crate::{bad_use, process};

pub(super) const ABOUT: &str = "what is lost by power cuts, kills, failing calls, full disks, two processes, damage and \
     hostile servers, in minutes [GROUP: cuts, kills, errors, limits, full, pairs, damage, hub] [--seed N, 0]";

/// Package and test whose ignored tests are the trials.
const SUITES: [(&str, &str); 2] = [("outcrop", "faults"), ("outcrop-checkpoint", "hub")];

/// How a line with the counts of a group begins.
const MARK: &str = "faults: ";

struct Request {
    group: Option<String>,
    seed: u64,
}

/// The trials of one group.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    group: String,
    tried: u64,
    held: u64,
    lost: u64,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let Some(request) = request(arguments) else {
        return Ok(bad_use(ABOUT));
    };
    let build = ["build", "--package", "outcrop"];
    process::finish(process::cargo().args(build))?;
    let mut all = Vec::new();
    for (package, test) in SUITES {
        let filter = match request.group.as_deref() {
            None => None,
            Some("hub") if test == "hub" => None,
            Some(group) if test != "hub" && group != "hub" => Some(group),
            Some(_) => continue,
        };
        all.extend(suite((package, test), filter, request.seed)?);
    }
    if all.is_empty() {
        return Err("find trials of that group".into());
    }
    let total = |count: fn(&Counts) -> u64| all.iter().map(count).sum::<u64>();
    let sum = Counts {
        group: "all".into(),
        tried: total(|c| c.tried),
        held: total(|c| c.held),
        lost: total(|c| c.lost),
    };
    let lost = sum.lost;
    let rows: Vec<_> = all.iter().chain([&sum]).map(Counts::row).collect();
    table::print(&["group", "tried", "held", "lost"], &rows);
    Ok(match lost {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn request(arguments: &[OsString]) -> Option<Request> {
    let mut request = Request {
        group: None,
        seed: 0,
    };
    let mut words = arguments.iter().map(|word| word.to_str());
    while let Some(word) = words.next() {
        match word? {
            "--seed" => request.seed = words.next()??.parse().ok()?,
            word if word.starts_with('-') => return None,
            group => request.group = Some(group.into()),
        }
    }
    Some(request)
}

/// Runs the trials of a suite; what they lost goes to standard error as it comes.
fn suite(
    (package, test): (&str, &str),
    filter: Option<&str>,
    seed: u64,
) -> Result<Vec<Counts>, String> {
    let mut cargo = process::cargo();
    cargo.args(["test", "--no-fail-fast", "--package", "outcrop"]);
    cargo.args(["--package", package, "--test", test, "--", "--ignored"]);
    cargo.args(["--nocapture", "--test-threads=1"]).args(filter);
    cargo.env("OUTCROP_FAULTS_SEED", seed.to_string());
    let counts = counts(&mut cargo)?;
    match counts.is_empty() && filter.is_none() {
        true => Err(format!("run the trials of {package}: none was told of")),
        false => Ok(counts),
    }
}

/// The exit code says no more than the counts: a group that lost is a test that failed.
fn counts(cargo: &mut Command) -> Result<Vec<Counts>, String> {
    let start = |e| format!("start cargo: {e}");
    let mut child = cargo.stdout(Stdio::piped()).spawn().map_err(start)?;
    let out = child.stdout.take().ok_or("read what cargo says")?;
    let mut found = Vec::new();
    for line in BufReader::new(out).lines() {
        let line = line.map_err(|e| format!("read what cargo says: {e}"))?;
        let counted = parse(&line);
        if counted.is_some() || line.starts_with("lost: ") || line.contains("skipped: ") {
            eprintln!("{line}");
        }
        found.extend(counted);
    }
    child.wait().map_err(|e| format!("wait for cargo: {e}"))?;
    Ok(found)
}

/// `faults: GROUP tried N held N lost N`, also behind the name of its test.
fn parse(line: &str) -> Option<Counts> {
    let (_, line) = line.split_once(MARK)?;
    let (line, lost) = line.rsplit_once(" lost ")?;
    let (line, held) = line.rsplit_once(" held ")?;
    let (group, tried) = line.rsplit_once(" tried ")?;
    Some(Counts {
        group: group.into(),
        tried: tried.parse().ok()?,
        held: held.parse().ok()?,
        lost: lost.trim().parse().ok()?,
    })
}

impl Counts {
    fn row(&self) -> Vec<String> {
        let numbers = [self.tried, self.held, self.lost].map(|n| n.to_string());
        [vec![self.group.clone()], numbers.to_vec()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_behind_the_name_of_a_test() {
        let line = "test whole::kills_train ... faults: kill -9, train tried 100 held 98 lost 2";
        let counts = Counts {
            group: "kill -9, train".into(),
            tried: 100,
            held: 98,
            lost: 2,
        };
        assert_eq!(parse(line), Some(counts));
        assert_eq!(parse("test a ... ok"), None);
        assert_eq!(parse("faults: x tried 1 held one lost 0"), None);
    }

    #[test]
    fn a_call_names_a_group_and_a_seed() {
        let words = |text: &str| -> Vec<OsString> { text.split(' ').map(Into::into).collect() };
        let request = |text: &str| request(&words(text)).map(|r| (r.group, r.seed));
        assert_eq!(request("cuts --seed 3"), Some((Some("cuts".into()), 3)));
        assert_eq!(request("--seed x"), None);
        assert_eq!(request("--unknown"), None);
    }
}
