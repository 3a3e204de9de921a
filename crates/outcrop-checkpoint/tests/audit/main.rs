//! Audits of small series.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod damaged;
mod jumps;
mod public;
mod published;
mod synthetic;
