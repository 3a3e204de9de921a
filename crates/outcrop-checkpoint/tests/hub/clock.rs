//! Time that passes without anybody waiting.

use std::sync::Mutex;
use std::time::Duration;

use outcrop_checkpoint::HubCaller;

/// What a hub's client did with its time.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// How much later it is at each look.
    pub(crate) tick: Duration,
    /// After how many waits the user wants to stop; never if 0.
    pub(crate) patience: usize,
    pub(crate) heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) now: Duration,
    pub(crate) waits: Vec<(Duration, String)>,
    pub(crate) notes: Vec<String>,
}

impl Clock {
    /// Seconds that were waited in all.
    pub(crate) fn waited(&self) -> f64 {
        let heard = self.heard.lock().unwrap();
        heard.waits.iter().map(|(wait, _)| wait.as_secs_f64()).sum()
    }

    /// What was said of waits, and beside them.
    pub(crate) fn said(&self) -> String {
        let heard = self.heard.lock().unwrap();
        let waits = heard.waits.iter().map(|(_, why)| why.as_str());
        let all: Vec<_> = waits
            .chain(heard.notes.iter().map(String::as_str))
            .collect();
        all.join("\n")
    }
}

impl HubCaller for Clock {
    fn wait(&self, time: Duration, why: &str) -> bool {
        let mut heard = self.heard.lock().unwrap();
        heard.now += time;
        heard.waits.push((time, why.into()));
        heard.waits.len() != self.patience
    }

    fn note(&self, words: &str) {
        self.heard.lock().unwrap().notes.push(words.into());
    }

    fn now(&self) -> Duration {
        let mut heard = self.heard.lock().unwrap();
        heard.now += self.tick;
        heard.now
    }
}
