//! Whether the files of a run are unchanged.

use std::collections::BTreeMap;

use outcrop_checkpoint::{series, verify};
use outcrop_core::{Error as CoreError, LossPoint, table};

use super::tables::{LOSS, MEASUREMENTS};
use super::{Extents, RunDir, State};
use crate::{Result, RunSpec};

impl RunDir {
    /// Missing, truncated or altered files in the folder of a finished run, in words; none where it is as
    /// the run left it.
    pub(crate) fn damage(&self, spec: &RunSpec, state: &State) -> Result<Vec<String>> {
        let mut damage = self.altered(&state.files, true)?;
        if state.step != spec.train.steps || state.spec_sha256 != spec.sha256()? {
            damage.push("state.json: it is of another run or step".into());
        }
        if state.files.is_empty() {
            damage.extend(self.missing_rows(spec, spec.train.steps)?);
        }
        let checkpoints = self.bad_checkpoints(spec, spec.train.steps)?;
        damage.extend(checkpoints.into_values());
        Ok(damage)
    }

    /// Files that do not begin with what is known to be good, in words; `whole`: or do not end there.
    pub(super) fn altered(&self, good: &Extents, whole: bool) -> Result<Vec<String>> {
        let mut altered = Vec::new();
        for (name, extent) in good {
            let path = self.path().join(name);
            if let Some(reason) = extent.difference(&path)? {
                altered.push(format!("{name}: {reason}"));
            } else if whole && path.exists() {
                let length = path
                    .metadata()
                    .map_err(|e| CoreError::io("read", &path, e))?;
                if length.len() > extent.bytes {
                    let more = length.len() - extent.bytes;
                    altered.push(format!("{name}: {more} bytes were added after its end"));
                }
            }
        }
        Ok(altered)
    }

    /// Checkpoints up to `last` that the schedule asks for and that are not there, and those that are
    /// there and do not verify, in words, by step.
    pub(crate) fn bad_checkpoints(
        &self,
        spec: &RunSpec,
        last: u64,
    ) -> Result<BTreeMap<u64, String>> {
        let folder = self.checkpoints();
        let held: BTreeMap<_, _> = match folder.exists() {
            true => series(&folder)?.into_iter().collect(),
            false => BTreeMap::new(),
        };
        let saved_at = spec.saved_at()?;
        let scheduled = |step: &u64| saved_at.contains(*step) || *step == spec.train.steps;
        let gone = (0..=last).filter(|step| scheduled(step) && !held.contains_key(step));
        let gone = gone.map(|step| (step, format!("the checkpoint of step {step} is gone")));
        let mut bad: BTreeMap<u64, String> = gone.collect();
        for (step, path) in held.into_iter().filter(|(step, _)| *step <= last) {
            if let Err(error) = verify(&path) {
                bad.insert(step, format!("failed to {error}"));
            }
        }
        Ok(bad)
    }

    /// Rows up to `last` that the schedule asks for and that are not there, in words: for a run of an
    /// earlier version, which kept no hashes of its tables.
    pub(super) fn missing_rows(&self, spec: &RunSpec, last: u64) -> Result<Option<String>> {
        let mut rows: BTreeMap<u64, usize> = BTreeMap::new();
        for row in read(&self.measurements(), table::measurements)? {
            *rows.entry(row.step).or_default() += 1;
        }
        let losses = read(&self.loss(), table::read_rows::<LossPoint>)?;
        let losses: std::collections::BTreeSet<u64> = losses.iter().map(|row| row.step).collect();
        let measured_at = spec.measured_at()?;
        let expected = spec.measure.sequences * spec.arch.layers;
        let missing = (0..=last)
            .filter(|step| measured_at.contains(*step))
            .find_map(|step| {
                let found = rows.get(&step).copied().unwrap_or_default();
                match (found == expected, losses.contains(&step)) {
                    (true, true) => None,
                    (false, _) => Some(format!(
                        "{MEASUREMENTS}: step {step} has {found} of {expected} rows"
                    )),
                    (true, false) => Some(format!("{LOSS}: step {step} has no row")),
                }
            });
        Ok(missing)
    }
}

/// The good rows of a table; none where it is not there, or no table.
fn read<T>(
    path: &std::path::Path,
    read: impl Fn(&std::path::Path) -> outcrop_core::Result<table::Loaded<T>>,
) -> Result<Vec<T>> {
    match read(path) {
        Ok(loaded) => Ok(loaded.rows),
        Err(error @ CoreError::Twice { .. }) => Err(error.into()),
        Err(_) => Ok(Vec::new()),
    }
}
