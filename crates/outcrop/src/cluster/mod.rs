//! Sweeps and measurements as job arrays of SLURM: how runs become elements, the scripts, what the queue says, and where every run stands.

mod arrays;
mod attempts;
mod measures;
mod queue;
mod script;
mod settings;
mod standing;
mod submission;

pub(crate) use self::attempts::Attempts;
pub(crate) use self::measures::Measures;
pub(crate) use self::queue::{Queue, is_here};
pub(crate) use self::script::QUEUE_AGAIN;
pub(crate) use self::settings::Settings;
pub(crate) use self::standing::{Run, Standing, standings};
pub(crate) use self::submission::{Submission, Submitted};
