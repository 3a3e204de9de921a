//! How much the command says beside its results.

use std::sync::atomic::{AtomicU8, Ordering};

use super::output::to_stderr;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Say nothing but results and errors.
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

/// Whether only results and errors are wanted.
pub(crate) fn is_quiet() -> bool {
    VOICE.load(Ordering::Relaxed) == QUIET
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
