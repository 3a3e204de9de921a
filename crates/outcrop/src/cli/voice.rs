//! How much the command prints besides its results.

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print only results, warnings and errors.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Also print what is read, from where, and how it was interpreted.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

const QUIET: u8 = 0;
const NORMAL: u8 = 1;
const VERBOSE: u8 = 2;

/// Set once, before anything is printed.
static VOICE: AtomicU8 = AtomicU8::new(NORMAL);

impl Args {
    /// Applies it to the whole process.
    pub(super) fn apply(&self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => QUIET,
            (_, true) => VERBOSE,
            _ => NORMAL,
        };
        VOICE.store(level, Ordering::Relaxed);
    }
}

/// Whether only results, warnings and errors are wanted.
pub(crate) fn is_quiet() -> bool {
    VOICE.load(Ordering::Relaxed) == QUIET
}

/// A line on standard error, also with `-q`. If it cannot be written, the work continues.
pub(crate) fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error, also with `-q`.
pub(crate) fn error(text: &str) {
    to_stderr(&format!("error: {text}"));
}

/// With `-v`, prints what was read and how it was interpreted; `words` is called only then.
pub(crate) fn detail(words: impl FnOnce() -> String) {
    if VOICE.load(Ordering::Relaxed) == VERBOSE {
        to_stderr(&words());
    }
}
