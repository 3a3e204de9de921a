//! At which training steps to measure and to save.
//!
//! A [`Schedule`] is a list of distinct steps in ascending order, at least one, with the expression that it was parsed
//! from. An expression is a union of terms, separated by commas:
//!
//! | term | steps | example |
//! |---|---|---|
//! | `N` | one | `0`, `143000` |
//! | `pow2:N` | 1, 2, 4, 8, ... up to N | `pow2:512` |
//! | `every:S..N` | S, 2 S, 3 S, ... up to N | `every:1000..143000` |
//! | `every:S` | as `every:S..last` | `every:100` |
//! | `geometric:A..B*C` | C steps from A to B with equal ratios, rounded, without duplicates | `geometric:1..1000*20` |
//! | `pythia:N` | as [`Schedule::pythia_scaled`] | `pythia:last` |
//! | `pythia` | as [`Schedule::pythia`] | |
//!
//! `last` may replace any step and is the last step of the run. No step is beyond the last one, nor beyond 2^53 (tables
//! are often read as f64, which is exact for whole numbers up to there). A schedule has at most a million steps.
//!
//! ```
//! use outcrop_schedule::Schedule;
//!
//! let schedule = Schedule::parse("0, pow2:8, every:20, last", 50)?;
//! assert_eq!(schedule.steps(), [0, 1, 2, 4, 8, 20, 40, 50]);
//! assert_eq!(schedule.next_after(8), Some(20));
//! // It prints with `last` resolved, so that it can be read without the run.
//! assert_eq!(schedule.to_string(), "0,pow2:8,every:20..50,50");
//! assert_eq!(schedule.to_string().parse::<Schedule>()?, schedule);
//! # Ok::<(), outcrop_schedule::Error>(())
//! ```

mod error;
mod limits;
mod schedule;
mod term;

pub use error::{Error, Result};
pub use limits::{MAX_STEP, MAX_STEPS};
pub use schedule::Schedule;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
