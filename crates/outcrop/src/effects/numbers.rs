//! The numbers of each run of a variant.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_core::table::{self, Loaded};
use outcrop_core::{EffectScale, Trajectory, TrajectoryOptions};

use super::quantities::{RunTables, Value};
use super::variants::Variant;
use crate::Result;

/// The numbers of a variant by seed.
pub(super) struct Numbers {
    pub(super) variant: String,
    by_seed: BTreeMap<String, Vec<Value>>,
}

impl Numbers {
    /// Reads the tables of every run.
    pub(super) fn read(variant: &Variant) -> Result<Self> {
        let runs = variant.runs.iter();
        let by_seed = runs.map(|(seed, run)| Ok((seed.clone(), tables(run)?.values())));
        Ok(Self {
            variant: variant.name.clone(),
            by_seed: by_seed.collect::<Result<_>>()?,
        })
    }

    /// The quantity of this variant and of another for every seed that has both.
    pub(super) fn paired(&self, other: &Self, quantity: &str) -> Vec<[f64; 2]> {
        let of = |values: &[Value]| {
            let value = values.iter().find(|value| value.quantity == quantity);
            value.and_then(|value| value.value)
        };
        let seeds = self.by_seed.iter();
        let pair = seeds.filter_map(|(seed, values)| {
            let others = other.by_seed.get(seed)?;
            Some([of(values)?, of(others)?])
        });
        pair.collect()
    }
}

/// Every quantity of any run with its scale, in order of appearance.
pub(super) fn names(all: &[Numbers]) -> Vec<(String, EffectScale)> {
    let mut names: Vec<(String, EffectScale)> = Vec::new();
    let values = all.iter().flat_map(|one| one.by_seed.values().flatten());
    for value in values {
        if !names.iter().any(|(name, _)| *name == value.quantity) {
            names.push((value.quantity.clone(), value.scale));
        }
    }
    names
}

fn tables(run: &Path) -> Result<RunTables> {
    let measurements = rows(run, "measurements", table::measurements)?;
    let mut observations = rows(run, "observables", table::read_rows)?;
    observations.retain(|row: &outcrop_core::Observation| row.sequence.is_none());
    Ok(RunTables {
        trajectories: Trajectory::from_measurements(&measurements, TrajectoryOptions::default()),
        measurements,
        losses: rows(run, "loss", table::read_rows)?,
        observations,
    })
}

/// The rows of a table; none where it is not there.
///
/// # Errors
/// For a table that cannot be read, or has a row that cannot be.
fn rows<T>(
    run: &Path,
    name: &str,
    read: impl Fn(&Path) -> outcrop_core::Result<Loaded<T>>,
) -> Result<Vec<T>> {
    let Some(path) = table::in_folder(run, name) else {
        return Ok(Vec::new());
    };
    let loaded = read(&path)?;
    match loaded.problems.first() {
        Some(problem) => {
            Err(outcrop_core::Error::parse(path.display().to_string(), problem).into())
        }
        None => Ok(loaded.rows),
    }
}
