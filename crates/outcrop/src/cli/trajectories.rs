//! Trajectories of the ratio or of the observables of a long table, for the commands that take both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::table::{self, Loaded};
use outcrop_core::{Error as CoreError, Observation, Trajectory};

use super::folders::runs_in;
use super::input::{Input, good_rows};
use super::output::say;
use crate::{Error, Result};

#[derive(clap::Args)]
pub(crate) struct AnyTrajectories {
    #[command(flatten)]
    input: Input,
    /// Of a long table (observables.csv): only these observables, at every place or at one [default: all].
    #[arg(long, value_name = "NAME[@PLACE]", value_delimiter = ',')]
    observable: Vec<String>,
}

impl AnyTrajectories {
    /// The input.
    pub(crate) fn name(&self) -> String {
        self.input.name()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.input.path()
    }

    /// Its trajectories; of other tables than long ones those of the ratio.
    pub(crate) fn read(&self) -> Result<Vec<Observed>> {
        let path = self.input.path();
        let (is_asked, is_file) = (!self.observable.is_empty(), path.is_file());
        if is_asked {
            return read_observed(path, &self.observable);
        }
        if is_file && let Ok(loaded) = table::read_rows(path) {
            return of_rows(path, loaded, &[]);
        }
        let trajectories = self.input.open()?;
        let failure = trajectories.failure();
        let named = |trajectory: Trajectory| Observed {
            observable: "ratio".into(),
            place: String::new(),
            trajectory,
        };
        let found = trajectories.map(named).collect();
        failure.check()?;
        Ok(found)
    }
}

/// The trajectory of one observable.
pub(crate) struct Observed {
    /// The observable.
    pub(crate) observable: String,
    /// Where it was read; empty for the ratio.
    pub(crate) place: String,
    /// Steps, values (as `ratios`) and standard errors; of a head, the model's name says which.
    pub(crate) trajectory: Trajectory,
}

impl Observed {
    /// `NAME@PLACE`.
    pub(crate) fn name(&self) -> String {
        match self.place.is_empty() {
            true => self.observable.clone(),
            false => format!("{}@{}", self.observable, self.place),
        }
    }

    /// Its steps as numbers.
    pub(crate) fn steps(&self) -> Vec<f64> {
        self.trajectory
            .steps
            .iter()
            .map(|step| *step as f64)
            .collect()
    }
}

/// The observables that were asked for (`NAME` or `NAME@PLACE`) of a long table, or of that in a folder.
pub(crate) fn read_observed(path: &Path, asked: &[String]) -> Result<Vec<Observed>> {
    if !path.is_dir() {
        return of_rows(path, table::read_rows(path)?, asked);
    }
    let mut found = Vec::new();
    for table in tables_in(path)? {
        found.extend(of_rows(&table, table::read_rows(&table)?, asked)?);
    }
    Ok(found)
}

/// The long table in a folder, or those of its runs.
fn tables_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let own = table::in_folder(folder, "observables");
    let of_runs = match own {
        Some(table) => return Ok(vec![table]),
        None => runs_in(folder)?,
    };
    let tables: Vec<PathBuf> = of_runs
        .iter()
        .filter_map(|run| table::in_folder(run, "observables"))
        .collect();
    if tables.is_empty() {
        let reason = "it has no observables.csv, nor has a run in it; `outcrop train --observe` and \
                      `outcrop measure --observe` write one";
        return Err(CoreError::parse(folder.display().to_string(), reason).into());
    }
    Ok(tables)
}

type Key = (String, u32, Option<u32>, String, String);

/// In the order of model, layer, head, place and name; all, if none was asked for. Rows of single sequences are left out:
/// the mean over sequences has rows of its own.
fn of_rows(path: &Path, loaded: Loaded<Observation>, asked: &[String]) -> Result<Vec<Observed>> {
    let rows = good_rows(path, loaded)?;
    let is_asked = |row: &Observation| {
        let is = |asked: &String| match asked.split_once('@') {
            Some((name, "*")) => row.observable == name,
            Some((name, place)) => row.observable == name && row.place == place,
            None => row.observable == *asked,
        };
        asked.is_empty() || asked.iter().any(is)
    };
    let mut groups: BTreeMap<Key, Vec<&Observation>> = BTreeMap::new();
    for row in rows
        .iter()
        .filter(|row| row.sequence.is_none() && is_asked(row))
    {
        let (model, place, name) = (row.model.clone(), row.place.clone(), row.observable.clone());
        let of = groups.entry((model, row.layer, row.head, place, name));
        of.or_default().push(row);
    }
    for asked in asked {
        let name = asked.split('@').next().unwrap_or(asked);
        if !groups.keys().any(|(.., known)| known == name) {
            return Err(unknown(path, asked, &rows));
        }
    }
    let absent = groups
        .values()
        .flatten()
        .filter(|row| row.value.is_none())
        .count();
    if absent > 0 {
        say(&format!(
            "note: {absent} values of {} are empty; its column `reason` says why",
            path.display()
        ));
    }
    Ok(groups
        .into_iter()
        .map(|(key, rows)| observed(key, rows))
        .collect())
}

fn unknown(path: &Path, asked: &str, rows: &[Observation]) -> Error {
    let mut known: Vec<String> = rows
        .iter()
        .map(|row| format!("{}@{}", row.observable, row.place))
        .collect();
    known.sort();
    known.dedup();
    let allowed = format!("one that {} has: {}", path.display(), known.join(", "));
    CoreError::range("--observable", asked, allowed).into()
}

fn observed((model, layer, head, place, name): Key, mut rows: Vec<&Observation>) -> Observed {
    rows.sort_by_key(|row| row.step);
    rows.retain(|row| row.value.is_some());
    let sem: Option<Vec<f64>> = rows.iter().map(|row| row.sem).collect();
    let head = head
        .map(|head| format!(", head {head}"))
        .unwrap_or_default();
    Observed {
        observable: name,
        place,
        trajectory: Trajectory {
            model: model + &head,
            layer,
            steps: rows.iter().map(|row| row.step).collect(),
            ratios: rows.iter().filter_map(|row| row.value).collect(),
            // standard errors of some checkpoints weigh nothing
            sem: sem.unwrap_or_default(),
            ..Trajectory::default()
        },
    }
}
