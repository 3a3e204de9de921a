//! Rows of a table that are about a sequence, or about a position in one.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_core::table::{self, Row, Streamed};

use crate::{Error, Result};

/// Something of each sequence, or of each position of each sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByUnit<T> {
    /// One a sequence.
    Sequences(T),
    /// One list a sequence.
    Positions(Vec<T>),
}

impl<T> ByUnit<T> {
    /// What is of sequences, and what of positions: one of the two.
    pub fn split(self) -> (Option<T>, Option<Vec<T>>) {
        match self {
            Self::Sequences(all) => (Some(all), None),
            Self::Positions(all) => (None, Some(all)),
        }
    }
}

/// A row, and what it is about.
pub(crate) trait Keyed: Row {
    /// In an error.
    const WHAT: &'static str;

    fn sequence(&self) -> u32;
    fn position(&self) -> Option<u32>;
    /// Which of several numbers of a row it is.
    fn dimension(&self) -> u32 {
        0
    }
    /// Its value as it stands in the table, or what is wrong with it.
    fn value(&self) -> Result<String, String>;
}

/// A key that stands in a table once: sequence, position and dimension.
pub(crate) type Key = (u32, Option<u32>, u32);

/// The rows of a table by what they are about, each with its line.
pub(crate) struct Rows<T> {
    pub(crate) rows: BTreeMap<Key, T>,
    /// Whether they are about positions.
    pub(crate) of_positions: bool,
}

pub(crate) fn error<T: Keyed>(path: &Path, reason: impl Into<String>) -> Error {
    Error::Table {
        path: path.to_owned(),
        what: T::WHAT,
        reason: reason.into(),
    }
}

/// Reads a table of sequences with so many positions each.
///
/// # Errors
/// [`Error::Table`] for a line that cannot be read, a sequence or position that is not there, one that is given twice,
/// and where some rows have a position and others none; [`Error::Core`].
pub(crate) fn read<T: Keyed>(path: &Path, lengths: &[usize]) -> Result<Rows<T>> {
    let mut lines: BTreeMap<Key, u64> = BTreeMap::new();
    let (mut rows, mut first) = (BTreeMap::new(), None);
    for item in table::numbered_rows::<T>(path)? {
        let (line, row) = match item? {
            Streamed::Row(row) => row,
            Streamed::Problem(problem) => return Err(error::<T>(path, problem.to_string())),
        };
        let refuse = |reason: String| error::<T>(path, format!("line {line}: {reason}"));
        check(&row, lengths).map_err(&refuse)?;
        let has_position = row.position().is_some();
        let (first_line, positions) = *first.get_or_insert((line, has_position));
        if positions != has_position {
            let [some, none] = match has_position {
                true => [line, first_line],
                false => [first_line, line],
            };
            return Err(refuse(format!(
                "line {some} has a position and line {none} has none; give one in every line, or in none"
            )));
        }
        let key = (row.sequence(), row.position(), row.dimension());
        if let Some(before) = lines.insert(key, line) {
            let about = about(&row);
            return Err(refuse(format!(
                "{about} is in line {before}, too; remove one of them"
            )));
        }
        rows.insert(key, row);
    }
    match first {
        Some((_, of_positions)) => Ok(Rows { rows, of_positions }),
        None => Err(error::<T>(path, "it has no row; give at least one")),
    }
}

fn about<T: Keyed>(row: &T) -> String {
    let position = row.position();
    let position = position.map_or_else(String::new, |p| format!(", position {p}"));
    format!("sequence {}{position}", row.sequence())
}

/// Whether there is such a sequence and position, and the value is one.
fn check<T: Keyed>(row: &T, lengths: &[usize]) -> Result<(), String> {
    let sequence = row.sequence();
    let Some(length) = lengths.get(sequence as usize) else {
        let last = lengths.len().saturating_sub(1);
        return Err(format!(
            "sequence = {sequence}, allowed is 0 to {last}: {} sequences are measured (--sequences, or the ids given)",
            lengths.len()
        ));
    };
    if let Some(position) = row.position().filter(|p| *p as usize >= *length) {
        return Err(format!(
            "position = {position}, allowed is 0 to {}: sequence {sequence} has {length} positions, a BOS counts",
            length.saturating_sub(1)
        ));
    }
    row.value().map(|_| ())
}
