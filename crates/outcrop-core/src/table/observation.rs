//! The table of observables, with or without the columns of stages.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::fields;
use super::problem::Loaded;
use super::row::Row;
use super::rows::read_rows;
use crate::{Observation, Result};

/// As [`Observation`], with the columns `stage` and `position` behind the others, for runs that have several stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Staged", into = "Staged")]
pub struct StagedObservation(pub Observation);

/// Its form in a table.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Staged {
    model: String,
    step: u64,
    layer: u32,
    head: Option<u32>,
    place: String,
    observable: String,
    value: Option<f64>,
    sem: Option<f64>,
    n: u64,
    reason: Option<String>,
    sequence: Option<u32>,
    stage: Option<String>,
    position: Option<u64>,
}

impl TryFrom<Staged> for StagedObservation {
    type Error = String;

    fn try_from(row: Staged) -> Result<Self, String> {
        Ok(Self(Observation {
            stage: fields::stage(row.stage, row.step, row.position)?,
            model: row.model,
            step: row.step,
            layer: row.layer,
            head: row.head,
            place: row.place,
            observable: row.observable,
            value: row.value,
            sem: row.sem,
            n: row.n,
            reason: row.reason,
            sequence: row.sequence,
        }))
    }
}

impl From<StagedObservation> for Staged {
    fn from(StagedObservation(row): StagedObservation) -> Self {
        let begins = row.stage.as_ref().and_then(|stage| stage.begins);
        Self {
            position: begins.and_then(|begins| begins.checked_add(row.step)),
            stage: row.stage.map(|stage| stage.name),
            model: row.model,
            step: row.step,
            layer: row.layer,
            head: row.head,
            place: row.place,
            observable: row.observable,
            value: row.value,
            sem: row.sem,
            n: row.n,
            reason: row.reason,
            sequence: row.sequence,
        }
    }
}

impl Row for StagedObservation {
    const REQUIRED: &'static [&'static str] = Observation::REQUIRED;
    const HEADER: &'static [&'static str] = &[
        "model",
        "step",
        "layer",
        "head",
        "place",
        "observable",
        "value",
        "sem",
        "n",
        "reason",
        "sequence",
        "stage",
        "position",
    ];
    const NAMED: &'static [&'static str] = Observation::NAMED;

    fn key(&self) -> String {
        let stage = self.0.stage.as_ref();
        let stage = stage.map_or_else(String::new, |stage| format!("stage {:?}, ", stage.name));
        stage + &self.0.key()
    }
}

/// Reads a table of observables, with or without the columns of stages.
///
/// ```
/// use outcrop_core::table;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("observables.csv");
/// let header = "model,step,layer,head,place,observable,value,sem,n,stage,position";
/// std::fs::write(&path, format!("{header}\nm,8,1,,keys,rms,0.5,,1,stage2,908\n"))?;
/// let rows = table::observations(&path).expect("it is a table").rows;
/// assert_eq!(rows[0].stage.as_ref().and_then(|stage| stage.begins), Some(900));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`read_rows`].
pub fn observations(path: &Path) -> Result<Loaded<Observation>> {
    let loaded = read_rows::<StagedObservation>(path)?;
    Ok(Loaded {
        rows: loaded.rows.into_iter().map(|row| row.0).collect(),
        problems: loaded.problems,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;
    use crate::table::{rows_to_csv, write_rows};

    #[test]
    fn stages_are_written_and_read() {
        let row = |stage: &str, begins, value| Observation {
            model: "m".into(),
            step: 100,
            layer: 2,
            place: "keys".into(),
            observable: "rms".into(),
            value: Some(value),
            n: 3,
            stage: Some(Stage {
                name: stage.into(),
                begins,
            }),
            ..Observation::default()
        };
        let rows = [
            row("stage1", Some(0), 0.5),
            row("stage2", Some(900), 0.7),
            row("stage3", None, 0.1),
        ];
        let staged: Vec<_> = rows.iter().cloned().map(StagedObservation).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("o.csv");
        write_rows(&path, &staged).unwrap();
        let loaded = observations(&path).unwrap();
        assert_eq!(
            (loaded.rows.as_slice(), loaded.problems.len()),
            (&rows[..], 0)
        );
        let text = String::from_utf8(rows_to_csv(&staged).unwrap()).unwrap();
        assert!(text.starts_with(
            "model,step,layer,head,place,observable,value,sem,n,reason,sequence,stage,position\n"
        ));
        assert!(
            text.contains(",stage2,1000\n") && text.contains(",stage3,\n"),
            "{text}"
        );
        // a table without the columns is that of a run of one stage
        let plain = Observation {
            stage: None,
            ..rows[0].clone()
        };
        write_rows(&path, std::slice::from_ref(&plain)).unwrap();
        assert_eq!(observations(&path).unwrap().rows, [plain]);
        std::fs::write(&path, text.replace(",stage2,1000", ",stage2,99")).unwrap();
        let problems = observations(&path).unwrap().problems;
        assert!(
            problems[0].line == 3 && problems[0].reason.contains("position = 99"),
            "{problems:?}"
        );
    }
}
