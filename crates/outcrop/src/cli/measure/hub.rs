//! The hub: its address, its cache, attempts and waits.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use outcrop_checkpoint::{Hub, HubCaller, HubLimits};

use super::super::output::say;
use crate::{Error, Result};

const HUGGING_FACE: &str = "https://huggingface.co";
/// How soon a wait ends after Ctrl-C.
const NAP: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub(super) struct Args {
    /// Keep fetched revisions in the cache.
    #[arg(long, requires = "origin")]
    pub(super) keep: bool,
    /// The hub's cache [default: HF_HUB_CACHE, or HF_HOME/hub, or ~/.cache/huggingface/hub].
    #[arg(long, value_name = "DIR", requires = "origin")]
    hub_cache: Option<PathBuf>,
    /// Attempts for one request to the hub, or for each 16 MiB of a file.
    #[arg(long, value_name = "N", requires = "origin", default_value_t = 6,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    hub_attempts: u32,
    /// Largest size of a file whose size the hub does not announce, in GiB.
    #[arg(long, value_name = "GIB", requires = "origin", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    hub_file_limit: u64,
}

pub(super) fn open(args: &Args, stop: &Arc<AtomicBool>) -> Result<Hub> {
    let cache = args.hub_cache.clone().or_else(default_cache);
    let cache =
        cache.ok_or_else(|| Error::Environment("find the hub's cache: give --hub-cache".into()))?;
    let endpoint = std::env::var("HF_ENDPOINT").unwrap_or_else(|_| HUGGING_FACE.into());
    let mut limits = HubLimits::default();
    limits.attempts = args.hub_attempts;
    limits.unannounced = args.hub_file_limit << 30;
    let caller = Terminal {
        stop: Arc::clone(stop),
        start: Instant::now(),
    };
    let mut hub = Hub::new(&endpoint, &cache)
        .with_limits(limits)
        .with_caller(Arc::new(caller));
    if let Ok(token) = std::env::var("HF_TOKEN") {
        hub = hub.with_token(&token);
    }
    let proxy = ["HTTPS_PROXY", "https_proxy"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    if let Some(proxy) = proxy.filter(|p| !p.is_empty() && endpoint.starts_with("https")) {
        hub = hub.with_proxy(&proxy)?;
    }
    Ok(hub)
}

/// The cache of Python's `huggingface_hub`.
fn default_cache() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).map(PathBuf::from);
    of("HF_HUB_CACHE")
        .or_else(|| of("HF_HOME").map(|home| home.join("hub")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/huggingface/hub")))
}

/// Says what it waits for, and stops on Ctrl-C.
#[derive(Debug)]
struct Terminal {
    stop: Arc<AtomicBool>,
    start: Instant,
}

impl HubCaller for Terminal {
    fn wait(&self, time: Duration, why: &str) -> bool {
        say(&format!(
            "waiting {:.0} s: {why}",
            time.as_secs_f64().ceil()
        ));
        let end = Instant::now() + time;
        while !self.stopped() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(NAP));
        }
        false
    }

    fn note(&self, words: &str) {
        say(&format!("note: {words}"));
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}
