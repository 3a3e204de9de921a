use std::collections::VecDeque;
use std::io::Read;

use csv::StringRecord;
use serde::de::DeserializeOwned;

use super::header;
use super::lines::Lines;
use super::problem::{Cap, Problem, Streamed};
use crate::{Error, Result};

/// The rows of a table one by one, each with its line: read as `F`, checked and turned into `T`.
pub(super) struct RowStream<R, F, T> {
    lines: Lines<R>,
    context: String,
    header: StringRecord,
    record: StringRecord,
    check: fn(F) -> Result<T, String>,
    hints: VecDeque<Problem>,
    ended: bool,
    pub(super) cap: Cap,
}

impl<R: Read, F, T> RowStream<R, F, T> {
    /// Reads the header, in which every `required` column must be.
    pub(super) fn new(
        reader: R,
        context: &str,
        [required, optional]: [&[&str]; 2],
        check: fn(F) -> Result<T, String>,
    ) -> Result<Self> {
        let (mut lines, mut header) = (Lines::new(reader), StringRecord::new());
        let read = lines.next(&mut header, None);
        match read.map_err(|e| Error::io("read", context, e))? {
            Some((_, Ok(()))) => {}
            Some((_, Err(reason))) => {
                return Err(Error::parse(context, format!("the header: {reason}")));
            }
            None => return Err(Error::parse(context, "the table is empty")),
        }
        header::check(context, &header, required, optional)?;
        Ok(Self {
            hints: header::hints(&header, required, optional).into(),
            lines,
            context: context.into(),
            header,
            record: StringRecord::new(),
            check,
            ended: false,
            cap: Cap::default(),
        })
    }
}

impl<R, F: DeserializeOwned, T> RowStream<R, F, T> {
    fn row(&self) -> Result<T, String> {
        let row = self.record.deserialize(Some(&self.header));
        (self.check)(row.map_err(|e| self.reason(&e))?)
    }

    /// The column and the value at fault, as far as the error knows them.
    fn reason(&self, e: &csv::Error) -> String {
        let csv::ErrorKind::Deserialize { err, .. } = e.kind() else {
            return e.to_string();
        };
        let at = err.field().and_then(|at| usize::try_from(at).ok());
        let field = at.and_then(|at| Some((self.header.get(at)?, self.record.get(at)?)));
        match field {
            Some((column, value)) => format!("{column} = {}: {}", shown(value), err.kind()),
            None => err.kind().to_string(),
        }
    }
}

impl<R: Read, F: DeserializeOwned, T> Iterator for RowStream<R, F, T> {
    type Item = Result<Streamed<(u64, T)>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(hint) = self.hints.pop_front() {
            return Some(Ok(Streamed::Problem(hint)));
        }
        while !self.ended {
            match self.lines.next(&mut self.record, Some(self.header.len())) {
                Err(e) => {
                    self.ended = true;
                    return Some(Err(Error::io("read", &self.context, e)));
                }
                Ok(None) => {
                    self.ended = true;
                    return self.cap.rest().map(Streamed::Problem).map(Ok);
                }
                Ok(Some((line, outcome))) => match outcome.and_then(|()| self.row()) {
                    Ok(row) => return Some(Ok(Streamed::Row((line, row)))),
                    Err(reason) => {
                        if let Some(problem) = self.cap.admit(line, reason) {
                            return Some(Ok(Streamed::Problem(problem)));
                        }
                    }
                },
            }
        }
        None
    }
}

/// A value as it stands in the table, in quotes and cut where it is long.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(40) {
        Some((at, _)) => format!("{:?}...", &value[..at]),
        None => format!("{value:?}"),
    }
}

/// The row without its line.
pub(super) fn unnumbered<T>(item: Result<Streamed<(u64, T)>>) -> Result<Streamed<T>> {
    item.map(|item| match item {
        Streamed::Row((_, row)) => Streamed::Row(row),
        Streamed::Problem(problem) => Streamed::Problem(problem),
    })
}
