//! Threads and runs side by side: numbers that a machine can have.

use crate::{Error, Result};

/// So many threads or jobs may be asked for on any machine.
const ALWAYS: usize = 64;
/// And so many for each core that it has.
const PER_CORE: usize = 4;

/// Reads a number of threads or jobs, from 1 to 64 or to 4 for each core where that is more: threads beyond
/// the cores only wait for each other, 1024 on two cores made a run twenty times slower.
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

/// Cores of this machine, or as many as were asked for.
pub(crate) fn or_cores(asked: Option<u16>) -> usize {
    asked.map_or_else(cores, usize::from)
}

/// A pool of so many threads.
pub(crate) fn pool(asked: Option<u16>) -> Result<rayon::ThreadPool> {
    let threads = asked.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Environment(format!("start threads: {e}")))
}
