use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::csv_io;
use super::fields;
use super::problem::{Loaded, Streamed};
use super::row_stream::RowStream;
use crate::{Error, Result, Trajectory, write_atomic};

pub(super) const REQUIRED: [&str; 4] = ["model", "layer", "step", "ratio"];
const OPTIONAL: [&str; 1] = ["sem"];

/// A row as it stands in the file.
#[derive(Serialize, Deserialize)]
pub(super) struct Flat {
    pub(super) model: String,
    #[serde(deserialize_with = "fields::foreign_layer")]
    pub(super) layer: u32,
    #[serde(deserialize_with = "fields::step")]
    step: u64,
    #[serde(deserialize_with = "fields::ratio")]
    ratio: f64,
    #[serde(default)]
    sem: Option<f64>,
}

impl Flat {
    /// Puts the row behind the others of its trajectory.
    pub(super) fn push_to(self, trajectory: &mut Trajectory) {
        trajectory.push(self.step, self.ratio, self.sem);
    }
}

/// The rows of a trajectory table, whatever their order.
pub(super) fn rows<R: Read>(reader: R, context: &str) -> Result<RowStream<R, Flat, Flat>> {
    RowStream::new(reader, context, [&REQUIRED, &OPTIONAL], Ok)
}

/// Reads a trajectory table: `model,layer,step,ratio` and, where it is there, `sem`. Rows keep
/// their order within a (model, layer), and may be in any order otherwise; the table is held in
/// memory ([`trajectory_stream`](super::trajectory_stream) holds one trajectory at a time).
///
/// Whether steps ascend and ratios are finite is for the fitter to judge: `nan`, `inf`, `1e400`
/// (infinite) and an empty ratio (NaN) are kept. A step is a whole number from 0 to 2^53, also
/// written as `1000.0` or `1e3`, a layer one of at least 0 (ours count from 1); a row with any other is a problem, as is one
/// whose ratio is no number. Standard errors are kept where every row of the trajectory has one.
///
/// # Errors
/// [`Error::Io`], [`Error::MissingColumn`], [`Error::Parse`]; a bad row is no error but a problem
/// of the result.
pub fn trajectories(path: &Path) -> Result<Loaded<Trajectory>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("read", path, e))?;
    trajectories_from(file, &path.display().to_string())
}

/// As [`trajectories`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`trajectories`].
pub fn trajectories_from(reader: impl Read, context: &str) -> Result<Loaded<Trajectory>> {
    let mut index = HashMap::new();
    let (mut trajectories, mut problems) = (Vec::<Trajectory>::new(), Vec::new());
    for item in rows(reader, context)? {
        let row = match item? {
            Streamed::Row((_, row)) => row,
            Streamed::Problem(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let at = match trajectories.last() {
            Some(t) if t.model == row.model && t.layer == row.layer => trajectories.len() - 1,
            _ => *index
                .entry((row.model.clone(), row.layer))
                .or_insert_with(|| {
                    trajectories.push(Trajectory::new(&row.model, row.layer));
                    trajectories.len() - 1
                }),
        };
        row.push_to(&mut trajectories[at]);
    }
    trajectories.iter_mut().for_each(Trajectory::close);
    Ok(Loaded {
        rows: trajectories,
        problems,
    })
}

/// Writes a trajectory table, whole or not at all.
///
/// # Errors
/// [`Error::Io`] with the path.
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
                })
        })
        .collect();
    if rows.is_empty() {
        return write_atomic(path, b"model,layer,step,ratio,sem\n");
    }
    write_atomic(path, &csv_io::to_csv(&rows, true)?)
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
}
