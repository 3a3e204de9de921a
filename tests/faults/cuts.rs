//! Power cuts: the states that a simulated disk may have at any moment, and the same command on them.

use crate::disk::{Op, Recorder, Rules, Tree, calls, cut, files, watched};
use crate::random::Random;
use crate::subject::{Scratch, Subject, said};
use crate::trials::{hold, seed};

/// Cuts per traced run: threads do not interleave alike twice.
const CUTS: usize = 10;

/// A run under strace that nothing happened to, from what a disk holds.
struct Traced {
    start: Tree,
    ops: Vec<Op>,
}

/// `count` cuts at random moments; one in ten after the end, where all must be there.
pub(crate) fn hold_cuts(subject: &Subject, count: usize) {
    let runs = count.div_ceil(CUTS);
    let run = |run| trace(subject, Tree::empty(), pace(run));
    let traced: Vec<Traced> = (0..runs).map(run).collect();
    let group = format!("power cut, {}", subject.name);
    hold(&group, count, |trial| {
        let random = &mut Random::new(seed(trial));
        let traced = &traced[trial / CUTS];
        match trial % CUTS {
            0 => after_the_end(subject, traced, random),
            _ => once_or_twice(subject, traced, random),
        }
    });
}

/// What was finished stays finished. The lock file may come back, which nobody holds by then.
fn after_the_end(subject: &Subject, traced: &Traced, random: &mut Random) -> Result<(), String> {
    let place = subject.place();
    let rules = random.one_of(&[Rules::Strict, Rules::Ordered]);
    cut(&traced.start, &traced.ops, rules, random).store(&place.disk());
    let lost = |what| format!("cut after the end ({rules:?}): {what}");
    let there = subject.is_straight_beside(&place, &["/.lock"]);
    there.and_then(|()| subject.completes(&place)).map_err(lost)
}

/// A cut, and in half of the trials another one while the command goes on.
fn once_or_twice(subject: &Subject, traced: &Traced, random: &mut Random) -> Result<(), String> {
    let (left, first) = cut_somewhere(traced, random);
    if random.coin() {
        return complete(subject, &left, &first);
    }
    let again = trace(subject, left, &[]);
    let (left, second) = cut_somewhere(&again, random);
    complete(subject, &left, &format!("{first}, then {second}"))
}

fn cut_somewhere(traced: &Traced, random: &mut Random) -> (Tree, String) {
    let at = random.up_to(traced.ops.len());
    let rules = random.one_of(&[Rules::Strict, Rules::Ordered]);
    let left = cut(&traced.start, &traced.ops[..at], rules, random);
    let what = format!("cut after {at} of {} ({rules:?})", traced.ops.len());
    (left, what)
}

fn complete(subject: &Subject, left: &Tree, what: &str) -> Result<(), String> {
    let place = subject.place();
    left.store(&place.disk());
    let completed = subject.completes(&place);
    completed.map_err(|lost| format!("{what}: {lost}"))
}

/// Every other run is slow, so that what is done once a second is done in its middle, too.
fn pace(run: usize) -> &'static [&'static str] {
    match run % 2 {
        0 => &["-e", "inject=openat:delay_exit=20ms"],
        _ => &[],
    }
}

fn trace(subject: &Subject, start: Tree, pace: &[&str]) -> Traced {
    let place = subject.place();
    start.store(&place.disk());
    let ops = record(subject, &place, &start, pace);
    Traced { start, ops }
}

/// Runs the command to its end; what it did, which is what stands on the disk then. Whether it could go on is seen by whoever completes what is left.
fn record(subject: &Subject, place: &Scratch, start: &Tree, pace: &[&str]) -> Vec<Op> {
    let log = place.beside("log");
    let output = watched(&subject.command(place), &log, pace).output();
    let output = output.unwrap();
    let log = std::fs::read(&log).unwrap();
    let calls = calls(&String::from_utf8_lossy(&log)).unwrap();
    let mut recorder = Recorder::new(&place.disk(), start);
    for call in &calls {
        let taken = recorder.take(call);
        taken.unwrap_or_else(|lacks| panic!("{lacks}; {}", said(&output)));
    }
    let mut replayed = start.clone();
    recorder.ops.iter().for_each(|op| replayed.apply(op));
    assert!(
        replayed.files() == files(&place.disk()),
        "what was recorded is not all"
    );
    recorder.ops
}

/// The calls of a straight run, of every thread.
pub(crate) fn calls_of(subject: &Subject) -> Vec<crate::disk::Call> {
    let place = subject.place();
    let log = place.beside("log");
    let output = watched(&subject.command(&place), &log, &[]).output();
    assert!(output.unwrap().status.success());
    calls(&String::from_utf8_lossy(&std::fs::read(&log).unwrap())).unwrap()
}
