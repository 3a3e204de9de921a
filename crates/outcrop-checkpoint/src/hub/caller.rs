use std::fmt::Debug;
use std::time::{Duration, Instant};

/// The caller of a [`Hub`](crate::Hub): it waits, gets messages, and says when to stop.
///
/// Without one ([`Hub::with_caller`](crate::Hub::with_caller)) a hub waits in silence and is not
/// stopped.
pub trait HubCaller: Debug + Send + Sync {
    /// Waits before another attempt; `why` is the reason, such as `the hub is busy (429)`. Returns
    /// whether to go on: false where the user wants to stop.
    fn wait(&self, time: Duration, why: &str) -> bool;

    /// Hears of something that the user should know.
    fn note(&self, words: &str) {
        let _ = words;
    }

    /// Whether the user wants to stop; asked between the pieces of a download.
    fn stopped(&self) -> bool {
        false
    }

    /// The time since some fixed moment, by which slow downloads are detected.
    fn now(&self) -> Duration;
}

/// Waits in silence.
#[derive(Debug)]
pub(super) struct Silent(Instant);

impl Silent {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }
}

impl HubCaller for Silent {
    fn wait(&self, time: Duration, _: &str) -> bool {
        std::thread::sleep(time);
        true
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
