//! `outcrop measure` and `outcrop audit` end to end.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../crates/outcrop-checkpoint/tests/hub/kills.rs"]
mod kills;
#[path = "../../crates/outcrop-checkpoint/tests/hub/server.rs"]
mod server;

mod again;
mod alone;
mod bad;
mod closer;
mod cluster;
mod damage;
mod formats;
mod hub;
mod images;
mod labels;
mod names;
mod public;
mod runs;
mod series;
mod settings;
mod small;
mod sums;
mod tokens;
mod weights;
