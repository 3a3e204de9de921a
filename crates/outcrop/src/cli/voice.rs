//! How much the command says beside its results.

use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Say nothing but results, warnings and errors.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Also say what is read, from where, and how it was understood.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

const QUIET: u8 = 0;
const NORMAL: u8 = 1;
const VERBOSE: u8 = 2;

/// Set once, before anything is said.
static VOICE: AtomicU8 = AtomicU8::new(NORMAL);

impl Args {
    /// Makes it hold for the whole process.
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

/// A line on standard error, quiet or not. Where it cannot be written there is nobody to tell, and the work
/// goes on.
pub(crate) fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says an error, however quiet the command is.
pub(crate) fn error(text: &str) {
    to_stderr(&format!("error: {text}"));
}

/// Says what was read and how it was understood, where that is wanted; `words` are made only then.
pub(crate) fn detail(words: impl FnOnce() -> String) {
    if VOICE.load(Ordering::Relaxed) == VERBOSE {
        to_stderr(&words());
    }
}
