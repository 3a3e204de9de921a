use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use outcrop_checkpoint::Audit;
use outcrop_core::table::{self, Columns, MeasurementWriter, Streamed};
use outcrop_core::{
    ArchSpec, AtomicFile, Error as CoreError, HeadSink, Measurement, NamedArch, Provenance,
    check_writable, write_atomic_with,
};
use outcrop_measure::PlaceCounts;
use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::{Error, Result};

/// Places that `places.csv` lists of a model.
const PLACES: usize = 200;

/// The folder of one measured series.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// What a series is measured with, and how far it is: `state.json`. A folder goes on only with the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Name of the model in the tables.
    pub model: String,
    /// The stage of training in which the steps count, if their names have one.
    #[serde(default)]
    pub stage: Option<String>,
    /// SHA-256 of the token sequences.
    pub tokens_sha256: String,
    /// SHA-256 of the architecture; empty before the first checkpoint was opened.
    pub arch_sha256: String,
    /// Whether attention sinks are measured.
    pub sinks: bool,
    /// The steps that are in the tables, each with what it was measured from.
    pub steps: BTreeMap<u64, Key>,
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

    /// Makes it ready for `wanted`: creates it, or makes sure that it was measured with the same
    /// tokens, and drops rows of a step that was not finished. Returns how far it is.
    ///
    /// # Errors
    /// [`Error::OtherSeries`] for a folder that holds anything else, which is not touched;
    /// [`Error::Core`].
    pub fn claim(&self, wanted: &State) -> Result<State> {
        let file = self.file("state.json");
        if !file.exists() {
            let foreign = |entry: std::io::Result<std::fs::DirEntry>| {
                let name = entry.ok().map(|e| e.file_name());
                !name.is_some_and(|n| n.to_string_lossy().starts_with(".partial-"))
            };
            if std::fs::read_dir(&self.path).is_ok_and(|mut entries| entries.any(foreign)) {
                return Err(self.other("it is not empty, and has no state.json of such a series"));
            }
            check_writable(&self.path)?;
            self.set_state(wanted)?;
            return Ok(wanted.clone());
        }
        let text = std::fs::read_to_string(&file).map_err(|e| CoreError::io("read", &file, e))?;
        let mut held: State = serde_json::from_str(&text)
            .map_err(|e| CoreError::parse(file.display().to_string(), e))?;
        // an earlier version wrote the one architecture of all steps
        for key in held.steps.values_mut() {
            key.config.get_or_insert_with(|| held.arch_sha256.clone());
        }
        let differs = [
            ("model", held.model != wanted.model),
            ("--stage", held.stage != wanted.stage),
            ("tokens", held.tokens_sha256 != wanted.tokens_sha256),
            ("--sinks", held.sinks != wanted.sinks),
        ];
        if let Some((what, _)) = differs.iter().find(|(_, differs)| *differs) {
            return Err(self.other(&format!("it was measured with another setting of {what}")));
        }
        self.keep(&held.steps.keys().copied().collect())?;
        Ok(held)
    }

    fn other(&self, reason: &str) -> Error {
        Error::OtherSeries {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Writes how far it is.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub fn set_state(&self, state: &State) -> Result<()> {
        self.write_json("state.json", state)
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

    /// Appends what one step gave.
    pub(super) fn append(&self, rows: &[Measurement], heads: &[HeadSink]) -> Result<()> {
        table::append_measurements(&self.file("measurements.csv"), rows)?;
        if !heads.is_empty() {
            table::append_rows(&self.file("heads.csv"), heads)?;
        }
        Ok(())
    }

    /// The rows of one step.
    pub(super) fn rows_of(&self, step: u64) -> Result<Vec<Measurement>> {
        let mut rows = Vec::new();
        self.each_row(|row| {
            if row.step == step {
                rows.push(row);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// The attention sinks of one step.
    pub(super) fn heads_of(&self, step: u64) -> Result<Vec<HeadSink>> {
        let file = self.file("heads.csv");
        if !file.exists() {
            return Ok(Vec::new());
        }
        let mut heads = table::read_rows::<HeadSink>(&file)?.rows;
        heads.retain(|head| head.step == step);
        Ok(heads)
    }

    /// Drops the rows of all but `steps`.
    pub(super) fn keep(&self, steps: &BTreeSet<u64>) -> Result<()> {
        self.rewrite(|row| steps.contains(&row.step))?;
        let heads = self.file("heads.csv");
        if heads.exists() {
            let mut rows = table::read_rows::<HeadSink>(&heads)?.rows;
            rows.retain(|row| steps.contains(&row.step));
            table::write_rows(&heads, &rows)?;
        }
        Ok(())
    }

    /// Marks the rows of suspect steps, and unmarks those of others.
    pub(super) fn mark(&self, reasons: &BTreeMap<u64, String>) -> Result<()> {
        self.rewrite(|row| {
            row.suspect = reasons.get(&row.step).cloned();
            true
        })
    }

    /// Writes the measurements anew, row by row: those that `change` keeps, as it leaves them.
    fn rewrite(&self, mut change: impl FnMut(&mut Measurement) -> bool) -> Result<()> {
        let path = self.file("measurements.csv");
        if !path.exists() {
            return Ok(());
        }
        let mut writer = MeasurementWriter::new(AtomicFile::create(&path)?, Columns::Detailed)?;
        self.each_row(|mut row| {
            if change(&mut row) {
                writer.write(&row)?;
            }
            Ok(())
        })?;
        Ok(writer.finish()?.finish()?)
    }

    /// The good rows of the measurements, one at a time.
    pub(super) fn each_row(&self, mut each: impl FnMut(Measurement) -> Result<()>) -> Result<()> {
        let path = self.file("measurements.csv");
        if !path.exists() {
            return Ok(());
        }
        let file = File::open(&path).map_err(|e| CoreError::io("read", &path, e))?;
        let file = std::io::BufReader::new(file);
        for item in table::measurement_stream(file, &path.display().to_string())? {
            if let Streamed::Row(row) = item? {
                each(row)?;
            }
        }
        Ok(())
    }

    /// Writes the places that persist.
    pub(super) fn write_places(&self) -> Result<()> {
        let mut counts = PlaceCounts::new();
        self.each_row(|row| {
            counts.add(&row);
            Ok(())
        })?;
        let mut places = counts.most_persistent(PLACES);
        self.each_row(|row| {
            places.add(&row);
            Ok(())
        })?;
        Ok(table::write_rows(
            &self.file("places.csv"),
            &places.finish(),
        )?)
    }

    pub(super) fn write_audit(&self, audit: &Audit) -> Result<()> {
        self.write_json("audit.json", audit)
    }

    /// The audit that an earlier run left; none where it cannot be read.
    pub(super) fn audit(&self) -> Option<Audit> {
        let text = std::fs::read_to_string(self.file("audit.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(super) fn write_arch(&self, arch: NamedArch) -> Result<()> {
        Ok(table::write_architectures(
            &self.file("architectures.csv"),
            &[arch],
        )?)
    }

    /// The architecture that was measured, if one was.
    pub(super) fn arch(&self) -> Result<Option<ArchSpec>> {
        let file = self.file("architectures.csv");
        if !file.exists() {
            return Ok(None);
        }
        let mut rows = table::architectures(&file)?.rows.into_iter();
        Ok(rows.next().map(|row| row.arch))
    }

    pub(super) fn write_provenance(&self, provenance: &Provenance) -> Result<()> {
        Ok(provenance.write(&self.file("provenance.json"))?)
    }
}
