//! The learning rate as time: the sum of the rates so far, and what of it a decay takes away.

mod annealing;
mod time;

pub(crate) use annealing::Annealing;
pub use time::ScheduleTime;
