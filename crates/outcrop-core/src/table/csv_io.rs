use std::io::Read;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result, nearest};

/// What was read from a table: the good rows, and the bad ones by line.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<T> {
    /// The rows that could be read, in order.
    pub rows: Vec<T>,
    /// The rows that could not.
    pub problems: Vec<Problem>,
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Rows, each with the line on which it stands.
type Numbered<T> = Vec<(u64, T)>;

impl<T> Loaded<T> {
    /// Turns each row into another, or into a problem of its line.
    pub(crate) fn and_then<U>(
        rows: Numbered<T>,
        problems: Vec<Problem>,
        f: impl Fn(T) -> Result<U, String>,
    ) -> Loaded<U> {
        let mut loaded = Loaded {
            rows: Vec::with_capacity(rows.len()),
            problems,
        };
        for (line, row) in rows {
            match f(row) {
                Ok(row) => loaded.rows.push(row),
                Err(reason) => loaded.problems.push(Problem { line, reason }),
            }
        }
        loaded.problems.sort_by_key(|p| p.line);
        loaded
    }
}

/// Reads rows with their line numbers, making sure that every `required` column is there.
pub(crate) fn read<T: DeserializeOwned>(
    reader: impl Read,
    context: &str,
    required: &[&str],
) -> Result<(Numbered<T>, Vec<Problem>)> {
    let mut csv = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(reader);
    let header = csv
        .headers()
        .map_err(|e| Error::parse(context, reason(&e)))?
        .clone();
    for column in required {
        if !header.iter().any(|h| h == *column) {
            let unknown = header.iter().filter(|h| !required.contains(h));
            return Err(Error::MissingColumn {
                context: context.into(),
                column: (*column).into(),
                nearest: nearest(column, unknown).map(str::to_owned),
                header: header.iter().collect::<Vec<_>>().join(","),
            });
        }
    }
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    loop {
        let line = csv.position().line();
        match csv.read_record(&mut record) {
            Ok(false) => return Ok((rows, problems)),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                match record.deserialize(Some(&header)) {
                    Ok(row) => rows.push((line, row)),
                    Err(e) => problems.push(Problem {
                        line,
                        reason: reason(&e),
                    }),
                }
            }
            Err(e) => {
                if let csv::ErrorKind::Io(_) = e.kind() {
                    return Err(Error::parse(context, e));
                }
                let line = e.position().map_or(line, csv::Position::line);
                problems.push(Problem {
                    line,
                    reason: reason(&e),
                });
            }
        }
    }
}

/// The reason of a CSV error without the position, which [`Problem`] has.
fn reason(e: &csv::Error) -> String {
    match e.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("{len} fields, expected {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".into(),
        _ => e.to_string(),
    }
}

/// The rows as CSV text, with or without the header.
pub(crate) fn to_csv<T: Serialize>(rows: &[T], header: bool) -> Result<Vec<u8>> {
    let mut csv = csv::WriterBuilder::new()
        .has_headers(header)
        .from_writer(Vec::new());
    for row in rows {
        csv.serialize(row)
            .map_err(|e| Error::parse("table to write", e))?;
    }
    csv.into_inner()
        .map_err(|e| Error::parse("table to write", e))
}
