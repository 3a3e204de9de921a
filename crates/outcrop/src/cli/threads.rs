//! Threads and runs side by side: numbers that a machine can have.

use clap::builder::RangedI64ValueParser;

use crate::{Error, Result};

/// More cores than any machine has on which this is of use.
const MOST: i64 = 1024;

/// Reads a number of threads or jobs, 1 to 1024; anything else is bad use.
pub(crate) fn number() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=MOST)
}

/// Cores of this machine, or as many as were asked for.
pub(crate) fn or_cores(asked: Option<u16>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(cores, usize::from)
}

/// A pool of so many threads.
pub(crate) fn pool(asked: Option<u16>) -> Result<rayon::ThreadPool> {
    let threads = asked.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Environment(format!("start threads: {e}")))
}
