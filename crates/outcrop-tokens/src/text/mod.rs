//! Documents in files, of which only as many are read as the windows need.

mod document;
mod files;
mod jsonl;

use std::path::PathBuf;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use document::Place;

use crate::Result;

/// What stands between two documents.
const SEPARATOR: &str = "\n\n";

/// Documents drawn without replacement by ChaCha8. Python's `random.sample` draws others by the same
/// seed: to measure the same documents as a Python program, write them to a file. Every `.jsonl` file
/// is read once to count its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Number of documents, from 1 to those that there are.
    pub documents: usize,
    /// The seed.
    pub seed: u64,
}

/// Documents in the order in which they are joined.
pub(crate) enum Documents {
    /// All of these files, in order.
    InOrder(Vec<PathBuf>),
    /// Some of them, as they were drawn.
    Drawn(Vec<Place>),
}

/// The beginning of the joined documents.
pub(crate) struct Joined {
    pub(crate) text: String,
    /// Whether it is all of them.
    pub(crate) complete: bool,
}

impl Documents {
    /// The documents in `paths`, or some of them.
    pub(crate) fn find(paths: &[PathBuf], draw: Option<Draw>) -> Result<Self> {
        let files = files::list(paths)?;
        match draw {
            None => Ok(Self::InOrder(files)),
            Some(draw) => Ok(Self::Drawn(drawn(document::places(&files)?, draw)?)),
        }
    }

    /// The documents joined by a blank line, as they are; no more than about `max_bytes` is read.
    pub(crate) fn join(&self, max_bytes: usize) -> Result<Joined> {
        let mut joined = Joined {
            text: String::new(),
            complete: true,
        };
        let mut first = true;
        let mut push = |document: &str, whole: bool| {
            if !std::mem::take(&mut first) {
                joined.text.push_str(SEPARATOR);
            }
            joined.text.push_str(document);
            joined.complete &= whole && joined.text.len() < max_bytes;
            joined.complete.then_some(max_bytes - joined.text.len())
        };
        match self {
            Self::InOrder(files) => document::in_order(files, max_bytes, &mut push)?,
            Self::Drawn(places) => document::at(places, max_bytes, &mut push)?,
        }
        Ok(joined)
    }
}

/// The first of a permutation (Fisher and Yates); each remaining place is as likely as any other.
fn drawn(mut places: Vec<Place>, draw: Draw) -> Result<Vec<Place>> {
    let n = places.len();
    if !(1..=n).contains(&draw.documents) {
        let allowed = format!("1 to {n}, the number of documents");
        return Err(outcrop_core::Error::range("documents", draw.documents, allowed).into());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(draw.seed);
    for i in 0..draw.documents {
        places.swap(i, i + below(&mut rng, n - i));
    }
    places.truncate(draw.documents);
    Ok(places)
}

/// A number below `n`, even to within n / 2^64.
pub(crate) fn below(rng: &mut impl RngCore, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}
