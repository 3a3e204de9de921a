use crate::table::MAX_PROBLEMS;

/// The content of a table: the good rows, and the bad ones by line.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<T> {
    /// The rows that could be read, in order.
    pub rows: Vec<T>,
    /// The rows that could not, in order; after [`MAX_PROBLEMS`] one more says how many followed.
    pub problems: Vec<Problem>,
}

/// An item of a table that is read piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub enum Streamed<T> {
    /// A row, or a value made of several rows.
    Row(T),
    /// A row that could not be read; later rows follow.
    Problem(Problem),
}

/// A row, or a file, that could not be read, or a column that may be misspelt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// Its file; empty if the reader was given one table, whose name the caller knows.
    pub context: String,
    /// Line of the file, from 1; 0 for the file as a whole.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.context.as_str(), self.line) {
            ("", 0) => write!(f, "{}", self.reason),
            ("", line) => write!(f, "line {line}: {}", self.reason),
            (context, 0) => write!(f, "{context}: {}", self.reason),
            (context, line) => write!(f, "{context}, line {line}: {}", self.reason),
        }
    }
}

/// Lets the first [`MAX_PROBLEMS`] through and counts the others, so that a file with only bad rows takes no memory.
#[derive(Debug, Default)]
pub(crate) struct Cap {
    kept: u64,
    more: u64,
    last: u64,
}

impl Cap {
    pub(crate) fn admit(&mut self, line: u64, reason: String) -> Option<Problem> {
        self.last = line;
        if self.kept == MAX_PROBLEMS {
            self.more += 1;
            return None;
        }
        self.kept += 1;
        Some(Problem {
            line,
            reason,
            ..Problem::default()
        })
    }

    /// The problem for those that were only counted.
    pub(crate) fn rest(&mut self) -> Option<Problem> {
        let more = std::mem::take(&mut self.more);
        (more > 0).then(|| Problem {
            line: self.last,
            reason: format!("{more} more rows up to this line could not be read"),
            ..Problem::default()
        })
    }
}
