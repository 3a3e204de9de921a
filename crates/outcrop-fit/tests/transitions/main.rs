//! Onsets and phases against simulated trajectories with known transitions, and without any.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod crossings;
mod noise;
mod phases;
mod together;
mod transition;
