use std::io::Write;
use std::path::{Path, PathBuf};

use outcrop_arch::ArchSpec;
use outcrop_checkpoint::Audit;
use outcrop_core::table;
use outcrop_core::{
    NamedArch, Provenance, check_writable, holds_nothing, read_sealed, remove_leftovers,
    write_atomic_with, write_sealed,
};
use outcrop_measure::PlaceCounts;
use serde::Serialize;

use crate::rows::{MEASUREMENTS, each_row};
use crate::state::SeriesState;
use crate::{Error, Result};

/// Places that `places.csv` lists of a model.
const PLACES: usize = 200;

const STATE: &str = "state.json";
/// Written last.
pub(crate) const PROVENANCE: &str = "provenance.json";

/// The folder of one measured series.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, whether or not it is there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Checks that it may be written into, creating it if necessary: it must be empty or hold such a series.
    ///
    /// # Errors
    /// [`Error::OtherSeries`] for a folder that holds anything else, which is not touched;
    /// [`Error::Core`].
    pub fn check(&self, repair: bool) -> Result<()> {
        // in this order: another process may begin in between
        let is_empty = holds_nothing(&self.path);
        let is_series = self.file(STATE).exists() || (repair && self.is_remnant());
        if !is_empty && !is_series {
            return Err(self.other("it is not empty, and has no state.json of such a series"));
        }
        Ok(check_writable(&self.path)?)
    }

    /// Whether it holds measurements, and is no run directory.
    fn is_remnant(&self) -> bool {
        self.file(MEASUREMENTS).exists() && !self.file("run.toml").exists()
    }

    /// Makes it ready for `wanted`, by the owner of its lock: makes sure that it was measured with the
    /// same tokens, and removes what killed processes left. Returns how far it is.
    ///
    /// # Errors
    /// [`Error::OtherSeries`] for a folder that holds anything else, which is not touched;
    /// [`Error::Damaged`] where its state cannot be read, unless it is to be repaired;
    /// [`Error::Core`].
    pub(crate) fn claim(&self, wanted: &SeriesState, repair: bool) -> Result<SeriesState> {
        self.check(repair)?;
        remove_leftovers(&self.path)?;
        let held = match self.state() {
            Ok(held) => held,
            Err(_) if repair => None,
            Err(error) => return Err(self.damaged(format!("failed to {error}"))),
        };
        let Some(mut held) = held else {
            self.set_state(wanted)?;
            return Ok(wanted.clone());
        };
        // an earlier version wrote the one architecture of all steps
        for key in held.steps.values_mut() {
            key.config.get_or_insert_with(|| held.arch_sha256.clone());
        }
        if let Some(what) = held.differences(wanted) {
            return Err(self.other(&format!("it was measured with another setting of {what}")));
        }
        Ok(held)
    }

    /// Its state; none if there is no state file.
    pub(crate) fn state(&self) -> Result<Option<SeriesState>> {
        let file = self.file(STATE);
        if !file.exists() {
            return Ok(None);
        }
        Ok(Some(read_sealed(&file)?))
    }

    /// That files in it are gone, cut or altered.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            what: what.into(),
        }
    }

    /// That it holds something else than is wanted.
    pub(crate) fn other(&self, reason: &str) -> Error {
        Error::OtherSeries {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Writes how far it is.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub fn set_state(&self, state: &SeriesState) -> Result<()> {
        Ok(write_sealed(&self.file(STATE), state)?)
    }

    /// Streamed: the audit of a long series is large.
    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let file = self.file(name);
        let written = write_atomic_with(&file, |file| {
            serde_json::to_writer_pretty(&mut *file, value)?;
            file.write_all(b"\n")
        });
        Ok(written?)
    }

    /// Writes the places that persist.
    pub(crate) fn write_places(&self) -> Result<()> {
        let mut counts = PlaceCounts::new();
        let path = self.file(MEASUREMENTS);
        each_row(&path, |row| {
            counts.add(&row);
            Ok(())
        })?;
        let mut places = counts.most_persistent(PLACES);
        each_row(&path, |row| {
            places.add(&row);
            Ok(())
        })?;
        Ok(table::write_rows(
            &self.file("places.csv"),
            &places.finish(),
        )?)
    }

    pub(crate) fn write_audit(&self, audit: &Audit) -> Result<()> {
        self.write_json("audit.json", audit)
    }

    /// The audit that an earlier run left; none where it cannot be read.
    pub(crate) fn audit(&self) -> Option<Audit> {
        let text = std::fs::read_to_string(self.file("audit.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(crate) fn write_arch(&self, arch: NamedArch) -> Result<()> {
        Ok(table::write_architectures(
            &self.file("architectures.csv"),
            &[arch],
        )?)
    }

    /// The architecture that was measured, if one was and its table can be read.
    pub(crate) fn arch(&self) -> Option<ArchSpec> {
        let rows = table::architectures(&self.file("architectures.csv"));
        rows.ok()?.rows.into_iter().next().map(|row| row.arch)
    }

    pub(crate) fn write_provenance(&self, provenance: &Provenance) -> Result<()> {
        Ok(provenance.write(&self.file(PROVENANCE))?)
    }
}
