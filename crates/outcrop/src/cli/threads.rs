//! Bounds on the number of threads and parallel runs.

use crate::{Error, Result};

/// Largest number of threads or jobs on any machine.
const ALWAYS: usize = 64;
/// Largest number for each core.
const PER_CORE: usize = 4;

/// Reads a number of threads or jobs, from 1 to 64 or, if larger, 4 for each core: more threads than cores only wait
/// for each other, and 1024 on two cores made a run twenty times slower.
pub(crate) fn number(text: &str) -> Result<u16, String> {
    let most = ALWAYS.max(PER_CORE * cores());
    let number = text.parse::<u16>().map_err(|_| text.to_owned());
    match number {
        Ok(number) if (1..=most).contains(&usize::from(number)) => Ok(number),
        _ => Err(format!(
            "allowed is a whole number from 1 to {most} ({ALWAYS}, or {PER_CORE} for each core where that is \
             more): threads beyond the cores, of which there are {}, only wait for each other",
            cores()
        )),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The requested number, or the cores of this machine.
pub(crate) fn or_cores(asked: Option<u16>) -> usize {
    asked.map_or_else(cores, usize::from)
}

/// A pool with this number of threads.
pub(crate) fn pool(asked: Option<u16>) -> Result<rayon::ThreadPool> {
    let threads = asked.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Environment(format!("start threads: {e}")))
}
