//! Which failures are tried again, after how long, and how often.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::http::{HeaderMap, Response};

use super::answer::{failed, header};
use super::caller::HubCaller;
use super::date::http_date;
use crate::{Error, Result};

/// How much a hub's client bears. Together they bound how long a fetch can last.
///
/// | field | default | bounds |
/// |---|---|---|
/// | `attempts` | 6 | attempts at one request, or at one file |
/// | `longest_wait` | 300 s | the `Retry-After` of a hub; one that asks for more is given up |
/// | `silence` | 60 s | how long a server may send nothing, or less than 1 KiB/s |
/// | `unannounced` | 1 GiB | a file without an announced size |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubLimits {
    /// Attempts at one request in all, at least 1. Those at a file are counted again whenever 16 MiB
    /// more of it are there.
    pub attempts: u32,
    /// The longest wait that a hub may ask for.
    pub longest_wait: Duration,
    /// The longest silence of a server, and the time over which a crawling download is judged.
    pub silence: Duration,
    /// Bytes that a file may have whose size is not announced.
    pub unannounced: u64,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            attempts: 6,
            longest_wait: Duration::from_secs(300),
            silence: Duration::from_secs(60),
            unannounced: 1 << 30,
        }
    }
}

/// HTTP statuses that may be others next time: a slow request, too many of them, a server at fault.
const PASSING: [u16; 6] = [408, 429, 500, 502, 503, 504];
/// The first wait and the longest of its doublings; a hub may ask for longer ones.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// An attempt that failed.
#[derive(Debug)]
pub(super) struct Failure {
    error: Error,
    /// None for one that would be the same again.
    passing: Option<Box<Passing>>,
}

/// What may go well next time.
#[derive(Debug)]
struct Passing {
    why: String,
    /// How long the hub asks to wait.
    asked: Option<Duration>,
    /// Whether there was no answer at all.
    unreachable: bool,
}

impl From<Error> for Failure {
    /// One that would be the same again.
    fn from(error: Error) -> Self {
        let passing = None;
        Self { error, passing }
    }
}

impl Failure {
    /// One that may go well next time.
    pub(super) fn passing(error: Error, why: impl Into<String>) -> Self {
        let passing = Passing {
            why: why.into(),
            asked: None,
            unreachable: false,
        };
        Self {
            error,
            passing: Some(Box::new(passing)),
        }
    }

    /// The failure of a connection.
    pub(super) fn transport(url: &str, error: &ureq::Error) -> Self {
        use ureq::Error as E;
        let unreachable = matches!(
            error,
            E::HostNotFound
                | E::ConnectionFailed
                | E::ConnectProxyFailed(_)
                | E::Io(_)
                | E::Timeout(_)
        );
        let passes = unreachable || matches!(error, E::Protocol(_));
        let passing = Passing {
            why: format!("the connection failed ({error})"),
            asked: None,
            unreachable,
        };
        Self {
            error: failed(url, error),
            passing: passes.then(|| Box::new(passing)),
        }
    }

    /// An answer of a status that was not wanted.
    pub(super) fn status<B>(url: &str, answer: &Response<B>) -> Self {
        let status = answer.status();
        let error = failed(url, format!("the server answers HTTP {status}"));
        if !PASSING.contains(&status.as_u16()) {
            return error.into();
        }
        let passing = Passing {
            why: match status.as_u16() {
                429 => "the hub is busy (429)".into(),
                _ => format!("the hub answers {status}"),
            },
            asked: retry_after(answer.headers()),
            unreachable: false,
        };
        Self {
            error,
            passing: Some(Box::new(passing)),
        }
    }
}

/// Attempts at one thing.
pub(super) struct Attempts<'a> {
    pub(super) caller: &'a dyn HubCaller,
    pub(super) limits: HubLimits,
    /// Whether the hub could not be reached when it was asked last: it is asked once for each further
    /// file then, until it answers.
    pub(super) down: &'a AtomicBool,
    pub(super) made: u32,
}

