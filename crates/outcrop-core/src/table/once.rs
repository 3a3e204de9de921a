//! Duplicate rows: equal ones count once; if they differ, it is unknown which is right.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::problem::{Loaded, Problem, Streamed};
use crate::{Error, Result};

/// Lines that a note names.
const NAMED: usize = 10;

/// A 64-bit hash of the key of a row, or of its values.
pub(crate) fn fingerprint(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Rows that repeat an earlier one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeated {
    count: usize,
    lines: Vec<String>,
}

impl Repeated {
    /// Counts one, at `line`.
    pub(crate) fn add(&mut self, line: impl ToString) {
        self.count += 1;
        if self.lines.len() < NAMED {
            self.lines.push(line.to_string());
        }
    }

    /// How many there were, and where.
    pub(crate) fn note(&self) -> Option<Problem> {
        let more = match self.count - self.lines.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let note = || Problem {
            reason: format!(
                "{} rows repeat earlier ones, word for word, and count once: line {}{more}",
                self.count,
                self.lines.join(", ")
            ),
            ..Problem::default()
        };
        (self.count > 0).then(note)
    }
}

/// Collects rows, each with a different key.
pub(super) struct Once<T> {
    rows: Vec<T>,
    lines: Vec<u64>,
    places: HashMap<u64, usize>,
    repeated: Repeated,
}

/// The key of a row, and whether two rows with the same key have the same values.
pub(super) struct Identity<T> {
    pub(super) key: fn(&T) -> String,
    pub(super) same: fn(&T, &T) -> bool,
}

impl<T> Once<T> {
    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::Twice`] for one that contradicts an earlier one.
    fn add(&mut self, context: &str, line: u64, row: T, identity: &Identity<T>) -> Result<()> {
        let key = (identity.key)(&row);
        let place = *self
            .places
            .entry(fingerprint(&key))
            .or_insert(self.rows.len());
        match self.rows.get(place) {
            Some(held) if (identity.key)(held) == key => {
                if !(identity.same)(held, &row) {
                    let lines = [self.lines[place], line];
                    return Err(Error::twice(context, key, lines));
                }
                self.repeated.add(line);
            }
            _ => {
                self.rows.push(row);
                self.lines.push(line);
            }
        }
        Ok(())
    }
}

/// All rows of a stream, each once.
///
/// # Errors
/// Those of the stream; [`Error::Twice`].
pub(super) fn gather<T>(
    context: &str,
    stream: impl Iterator<Item = Result<Streamed<(u64, T)>>>,
    identity: &Identity<T>,
) -> Result<Loaded<T>> {
    let mut once = Once {
        rows: Vec::new(),
        lines: Vec::new(),
        places: HashMap::new(),
        repeated: Repeated::default(),
    };
    let mut problems = Vec::new();
    for item in stream {
        match item? {
            Streamed::Row((line, row)) => once.add(context, line, row, identity)?,
            Streamed::Problem(problem) => problems.push(problem),
        }
    }
    problems.extend(once.repeated.note());
    Ok(Loaded {
        rows: once.rows,
        problems,
    })
}
