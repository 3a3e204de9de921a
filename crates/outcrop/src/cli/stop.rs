use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::say;
use crate::{Error, Result};

/// What a command that trains says.
pub(crate) const TRAINING: &str =
    "stopping after the current update; a checkpoint is written (once more to stop at once)";

/// A flag that Ctrl-C (or a termination signal) sets; a second one ends the process at once.
/// `words` are said at the first.
pub(crate) fn on_signal(words: &'static str) -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say(words);
    };
    ctrlc::set_handler(handler)
        .map_err(|e| Error::Environment(format!("listen for Ctrl-C: {e}")))?;
    Ok(stop)
}