impl Attempts<'_> {
    /// Waits for the next attempt after one that failed; its error if there is to be none.
    pub(super) fn next(&mut self, failure: Failure) -> Result<()> {
        let Failure { error, passing } = failure;
        let Some(passing) = passing else {
            return Err(error);
        };
        let Passing {
            why,
            asked,
            unreachable,
        } = *passing;
        self.made += 1;
        let was_down = self.down.swap(false, Ordering::Relaxed);
        if self.made >= self.limits.attempts || (was_down && unreachable) {
            self.down.store(unreachable, Ordering::Relaxed);
            return Err(tried(error, self.made));
        }
        if let Some(asked) = asked.filter(|asked| *asked > self.limits.longest_wait) {
            return Err(too_long(error, asked, self.limits.longest_wait));
        }
        let wait = asked.unwrap_or_default() + back_off(self.made, share());
        match self.caller.wait(wait, &why) {
            true => Ok(()),
            false => Err(stopped(error)),
        }
    }

    /// Begins to count anew.
    pub(super) fn forget(&mut self) {
        self.made = 0;
    }
}

fn with_reason(error: Error, more: &str) -> Error {
    match error {
        Error::Fetch { what, reason } => Error::Fetch {
            what,
            reason: reason + more,
        },
        other => other,
    }
}

fn tried(error: Error, attempts: u32) -> Error {
    match attempts {
        1 => error,
        n => with_reason(error, &format!(" (tried {n} times)")),
    }
}

fn too_long(error: Error, asked: Duration, most: Duration) -> Error {
    let (asked, most) = (asked.as_secs(), most.as_secs());
    let more = format!(
        ", and asks to be left alone for {asked} s, which is more than {most} s; fetch again later"
    );
    with_reason(error, &more)
}

fn stopped(error: Error) -> Error {
    match error {
        Error::Fetch { what, .. } => Error::Stopped { what },
        other => other,
    }
}

/// The wait after so many attempts, between half and all of a doubling time: clients that failed
/// together do not come back together.
fn back_off(attempts: u32, share: f64) -> Duration {
    let (first, most) = WAITS;
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(16));
    doubled.min(most).mul_f64(0.5 + 0.5 * share)
}

/// A random number from 0 to 1.
fn share() -> f64 {
    RandomState::new().hash_one(0u8) as f64 / u64::MAX as f64
}

/// How long a server asks to wait, in either form: seconds, or a date, which is compared with the
/// server's own `Date`, as clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, "retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let (then, now) = (http_date(text)?, http_date(header(headers, "date")?)?);
    let seconds = then.saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_asks_for_is_read_in_either_form() {
        let headers = |after: &str, date: &str| {
            let mut map = HeaderMap::new();
            for (name, value) in [("retry-after", after), ("date", date)] {
                map.insert(name, value.parse().unwrap());
            }
            map
        };
        let (date, later) = (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:50:07 GMT",
        );
        let wait = |after, date| retry_after(&headers(after, date)).map(|wait| wait.as_secs());
        assert_eq!(wait("7", date), Some(7));
        assert_eq!(wait(later, date), Some(30));
        assert_eq!(wait(date, later), Some(0));
        assert_eq!(wait("99999999999999999999999", date), Some(u64::MAX));
        for odd in ["-1", "1.5", "soon", ""] {
            assert_eq!(wait(odd, date), None, "{odd}");
        }
    }

    #[test]
    fn waits_double_up_to_a_minute_and_scatter() {
        let wait = |attempts, share| back_off(attempts, share).as_secs_f64();
        assert_eq!((wait(1, 0.0), wait(1, 1.0)), (0.5, 1.0));
        assert_eq!((wait(4, 0.0), wait(4, 1.0)), (4.0, 8.0));
        assert_eq!((wait(30, 0.0), wait(u32::MAX, 1.0)), (30.0, 60.0));
        assert!((0..100).all(|_| (0.0..=1.0).contains(&share())));
        assert_ne!(share(), share());
    }
}
