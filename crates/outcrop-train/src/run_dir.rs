use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use outcrop_core::table::{self, Loaded};
use outcrop_core::{
    Error as CoreError, Loss, Measurement, NamedArch, check_writable, write_atomic,
};

use crate::{Error, Event, Observer, Result, RunSpec};

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
}

impl RunDir {
    /// The run directory at `path`, whether or not it is there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes it ready for `spec`: creates it, or makes sure that it holds the same run. Nothing
    /// of another run is touched.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::OtherSpec`], [`Error::Core`] where it cannot be written.
    pub fn claim(&self, spec: &RunSpec) -> Result<()> {
        let file = self.path.join("run.toml");
        if file.exists() {
            let held = self.spec()?;
            if held != *spec {
                return Err(Error::OtherSpec {
                    path: self.path.clone(),
                    difference: difference(&held, spec)?,
                });
            }
            return Ok(check_writable(&self.path)?);
        }
        let foreign = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.ok().map(|e| e.file_name());
            !name.is_some_and(|n| n.to_string_lossy().starts_with(".partial-"))
        };
        if std::fs::read_dir(&self.path).is_ok_and(|mut entries| entries.any(foreign)) {
            return Err(Error::NotARun {
                path: self.path.clone(),
            });
        }
        check_writable(&self.path)?;
        Ok(write_atomic(&file, spec.to_toml()?.as_bytes())?)
    }

    /// Writes the table with the architecture of `spec`, for whatever learns from it or compares.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub(crate) fn write_architectures(&self, spec: &RunSpec) -> Result<()> {
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
        RunSpec::read(&self.path.join("run.toml"))
    }

    /// How far the run is; not at all where nothing was written yet.
    ///
    /// # Errors
    /// [`Error::Core`] for a file that cannot be read.
    pub fn state(&self) -> Result<State> {
        let file = self.path.join("state.json");
        if !file.exists() {
            return Ok(State::default());
        }
        let text = std::fs::read_to_string(&file).map_err(|e| CoreError::io("read", &file, e))?;
        let state = serde_json::from_str(&text);
        Ok(state.map_err(|e| CoreError::parse(file.display().to_string(), e))?)
    }

    /// Writes how far the run is.
    ///
    /// # Errors
    /// [`Error::Core`].
    pub fn set_state(&self, state: &State) -> Result<()> {
        let file = self.path.join("state.json");
        let text = serde_json::to_string_pretty(state)
            .map_err(|e| CoreError::parse(file.display().to_string(), e))?;
        Ok(write_atomic(&file, text.as_bytes())?)
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

    /// The loss table.
    pub fn loss(&self) -> PathBuf {
        self.path.join("loss.csv")
    }

    /// Appends what one step gave, measurements first.
    pub(crate) fn append(&self, rows: &[Measurement], loss: &Loss) -> Result<()> {
        table::append_measurements(&self.measurements(), rows)?;
        table::append_rows(&self.loss(), std::slice::from_ref(loss))?;
        Ok(())
    }

    /// Drops what was written after `step` (none: everything), so that the run goes on as if it
    /// had stopped there. Rows that are torn or not ours are named.
    pub(crate) fn rewind(&self, step: Option<u64>, observer: &mut dyn Observer) -> Result<()> {
        let kept = |s: u64| step.is_some_and(|step| s <= step);
        if self.measurements().exists() {
            let mut rows = named(&self.measurements(), table::measurements, observer)?;
            rows.retain(|r| kept(r.step));
            match rows.is_empty() {
                true => remove(&self.measurements())?,
                false => table::write_measurements(&self.measurements(), &rows)?,
            }
        }
        if self.loss().exists() {
            let mut rows = named(&self.loss(), table::read_rows::<Loss>, observer)?;
            rows.retain(|r| kept(r.step));
            match rows.is_empty() {
                true => remove(&self.loss())?,
                false => table::write_rows(&self.loss(), &rows)?,
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<()> {
    Ok(std::fs::remove_file(path).map_err(|e| CoreError::io("remove", path, e))?)
}

/// The good rows of a table; the others are told to the observer.
fn named<T>(
    path: &Path,
    read: impl Fn(&Path) -> outcrop_core::Result<Loaded<T>>,
    observer: &mut dyn Observer,
) -> Result<Vec<T>> {
    let loaded = read(path)?;
    for problem in &loaded.problems {
        let text = format!("{}, {problem}; the row was dropped", path.display());
        observer.event(&Event::Warning(&text));
    }
    Ok(loaded.rows)
}

/// The first line in which the resolved specs differ.
fn difference(held: &RunSpec, given: &RunSpec) -> Result<String> {
    let (held, given) = (held.to_toml()?, given.to_toml()?);
    let lines = held.lines().zip(given.lines());
    let mut differing = lines.filter(|(a, b)| a != b);
    Ok(match differing.next() {
        Some((held, given)) => format!("there `{held}`, asked for `{given}`"),
        None => "it has more or fewer fields".into(),
    })
}
