use std::collections::VecDeque;
use std::io::Read;

use csv::StringRecord;
use serde::de::DeserializeOwned;

use super::cells::{Cells, is_missing, shown, whole};
use super::header::{self, Columns};
use super::lines::Lines;
use super::problem::{Cap, Problem, Streamed};
use super::quantities;
use crate::{Error, Quantities, QuantityColumn, Result};

/// The rows of a table one by one, each with its line: read as `F`, checked and turned into `T`.
pub(super) struct RowStream<R, F, T> {
    lines: Lines<R>,
    context: String,
    header: StringRecord,
    /// The columns in which something must stand, by place.
    named: Vec<usize>,
    record: StringRecord,
    check: fn(F) -> Result<T, String>,
    open: Option<Open<F>>,
    hints: VecDeque<Problem>,
    /// Whether it is known that rows start with the first column, or with a name of their own.
    settled: bool,
    ended: bool,
    pub(super) cap: Cap,
}

/// How a row holds the columns that its table is not known to have.
struct Open<F> {
    columns: quantities::Columns,
    of: fn(&mut F) -> &mut Quantities,
    /// Which columns `F` is not asked for, by place.
    skipped: Vec<bool>,
}

impl<R: Read, F, T> RowStream<R, F, T> {
    /// Reads the header, in which every required column must be.
    pub(super) fn new(
        reader: R,
        context: &str,
        columns: Columns<'_>,
        check: fn(F) -> Result<T, String>,
    ) -> Result<Self> {
        let mut lines = Lines::new(reader);
        let header = header::read(&mut lines, context)?;
        header::check(context, &header, columns.required, columns.optional)?;
        let place = |name: &&str| header.iter().position(|h| h == *name);
        Ok(Self {
            hints: header::hints(&header, columns.required, columns.optional).into(),
            named: columns.named.iter().filter_map(place).collect(),
            lines,
            context: context.into(),
            header,
            record: StringRecord::new(),
            check,
            open: None,
            settled: false,
            ended: false,
            cap: Cap::default(),
        })
    }

    /// Reads the columns beyond `fixed` as quantities, which go where `of` says; those of `known` are numbers
    /// from the first row on.
    pub(super) fn with_quantities(
        mut self,
        fixed: &[&str],
        known: &[QuantityColumn],
        of: fn(&mut F) -> &mut Quantities,
    ) -> Result<Self> {
        let columns = quantities::Columns::new(&self.context, &self.header, fixed, known)?;
        let skipped = self.header.iter().map(|name| !fixed.contains(&name));
        self.open = Some(Open {
            columns,
            of,
            skipped: skipped.collect(),
        });
        Ok(self)
    }
}

impl<R, F: DeserializeOwned, T> RowStream<R, F, T> {
    /// Finds out whether rows start with names, as R's `write.table` writes them: in a column without a
    /// header. So rows have one field more than the header. Where that could be anything else (a
    /// thousands separator, an empty field at the end), the row is refused: a column must never be read
    /// as its neighbour.
    fn settle(&mut self, outcome: Result<(), String>) -> Result<(), String> {
        if self.record.len() != self.header.len() + 1 {
            self.settled = outcome.is_ok();
            return outcome;
        }
        let number = |at: usize| self.record[at].parse::<f64>().is_ok();
        let named = whole(&self.record[0]).is_some() && !number(1);
        let shifted = || self.record.iter().skip(1).collect();
        let sure = outcome.is_err()
            || (self.cells(&self.record).is_err() && self.cells(&shifted()).is_ok());
        if named && sure {
            self.settled = true;
            self.skip_row_names();
            return Ok(());
        }
        let (fields, names) = (self.record.len(), self.header.len());
        Err(format!(
            "{fields} fields, expected {names}; if the first is a row name of R, write the table with row.names = \
             FALSE; if the last is empty, take it off"
        ))
    }

    /// Every row starts with a name that has no column.
    fn skip_row_names(&mut self) {
        self.header = std::iter::once("").chain(&self.header).collect();
        self.named.iter_mut().for_each(|place| *place += 1);
        if let Some(open) = &mut self.open {
            open.columns.shift();
            open.skipped.insert(0, true);
        }
    }

    /// The cells of a record by the names of the header.
    fn cells(&self, record: &StringRecord) -> Result<F, String> {
        for &place in &self.named {
            let cell = &record[place];
            if is_missing(cell) {
                let (column, cell) = (&self.header[place], shown(cell));
                return Err(format!(
                    "{column} = {cell}, which means empty; give it another name"
                ));
            }
        }
        let skipped = self.open.as_ref().map_or(&[][..], |open| &open.skipped);
        let row = F::deserialize(Cells::without(skipped, &self.header, record));
        row.map_err(|e| e.to_string())
    }

    fn row(&mut self, line: u64) -> Result<T, String> {
        let mut row = self.cells(&self.record)?;
        let (header, record) = (&self.header, &self.record);
        if let Some(open) = &mut self.open {
            let into = (open.of)(&mut row);
            open.columns
                .read(line, header, record, &mut self.hints, into)?;
        }
        (self.check)(row)
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
                Ok(Some((line, outcome))) => {
                    if outcome.is_ok() && self.record.iter().all(is_missing) {
                        continue; // a spreadsheet's row of nothing
                    }
                    let outcome = match self.settled {
                        true => outcome,
                        false => self.settle(outcome),
                    };
                    match outcome.and_then(|()| self.row(line)) {
                        Ok(row) => return Some(Ok(Streamed::Row((line, row)))),
                        Err(reason) => {
                            if let Some(problem) = self.cap.admit(line, reason) {
                                return Some(Ok(Streamed::Problem(problem)));
                            }
                        }
                    }
                }
            }
        }
        None
    }
}

/// The row without its line.
pub(super) fn unnumbered<T>(item: Result<Streamed<(u64, T)>>) -> Result<Streamed<T>> {
    item.map(|item| match item {
        Streamed::Row((_, row)) => Streamed::Row(row),
        Streamed::Problem(problem) => Streamed::Problem(problem),
    })
}
