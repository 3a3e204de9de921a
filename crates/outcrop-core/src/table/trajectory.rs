use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::csv_io::{self, Loaded};
use crate::{Error, Result, Trajectory, write_atomic};

const REQUIRED: [&str; 4] = ["model", "layer", "step", "ratio"];

#[derive(Serialize, Deserialize)]
struct Flat {
    model: String,
    layer: u32,
    step: u64,
    ratio: f64,
    #[serde(default)]
    sem: Option<f64>,
}

/// Reads a trajectory table: `model,layer,step,ratio` and, where it is there, `sem`. Rows keep
/// their order within a (model, layer); whether steps ascend and ratios are finite is for the
/// fitter to judge.
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
    let (rows, problems) = csv_io::read::<Flat>(reader, context, &REQUIRED)?;
    let mut index = std::collections::HashMap::new();
    let mut trajectories: Vec<Trajectory> = Vec::new();
    for (_, row) in rows {
        let at = *index
            .entry((row.model.clone(), row.layer))
            .or_insert_with(|| {
                trajectories.push(Trajectory {
                    model: row.model,
                    layer: row.layer,
                    ..Trajectory::default()
                });
                trajectories.len() - 1
            });
        let t = &mut trajectories[at];
        t.steps.push(row.step);
        t.ratios.push(row.ratio);
        t.sem.push(row.sem.unwrap_or(f64::NAN));
    }
    for t in &mut trajectories {
        if t.sem.iter().any(|s| s.is_nan()) {
            t.sem.clear();
        }
    }
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
}
