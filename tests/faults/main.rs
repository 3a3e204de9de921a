//! Power cuts, kills, failing calls, full disks, two processes and damaged files: the same command, given again,
//! ends with the bytes of a straight run. A share of the trials runs with every test; all of them, minutes of them,
//! with `cargo xtask bench faults` (docs/reliability.md).
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stdout, reason = "counts are read by xtask")]

mod cuts;
mod damage;
mod disk;
mod full;
mod injected;
mod kills;
mod pairs;
mod random;
mod subject;
mod trials;
mod whole;

use subject::{FIT, MEASURE, REPRODUCE, SWEEP, TRAIN};

#[test]
fn power_cuts_lose_nothing() {
    if disk::strace("power cuts") {
        cuts::hold_cuts(&TRAIN, 20);
        cuts::hold_cuts(&MEASURE, 20);
    }
}

#[test]
fn power_cuts_of_many_runs_lose_nothing() {
    if disk::strace("power cuts of many runs") {
        cuts::hold_cuts(&REPRODUCE, 2);
        cuts::hold_cuts(&SWEEP, 20);
    }
}

#[test]
fn kills_lose_nothing() {
    kills::hold_kills(&TRAIN, 6);
    kills::hold_kills(&MEASURE, 6);
    kills::hold_kills(&REPRODUCE, 1);
    kills::hold_kills(&SWEEP, 6);
}

#[test]
fn failing_calls_are_told_and_lose_nothing() {
    if disk::strace("failing calls") {
        injected::hold_errors(&TRAIN, Some(12));
        injected::hold_errors(&MEASURE, Some(8));
        injected::hold_errors(&SWEEP, Some(12));
    }
}

#[test]
fn short_writes_lose_nothing() {
    full::hold_limits(&TRAIN, 6);
    full::hold_limits(&MEASURE, 4);
}

#[test]
fn one_of_two_processes_wins_and_the_other_says_so() {
    pairs::hold_pairs(&TRAIN, 4);
    pairs::hold_pairs(&MEASURE, 4);
    pairs::hold_pairs(&FIT, 2);
}

#[test]
fn damage_is_noticed_and_repaired() {
    damage::hold_damage(&TRAIN, Some(8));
    damage::hold_damage(&MEASURE, Some(6));
    damage::hold_damage(&SWEEP, Some(6));
}
