use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The name of what is no call: that a syncfs began.
pub(super) const BEGUN: &str = "syncfs begun";

/// A system call that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// Of the thread that made it.
    pub(crate) thread: u32,
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
    /// Negative where it failed.
    pub(crate) result: i64,
    /// Whether strace made it fail.
    pub(crate) injected: bool,
}

/// Whether strace is here and may trace; else it is said what is not tested.
pub(crate) fn strace(what: &str) -> bool {
    let probe = Command::new("strace")
        .args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "true"])
        .output();
    let works = probe.is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: {what}: strace 5.3 or newer is needed, and the right to trace");
    }
    works
}

/// `command` under strace, which writes every call on files or descriptors to `log`.
pub(crate) fn watched(command: &Command, log: &Path, more: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "--seccomp-bpf", "-qq", "-xx", "-s", "100000000", "-o"])
        .arg(log)
        .args(["-e", "trace=%file,%desc"])
        .args(more)
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    strace
}

/// The calls of a log of strace, in the order in which they came back.
///
/// # Errors
/// A line that is none of strace's.
pub(crate) fn calls(log: &str) -> Result<Vec<Call>, String> {
    let mut begun: BTreeMap<u32, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let odd = || format!("line of strace not understood: {}", start(line));
        let (thread, rest) = line.split_once(' ').ok_or_else(odd)?;
        let thread = thread.parse().map_err(|_| odd())?;
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(first) = rest.strip_suffix("<unfinished ...>") {
            let first = first.trim_end();
            if first.starts_with("syncfs(") {
                calls.push(Call {
                    thread,
                    name: BEGUN.to_owned(),
                    arguments: Vec::new(),
                    result: 0,
                    injected: false,
                });
            }
            // its number may be another's before it comes back
            match first.starts_with("close(") {
                true => calls.extend(call(thread, &format!("{first}) = 0")).ok_or_else(odd)?),
                false => drop(begun.insert(thread, first.to_owned())),
            }
            continue;
        }
        if rest.starts_with("<... close resumed>") || rest.ends_with("<detached ...>") {
            continue;
        }
        let whole = match rest.strip_prefix("<... ") {
            None => rest.to_owned(),
            Some(resumed) => {
                let (_, end) = resumed.split_once(" resumed>").ok_or_else(odd)?;
                begun.remove(&thread).ok_or_else(odd)? + end
            }
        };
        calls.extend(call(thread, &whole).ok_or_else(odd)?);
    }
    Ok(calls)
}

/// `name(arguments) = result`; nothing in it for a call that never came back.
fn call(thread: u32, text: &str) -> Option<Option<Call>> {
    let (before, after) = text.rsplit_once(" = ")?;
    let (name, arguments) = before.trim_end().strip_suffix(')')?.split_once('(')?;
    let number = after.split_whitespace().next()?;
    if number == "?" {
        return Some(None);
    }
    let number = number.split('<').next()?;
    let result = match number.strip_prefix("0x") {
        Some(address) => u64::from_str_radix(address, 16).ok()? as i64,
        None => number.parse().ok()?,
    };
    Some(Some(Call {
        thread,
        name: name.to_owned(),
        arguments: split(arguments),
        result,
        injected: after.ends_with("(INJECTED)"),
    }))
}

/// At the commas that stand in no quotes and no brackets. With `-xx` quotes hold nothing but `\x` escapes.
fn split(arguments: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0, false);
    for letter in arguments.chars() {
        match letter {
            '"' => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

fn start(line: &str) -> String {
    line.chars().take(160).collect()
}

/// The bytes in the quotes of an argument, all of them one after another.
///
/// # Errors
/// Quotes that strace cut short.
pub(crate) fn quoted(argument: &str) -> Result<Vec<u8>, String> {
    if argument.contains("\"...") {
        return Err("a string of strace is cut short".into());
    }
    let inside = argument.split('"').skip(1).step_by(2);
    let escapes = inside.flat_map(|text| text.split("\\x").skip(1));
    let byte = |escape: &str| u8::from_str_radix(escape, 16).map_err(|e| format!("{escape}: {e}"));
    escapes.map(byte).collect()
}
