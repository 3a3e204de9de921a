use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::csv_io;
use super::fields;
use super::header::Columns;
use super::once::Repeated;
use super::problem::{Loaded, Problem, Streamed};
use super::row_stream::RowStream;
use crate::{Result, Stage, Trajectory, write_atomic};

pub(super) const REQUIRED: [&str; 4] = ["model", "layer", "step", "ratio"];
const OPTIONAL: [&str; 3] = ["sem", "stage", "position"];

const HEADER: &str = "model,layer,step,ratio,sem";

/// A row in its form in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Flat {
    pub(super) model: String,
    /// Others count from 0.
    pub(super) layer: u32,
    #[serde(deserialize_with = "fields::step")]
    step: u64,
    ratio: f64,
    #[serde(default)]
    sem: Option<f64>,
    #[serde(default, skip_serializing)]
    stage: Option<String>,
    #[serde(default, skip_serializing)]
    position: Option<u64>,
}

/// A row with the columns of stages behind the others.
#[derive(Serialize)]
struct Staged<'a>(&'a Flat, Option<&'a str>, Option<u64>);

impl Flat {
    /// The stage, by name alone.
    pub(super) fn stage(&self) -> Option<&str> {
        self.stage.as_deref().filter(|name| !name.is_empty())
    }

    fn check(self) -> Result<Self, String> {
        fields::stage(None, self.step, self.position)?;
        Ok(self)
    }

    fn place(&self) -> Option<Stage> {
        let stage = fields::stage(self.stage.clone(), self.step, self.position);
        stage.ok().flatten()
    }
}

/// A trajectory that is being read.
pub(super) struct Open {
    trajectory: Trajectory,
    /// Where each point stands.
    lines: Vec<u64>,
}

impl Open {
    pub(super) fn new(row: &Flat) -> Self {
        Self {
            trajectory: Trajectory::new(&row.model, row.layer, row.place().as_ref()),
            lines: Vec::new(),
        }
    }

    /// Whether the row is of this trajectory.
    pub(super) fn has(&self, row: &Flat) -> bool {
        let stage = self.trajectory.stage.as_ref();
        self.trajectory.layer == row.layer
            && self.trajectory.model == row.model
            && stage.map(|stage| stage.name.as_str()) == row.stage()
    }

    pub(super) fn push(&mut self, line: u64, row: &Flat) {
        if let (Some(stage), Some(place)) = (&mut self.trajectory.stage, row.place())
            && stage.begins != place.begins
        {
            stage.begins = None;
        }
        self.trajectory.push(row.step, row.ratio, row.sem);
        self.lines.push(line);
    }

    /// The trajectory by step. Points that are given twice alike become one; others stay, for the
    /// fitter to refuse, and are a problem.
    pub(super) fn close(self) -> (Trajectory, Vec<Problem>) {
        let Trajectory { model, layer, .. } = &self.trajectory;
        let point = |i: usize| {
            let t = &self.trajectory;
            (t.steps[i], t.ratios[i], t.sem[i])
        };
        let alike = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        order.sort_by_key(|&i| self.trajectory.steps[i]);
        let mut closed = Trajectory::new(model, *layer, self.trajectory.stage.as_ref());
        let (mut repeated, mut problems) = (Repeated::default(), Vec::new());
        let mut last: Option<usize> = None;
        for i in order {
            let (step, ratio, sem) = point(i);
            match last.filter(|&held| point(held).0 == step) {
                Some(held) if alike(point(held).1, ratio) && alike(point(held).2, sem) => {
                    repeated.add(self.lines[i]);
                    continue;
                }
                Some(held) => problems.push(Problem {
                    line: self.lines[i],
                    reason: format!(
                        "model {model:?}, layer {layer}, step {step} is given again, and not as in \
                         line {}",
                        self.lines[held]
                    ),
                    ..Problem::default()
                }),
                None => {}
            }
            last = Some(i);
            closed.push(step, ratio, Some(sem));
        }
        problems.extend(repeated.note());
        closed.close();
        (closed, problems)
    }
}

/// The rows of a trajectory table, whatever their order.
pub(super) fn rows<R: Read>(reader: R, context: &str) -> Result<RowStream<R, Flat, Flat>> {
    let columns = Columns {
        required: &REQUIRED,
        optional: &OPTIONAL,
        named: &["model"],
    };
    RowStream::new(reader, context, columns, Flat::check)
}

/// Reads a trajectory table: `model,layer,step,ratio` and, where they are there, `sem`, `stage` and
/// `position`. Rows may be in any
/// order, and come by step within a (model, layer); the table is held in
/// memory ([`trajectory_stream`](super::trajectory_stream) holds one trajectory at a time). A row that
/// repeats another counts once; rows of one step that differ all stay. Both are problems.
///
/// Whether steps ascend and ratios are finite is for the fitter to judge: `nan`, `inf`, `1e400`
/// (infinite) and an empty ratio (NaN) are kept. A step is a whole number from 0 to 2^53, also
/// written as `1000.0` or `1e3`, a layer one of at least 0 (ours count from 1); a row with any other is a problem, as is one
/// whose ratio is not a number. Standard errors are kept where every row of the trajectory has one.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`Error::MissingColumn`](crate::Error::MissingColumn),
/// [`Error::Parse`](crate::Error::Parse); a bad row is no error but a problem of the result.
pub fn trajectories(path: &Path) -> Result<Loaded<Trajectory>> {
    trajectories_from(super::open(path)?, &path.display().to_string())
}

