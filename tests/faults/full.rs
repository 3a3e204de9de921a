//! Disks that are really full: a file that may not grow, a file system without room. What is written comes short.

use std::process::Command;

use crate::random::Random;
use crate::subject::{Scratch, Subject, names_a_path, said, store};
use crate::trials::{hold, seed};

/// `count` runs of which no file may be larger than some blocks of 512 bytes; one in two is killed by that.
pub(crate) fn hold_limits(subject: &Subject, count: usize) {
    let largest = subject.straight().files.values().map(Vec::len).max();
    let blocks = largest.unwrap_or(0) / 512 + 1;
    hold(&format!("short writes, {}", subject.name), count, |trial| {
        let random = &mut Random::new(seed(trial));
        let place = subject.place();
        let limit = random.up_to(blocks);
        let ignored = random.one_of(&["", "trap '' XFSZ; "]);
        let script = format!("{ignored}ulimit -f {limit}; exec \"$0\" \"$@\"");
        let first = shell(&script, &subject.command(&place)).output().unwrap();
        let lost = |what| format!("ulimit -f {limit} {ignored}({}): {what}", said(&first));
        if first.status.code() == Some(1) && !names_a_path(&first.stderr) {
            return Err(lost("no file is named".into()));
        }
        subject.completes(&place).map_err(lost)
    });
}

/// Runs in a small file system, then again when it has grown; `$0` is its size in KiB.
const ROOM: &str = "size=$0; mount -t tmpfs -o size=${size}k none disk && cd disk || exit 99
\"$@\" 2> ../first; echo $? > ../status
mount -o remount,size=64m . && \"$@\" 2> ../second; code=$?
cp -a . ../left; exit $code";

/// `count` runs in a file system that is too small, if one may be mounted here.
pub(crate) fn hold_full(subject: &Subject, count: usize) {
    let probe = ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"];
    let probe = Command::new("unshare").args(probe).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        return println!("skipped: full disk: no file system may be mounted here");
    }
    let sizes = subject.straight().files.values();
    let pages: usize = sizes.map(|file| file.len().div_ceil(4096)).sum();
    hold(&format!("full disk, {}", subject.name), count, |trial| {
        let random = &mut Random::new(seed(trial));
        let place = subject.place();
        let size = 4 * (1 + random.up_to(pages));
        full(subject, &place, size).map_err(|lost| format!("{size} KiB: {lost}"))
    });
}

fn full(subject: &Subject, place: &Scratch, size: usize) -> Result<(), String> {
    let command = subject.command(place);
    let mut script = Command::new("unshare");
    script.args(["-rm", "sh", "-c", ROOM, &size.to_string()]);
    script.arg(command.get_program()).args(command.get_args());
    let output = script.current_dir(place.beside("")).output().unwrap();
    let read = |name: &str| std::fs::read(place.beside(name)).unwrap_or_default();
    let (first, second) = (read("first"), read("second"));
    if read("status").trim_ascii() == b"1" && !names_a_path(&first) {
        let first = String::from_utf8_lossy(&first);
        return Err(format!("no file is named: {first}"));
    }
    if !output.status.success() {
        let second = String::from_utf8_lossy(&second);
        return Err(format!("given again: {} {second}", output.status));
    }
    store(&crate::disk::files(&place.beside("left")), &place.disk());
    subject.is_straight(place)
}

fn shell(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(command.get_program());
    shell.args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}
