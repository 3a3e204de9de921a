use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::output::say;
use crate::{Error, Result};

/// The message of a command that trains.
pub(crate) const TRAINING: &str =
    "stopping after the current update; a checkpoint is written (once more to stop at once)";

/// The message of an element of a job array, which gets several signals.
pub(crate) const ELEMENT: &str = "stopping after the current update; a checkpoint is written";

/// A flag that Ctrl-C, a termination signal, a hang-up or SIGUSR2 sets; a second one ends the process at once.
/// The first one prints `words`, where there are any.
pub(crate) fn on_signal(words: &'static str) -> Result<Arc<AtomicBool>> {
    listen(words, || std::process::exit(130))
}

/// As [`on_signal`], for a process that a scheduler ends: it sends several signals and then kills.
pub(crate) fn on_first_signal(words: &'static str) -> Result<Arc<AtomicBool>> {
    listen(words, || {})
}

fn listen(words: &'static str, second: fn()) -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || match flag.swap(true, Ordering::Relaxed) {
        true => second(),
        false if words.is_empty() => {}
        false => say(words),
    };
    let failed = |e: &dyn std::fmt::Display| Error::Environment(format!("listen for Ctrl-C: {e}"));
    user_signal::listen(handler.clone()).map_err(|e| failed(&e))?;
    ignored::kept(|| ctrlc::set_handler(handler)).map_err(|e| failed(&e))?;
    Ok(stop)
}

/// SIGUSR2, which schedulers send ahead of a time limit: all threads block it, and one waits for it. Threads that were
/// started before do not block it.
#[cfg(unix)]
mod user_signal {
    use nix::sys::signal::{SigSet, Signal};

    use super::ignored::is_ignored;

    /// Calls `handler` for every signal, unless it was ignored when the process began.
    pub(super) fn listen(handler: impl Fn() + Send + 'static) -> nix::Result<()> {
        if is_ignored(Signal::SIGUSR2) {
            return Ok(());
        }
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGUSR2);
        signals.thread_block()?;
        std::thread::spawn(move || {
            while signals.wait().is_ok() {
                handler();
            }
        });
        Ok(())
    }
}

#[cfg(not(unix))]
mod user_signal {
    pub(super) fn listen(_: impl Fn() + Send + 'static) -> Result<(), std::convert::Infallible> {
        Ok(())
    }
}

/// Signals that were ignored when the process began stay ignored, which is how `nohup` keeps a run alive
/// when its terminal is closed.
#[cfg(unix)]
mod ignored {
    use nix::sys::signal::{SigHandler, Signal, signal};

    /// The signals of a Ctrl-C handler.
    const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

    /// Sets handlers with `set`, except for signals that are ignored.
    pub(super) fn kept<T>(set: impl FnOnce() -> T) -> T {
        let ignored = SIGNALS.map(is_ignored);
        let done = set();
        for (signal, _) in SIGNALS.into_iter().zip(ignored).filter(|(_, was)| *was) {
            handle(signal, SigHandler::SigIgn);
        }
        done
    }

    pub(super) fn is_ignored(signal: Signal) -> bool {
        let now = handle(signal, SigHandler::SigIgn);
        let was = matches!(now, Some(SigHandler::SigIgn));
        now.map(|now| handle(signal, now));
        was
    }

    /// Sets the action of a signal and returns the previous one.
    #[expect(
        unsafe_code,
        reason = "it is given SIG_IGN or what was there before, so that no code of ours runs in a handler"
    )]
    fn handle(of: Signal, does: SigHandler) -> Option<SigHandler> {
        unsafe { signal(of, does) }.ok()
    }
}

#[cfg(not(unix))]
mod ignored {
    pub(super) fn kept<T>(set: impl FnOnce() -> T) -> T {
        set()
    }
}