/// As [`trajectories`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`trajectories`].
pub fn trajectories_from(reader: impl Read, context: &str) -> Result<Loaded<Trajectory>> {
    let mut index = HashMap::new();
    let (mut open, mut problems) = (Vec::<Open>::new(), Vec::new());
    for item in rows(reader, context)? {
        let (line, row) = match item? {
            Streamed::Row(row) => row,
            Streamed::Problem(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let at = match open.last() {
            Some(last) if last.has(&row) => open.len() - 1,
            _ => *index
                .entry((row.model.clone(), row.stage().map(str::to_owned), row.layer))
                .or_insert_with(|| {
                    open.push(Open::new(&row));
                    open.len() - 1
                }),
        };
        open[at].push(line, &row);
    }
    let mut trajectories = Vec::with_capacity(open.len());
    for open in open {
        let (trajectory, more) = open.close();
        trajectories.push(trajectory);
        problems.extend(more);
    }
    Ok(Loaded {
        rows: trajectories,
        problems,
    })
}

/// Writes a trajectory table, completely or not at all.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) with the path.
pub fn write_trajectories(path: &Path, trajectories: &[Trajectory]) -> Result<()> {
    let rows: Vec<Flat> = trajectories
        .iter()
        .flat_map(|t| {
            t.steps
                .iter()
                .zip(&t.ratios)
                .enumerate()
                .map(|(i, (&step, &ratio))| Flat {
                    model: t.model.clone(),
                    layer: t.layer,
                    step,
                    ratio,
                    sem: t.sem.get(i).copied(),
                    stage: t.stage.as_ref().map(|stage| stage.name.clone()),
                    position: t
                        .stage
                        .as_ref()
                        .and_then(|stage| stage.begins?.checked_add(step)),
                })
        })
        .collect();
    let staged = |row: &Flat| row.stage.is_some();
    let (header, lines) = match rows.iter().any(staged) {
        false => (HEADER.to_owned(), csv_io::to_csv(&rows, false)?),
        true => {
            let rows = rows.iter();
            let rows = rows.map(|row| Staged(row, row.stage.as_deref(), row.position));
            let lines = csv_io::to_csv(&rows.collect::<Vec<_>>(), false)?;
            (format!("{HEADER},stage,position"), lines)
        }
    };
    write_atomic(path, &[header.as_bytes(), b"\n", &lines].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_rows_are_gathered_by_layer_and_print_back() {
        let csv = "step,model,layer,ratio,sem\n0,a,1,1.5,0.1\n0,a,2,2.5,0.1\n8,a,1,3,0.2\n";
        let loaded = trajectories_from(csv.as_bytes(), "t").unwrap();
        assert_eq!(loaded.rows.len(), 2);
        assert_eq!(loaded.rows[0].steps, [0, 8]);
        assert_eq!(loaded.rows[0].sem, [0.1, 0.2]);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        write_trajectories(&path, &loaded.rows).unwrap();
        assert_eq!(trajectories(&path).unwrap(), loaded);
    }

    #[test]
    fn values_that_are_not_finite_are_kept_and_others_named_with_column_and_value() {
        let csv = "\u{feff}model,layer,step,ratio\r\na,1,0,nan\r\na,1,1,1e400\r\na,1,2,\r\n\
            a,1,-3,5\na,1,2.5,5\na,1,9007199254740993,5\na,-1,4,5\na,1,4,five\na,1,8.0,7\n";
        let loaded = trajectories_from(csv.as_bytes(), "t").unwrap();
        assert_eq!(loaded.rows[0].steps, [0, 1, 2, 8]);
        let ratios = &loaded.rows[0].ratios;
        assert!(ratios[0].is_nan() && ratios[1] == f64::INFINITY && ratios[2].is_nan());
        let said: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
        for (said, parts) in said.iter().zip([
            ["line 5", "step", "-3"],
            ["line 6", "step", "2.5"],
            ["line 7", "step", "9007199254740993"],
            ["line 8", "layer", "-1"],
            ["line 9", "ratio", "five"],
        ]) {
            assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        }
        assert_eq!(said.len(), 5);
    }
    #[test]
    fn rows_in_any_order_come_by_step_and_once() {
        let csv = "model,layer,step,ratio\na,1,8,7\na,1,0,5\na,1,4,6\na,1,8.0,7.0\na,1,4,9\n";
        let loaded = trajectories_from(csv.as_bytes(), "t").unwrap();
        assert_eq!(loaded.rows[0].steps, [0, 4, 4, 8]);
        let said: Vec<_> = loaded.problems.iter().map(ToString::to_string).collect();
        assert!(
            said[0].starts_with("line 6:") && said[0].contains("not as in line 4"),
            "{said:?}"
        );
        assert!(said[1].ends_with("count once: line 5"), "{said:?}");
    }
}
