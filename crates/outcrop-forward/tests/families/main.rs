//! Every family: as transformers computes it, and as its checkpoints are written.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod case;
mod compare;
mod images;
mod lens;
mod list;
mod renamed;
mod routers;
mod settings;
mod sinks;
mod transformers;
mod written;
