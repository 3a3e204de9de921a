//! Measurements of any number folded into trajectories while they are read.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;

use super::super::csv_io;
use super::super::once::{Repeated, fingerprint};
use super::super::problem::{Loaded, Problem, Streamed};
use super::flat::Staged;
use super::{key, numbered};
use crate::{Error, Measurement, Result, Trajectory, TrajectoryBuilder, TrajectoryOptions};

/// A measurements table that may be read more than once.
pub(crate) struct Table<'a> {
    /// Its name in errors.
    pub(crate) context: String,
    /// Opens it at its beginning.
    pub(crate) open: Box<dyn Fn() -> Result<Box<dyn Read + 'a>> + 'a>,
}

/// Reads a measurements table of any size and folds it into trajectories, as [`TrajectoryBuilder`]
/// does: no more than one row is held.
///
/// # Errors
/// As [`measurements`](super::measurements); [`Error::Parse`] for a duplicate row, since a reader cannot be read again
/// to compare the two.
pub fn fold_measurements(
    reader: impl Read,
    context: &str,
    options: impl Into<TrajectoryOptions>,
) -> Result<Loaded<Trajectory>> {
    let mut fold = Fold::new(options.into());
    fold.take(reader, context)?;
    if let Some((line, what)) = &fold.first_again {
        let reason = format!(
            "line {line}: {what} is given again; give the table as a file, which can be read twice, to \
             know whether it is the same"
        );
        return Err(Error::parse(context, reason));
    }
    Ok(fold.finish(Vec::new()))
}

/// Folds all `tables` together. Problems name their table. Only if there are duplicate rows are the tables read a
/// second time, to compare them; each such row takes 24 bytes.
///
/// # Errors
/// As [`measurements`](super::measurements).
pub(crate) fn fold_tables(
    tables: &[Table<'_>],
    options: TrajectoryOptions,
) -> Result<Loaded<Trajectory>> {
    let mut fold = Fold::new(options);
    for table in tables {
        fold.take((table.open)()?, &table.context)?;
    }
    let notes = compare(tables, &fold.again)?;
    Ok(fold.finish(notes))
}

struct Fold {
    builder: TrajectoryBuilder,
    problems: Vec<Problem>,
    /// Keys of duplicate rows, with the position of the first.
    again: HashSet<u64>,
    first_again: Option<(u64, String)>,
}

impl Fold {
    fn new(options: TrajectoryOptions) -> Self {
        Self {
            builder: TrajectoryBuilder::new(options),
            problems: Vec::new(),
            again: HashSet::new(),
            first_again: None,
        }
    }

    fn take(&mut self, reader: impl Read, context: &str) -> Result<()> {
        for item in numbered(reader, context)? {
            match item? {
                Streamed::Row((_, row)) if self.builder.add(&row) => {}
                Streamed::Row((line, row)) => {
                    let what = key(&row);
                    self.again.insert(fingerprint(&what));
                    self.first_again.get_or_insert((line, what));
                }
                Streamed::Problem(problem) => self.problems.push(within(problem, context)),
            }
        }
        Ok(())
    }

    fn finish(mut self, notes: Vec<Problem>) -> Loaded<Trajectory> {
        self.problems.extend(notes);
        self.problems.extend(left_out(self.builder.suspects()));
        Loaded {
            rows: self.builder.finish(),
            problems: self.problems,
        }
    }
}

fn within(problem: Problem, context: &str) -> Problem {
    Problem {
        context: context.to_owned(),
        ..problem
    }
}

/// Checks that duplicate rows are equal; a note for each table that has some.
fn compare(tables: &[Table<'_>], again: &HashSet<u64>) -> Result<Vec<Problem>> {
    let (mut notes, mut firsts) = (Vec::new(), HashMap::new());
    if again.is_empty() {
        return Ok(notes);
    }
    for (place, table) in tables.iter().enumerate() {
        let mut repeated = Repeated::default();
        for item in numbered((table.open)()?, &table.context)? {
            let Streamed::Row((line, row)) = item? else {
                continue;
            };
            let about = fingerprint(&key(&row));
            if !again.contains(&about) {
                continue;
            }
            let said = content(&row)?;
            match firsts.entry(about) {
                Entry::Vacant(first) => drop(first.insert((place, line, said))),
                Entry::Occupied(first) if first.get().2 == said => repeated.add(line),
                Entry::Occupied(first) => {
                    let (first, first_line, _) = *first.get();
                    return Err(contradiction(
                        [&tables[first], table],
                        [first_line, line],
                        &row,
                    ));
                }
            }
        }
        notes.extend(repeated.note().map(|note| within(note, &table.context)));
    }
    Ok(notes)
}

/// The values of a row, independent of how its numbers are written.
fn content(row: &Measurement) -> Result<u64> {
    let record = csv_io::record(&Staged::from(row))?;
    Ok(fingerprint(&record.iter().collect::<Vec<_>>()))
}

fn contradiction(tables: [&Table<'_>; 2], lines: [u64; 2], row: &Measurement) -> Error {
    let [first, second] = tables.map(|table| table.context.as_str());
    let first = match first == second {
        true => lines[0].to_string(),
        false => format!("{} of {first}", lines[0]),
    };
    Error::twice(second, key(row), [first, lines[1].to_string()])
}

/// Problems for suspect steps that are left out, as (model, step) with the reason: one for each model and reason.
pub fn left_out(suspects: &BTreeMap<(String, u64), String>) -> Vec<Problem> {
    let mut steps: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for ((model, step), reason) in suspects {
        let of_reason = steps.entry((model, reason)).or_default();
        of_reason.push(step.to_string());
    }
    let problem = |((model, reason), steps): ((&str, &str), Vec<String>)| Problem {
        reason: format!(
            "{} suspect steps of {model} were left out ({reason}): {}",
            steps.len(),
            steps.join(", ")
        ),
        ..Problem::default()
    };
    steps.into_iter().map(problem).collect()
}
