//! Hypotheses in schedule time: curves of S, the sum of the learning rates so far. They need to know the rates.

mod annealing;
mod dip;
mod emergence;
mod log;
mod shared;

pub use annealing::{SCHEDULE_ANNEALING, ScheduleAnnealing};
pub use dip::{SCHEDULE_DIP, ScheduleDip};
pub use emergence::{SCHEDULE_EMERGENCE, ScheduleEmergence};
pub use log::{SCHEDULE_LOG, ScheduleLog};
