//! Rows that are given twice: alike they are one, otherwise nobody can say which is right.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::problem::{Loaded, Problem, Streamed};
use crate::{Error, Result};

/// Lines that a note names.
const NAMED: usize = 10;

/// 64 bits for what a row is about, or says.
pub(crate) fn fingerprint(of: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Rows that said again what an earlier one says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeated {
    count: usize,
    lines: Vec<String>,
}

impl Repeated {
    /// Counts one, which stands at `line`.
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

/// Gathers rows, each of which has a key of its own.
pub(super) struct Once<T> {
    rows: Vec<T>,
    lines: Vec<u64>,
    places: HashMap<u64, usize>,
    repeated: Repeated,
}

/// What a row is about, and whether two rows about the same say the same.
pub(super) struct Identity<T> {
    pub(super) key: fn(&T) -> String,
    pub(super) same: fn(&T, &T) -> bool,
}

impl<T> Once<T> {
    /// Takes in a row.
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

/// All that a stream has, each row once.
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
