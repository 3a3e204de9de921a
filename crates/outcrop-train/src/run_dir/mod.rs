//! The folder of a run: its files, its progress, and which of its rows are good.

mod check;
mod recover;
mod tables;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use outcrop_core::{
    Extent, NamedArch, check_writable, holds_nothing, read_sealed, remove_leftovers, sha256_hex,
    table, write_atomic, write_sealed,
};

pub use self::tables::Extents;
#[cfg(feature = "burn")]
pub(crate) use self::tables::{TABLES, Tables};
use crate::{Error, Result, RunSpec};

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

/// How far a run is: `state.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Updates made when it was last written.
    pub step: u64,
    /// Whether the run reached its last step and everything is on the disk.
    pub finished: bool,
    /// SHA-256 of the spec.
    pub spec_sha256: String,
    /// How much of each file is good; nothing where an earlier version wrote it.
    #[serde(default)]
    pub files: Extents,
}

impl RunDir {
    /// The run directory at `path`, whether or not it is there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Checks that `spec` may be trained here, creating the folder if necessary: it must be empty, or hold
    /// the same run. Nothing of another run is touched.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::OtherSpec`], [`Error::Core`] where it cannot be written.
    pub fn check(&self, spec: &RunSpec) -> Result<()> {
        // in this order: another process may begin in between
        let is_empty = holds_nothing(&self.path);
        if self.spec_file().exists() && !self.is_of(spec) {
            self.check_spec(spec)?;
        } else if !is_empty && !self.is_of(spec) {
            return Err(Error::NotARun {
                path: self.path.clone(),
            });
        }
        Ok(check_writable(&self.path)?)
    }

    /// Makes it ready for `spec`, by the owner of its lock: as [`RunDir::check`], and writes the spec
    /// and the table with the architecture, and removes what killed processes left. Returns the SHA-256 of the spec.
    ///
    /// # Errors
    /// As [`RunDir::check`].
    pub(crate) fn claim(&self, spec: &RunSpec, repair: bool) -> Result<String> {
        remove_leftovers(&self.path)?;
        self.check(spec)?;
        let text = spec.to_toml()?;
        if repair {
            write_atomic(&self.spec_file(), text.as_bytes())?;
        } else if self.spec_file().exists() {
            self.check_spec(spec)?;
        } else if self.is_of(spec) {
            return Err(self.damaged("run.toml is gone"));
        } else {
            write_atomic(&self.spec_file(), text.as_bytes())?;
        }
        let events = spec.training_events();
        if !events.is_empty() {
            table::write_rows(&self.events(), &events)?;
        }
        self.write_architecture(spec)?;
        Ok(sha256_hex(text.as_bytes()))
    }

    fn check_spec(&self, spec: &RunSpec) -> Result<()> {
        let held = self.spec()?;
        match held.to_toml()? == spec.to_toml()? {
            true => Ok(()),
            false => Err(Error::OtherSpec {
                path: self.path.clone(),
                difference: difference(&held, spec)?,
            }),
        }
    }

    /// Whether its state is of `spec`, even if its run.toml changed.
    fn is_of(&self, spec: &RunSpec) -> bool {
        let is_of = |state: State| spec.sha256().is_ok_and(|it| state.spec_sha256 == it);
        self.has_state() && self.state().is_ok_and(is_of)
    }

    pub(crate) fn damaged(&self, what: impl Into<String>) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            what: what.into(),
        }
    }

    fn spec_file(&self) -> PathBuf {
        self.path.join("run.toml")
    }

    /// Writes the table with the architecture, for commands that learn from it or compare it.
    fn write_architecture(&self, spec: &RunSpec) -> Result<()> {
        let named = NamedArch {
            model: spec.model.clone(),
            arch: spec.arch.clone(),
        };
        Ok(table::write_architectures(&self.architectures(), &[named])?)
    }

    /// The spec that it holds.
    ///
    /// # Errors
    /// As [`RunSpec::read`].
    pub fn spec(&self) -> Result<RunSpec> {
        RunSpec::read(&self.spec_file())
    }

    /// How far the run is; not at all where nothing was written yet.
    ///
    /// # Errors
    /// [`Error::Core`] for a file that cannot be read or was altered.
    pub fn state(&self) -> Result<State> {
        match self.has_state() {
            true => Ok(read_sealed(&self.state_file())?),
            false => Ok(State::default()),
        }
    }

    fn has_state(&self) -> bool {
        self.state_file().exists()
    }

    fn state_file(&self) -> PathBuf {
        self.path.join("state.json")
    }

    /// Writes how far the run is.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub fn set_state(&self, state: &State) -> Result<()> {
        Ok(write_sealed(&self.state_file(), state)?)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where checkpoints stand.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The measurements table.
    pub fn measurements(&self) -> PathBuf {
        self.path.join("measurements.csv")
    }

    /// The table with the one architecture.
    pub fn architectures(&self) -> PathBuf {
        self.path.join("architectures.csv")
    }

    /// The table of what its spec changes in the middle of the run; not there where it changes nothing.
    pub fn events(&self) -> PathBuf {
        self.path.join("events.csv")
    }

    /// The loss table.
    pub fn loss(&self) -> PathBuf {
        self.path.join("loss.csv")
    }

    /// The files of a finished run that are not checkpoints.
    pub(crate) fn extents(&self, tables: Extents) -> Result<Extents> {
        let mut all = tables;
        for name in ["provenance.json", "run.toml"] {
            all.insert(name.into(), Extent::of(&self.path.join(name), 0)?);
        }
        Ok(all)
    }
}

/// The first line in which the resolved specs differ.
fn difference(held: &RunSpec, given: &RunSpec) -> Result<String> {
    Ok(differing_line(&held.to_toml()?, &given.to_toml()?))
}

/// The first line in which two specs in TOML differ.
pub(crate) fn differing_line(held: &str, given: &str) -> String {
    let mut lines = held.lines().zip(given.lines());
    match lines.find(|(a, b)| a != b) {
        Some((held, given)) => format!("there `{held}`, asked for `{given}`"),
        None => "it has more or fewer fields".into(),
    }
}
