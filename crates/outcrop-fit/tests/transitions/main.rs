//! Onsets and phases against simulated trajectories with known transitions, and without any.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, which print what docs/onsets.md says"
)]

mod crossings;
mod noise;
mod phases;
mod together;
mod transition;
