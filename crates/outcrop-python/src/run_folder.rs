//! The folder that `outcrop.watch` writes: the tables of a run directory, which grow by whole steps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use outcrop_arch::ArchSpec;
use outcrop_core::{
    Extent, FolderLock, GrowingTable, LossPoint, Measurement, NamedArch, Provenance, create_folder,
    holds_nothing, read_sealed, remove_leftovers, table, write_sealed,
};
use outcrop_measure::Meters;
use outcrop_schedule::{MAX_STEP, Schedule};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};

use crate::array::Scalars;
use crate::error::{file, value};

const MEASUREMENTS: &str = "measurements.csv";
const LOSS: &str = "loss.csv";
const STATE: &str = "state.json";

/// How far a run is, in the format of `outcrop train`.
#[derive(Default, Serialize, Deserialize)]
struct State {
    step: u64,
    finished: bool,
    /// Hash of what must not change when a run is resumed.
    spec_sha256: String,
    #[serde(default)]
    files: BTreeMap<String, Extent>,
}

/// A run folder, owned by this process until it is closed.
#[pyclass(module = "outcrop._outcrop")]
pub(crate) struct RunFolder {
    path: PathBuf,
    model: String,
    state: State,
    steps: BTreeSet<u64>,
    meters: Meters,
    pending: Vec<Measurement>,
    /// None once it is closed.
    open: Option<Open>,
}

/// What is held while it is open.
struct Open {
    measurements: GrowingTable,
    loss: GrowingTable,
    /// Released when it is dropped.
    _lock: FolderLock,
}

#[pymethods]
impl RunFolder {
    /// Opens the folder at `path`, which must be empty or hold the same run, known by `key`.
    #[new]
    fn new(path: PathBuf, model: String, key: &str, holder: &str) -> PyResult<Self> {
        create_folder(&path).map_err(file)?;
        let empty = holds_nothing(&path);
        let lock = FolderLock::acquire(&path, holder).map_err(file)?;
        remove_leftovers(&path).map_err(file)?;
        let state = state(&path, &model, key, empty)?;
        let steps = measured(&path, &state)?;
        let open = |name: &str| {
            let nothing = Extent::default();
            let good = state.files.get(name).unwrap_or(&nothing);
            GrowingTable::open(&path.join(name), good).map_err(file)
        };
        let open = Open {
            measurements: open(MEASUREMENTS)?,
            loss: open(LOSS)?,
            _lock: lock,
        };
        let folder = Self {
            path,
            model,
            state,
            steps,
            meters: Meters::new(),
            pending: Vec::new(),
            open: Some(open),
        };
        folder.write_state()?;
        Ok(folder)
    }

    /// The steps that are in the table.
    #[getter]
    fn steps(&self) -> Vec<u64> {
        self.steps.iter().copied().collect()
    }

    /// Writes `provenance.json`, and `architectures.csv` where the `config.json` is one that Outcrop reads.
    fn describe(
        &self,
        backend: &str,
        sequences_sha256: &str,
        config: Option<&str>,
    ) -> PyResult<()> {
        let provenance = Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            backend: Some(backend.into()),
            inputs_sha256: [("sequences".to_owned(), sequences_sha256.to_owned())].into(),
            ..Provenance::default()
        };
        provenance
            .write(&self.path.join("provenance.json"))
            .map_err(file)?;
        let arch = config.and_then(|text| ArchSpec::from_huggingface(text, "config").ok());
        let Some(arch) = arch else { return Ok(()) };
        let named = NamedArch {
            model: self.model.clone(),
            arch,
        };
        table::write_architectures(&self.path.join("architectures.csv"), &[named]).map_err(file)
    }

    /// Measures the output of a layer, [sequences, positions, channels], of the step that [`append`](Self::append) writes
    /// next. `first` is the index of its first sequence.
    fn measure(
        &mut self,
        py: Python<'_>,
        layer: u32,
        first: u32,
        array: &Bound<'_, PyAny>,
        format: &str,
    ) -> PyResult<()> {
        let scalars = Scalars::borrow(array, format)?;
        let &[sequences, positions, channels] = scalars.shape() else {
            return Err(PyValueError::new_err(format!(
                "layer {layer} gives a tensor of {} dimensions; expected is [sequences, positions, channels]",
                scalars.shape().len()
            )));
        };
        let all = scalars.slice()?;
        let (model, meters) = (&self.model, &mut self.meters);
        let rows = py.detach(|| {
            let length = positions * channels;
            let one = |sequence: usize| {
                let hidden = all.part(sequence * length, (sequence + 1) * length);
                let stats = meters.measure(layer as usize, &hidden, channels)?;
                Ok(Measurement {
                    model: model.clone(),
                    step: 0,
                    sequence: first + sequence as u32,
                    layer,
                    stats,
                    detail: outcrop_core::Detail::default(),
                    suspect: None,
                    stage: None,
                })
            };
            (0..sequences).map(one).collect()
        });
        let rows: outcrop_measure::Result<Vec<_>> = rows;
        self.pending.extend(rows.map_err(value)?);
        Ok(())
    }

    /// Forgets what was measured since the last step.
    fn discard(&mut self) {
        self.pending.clear();
    }

    /// Appends the step whose layers were measured, and makes it outlast a power cut.
    fn append(
        &mut self,
        py: Python<'_>,
        step: u64,
        tokens: u64,
        loss: Option<f64>,
        held_out_loss: Option<f64>,
        learning_rate: Option<f64>,
    ) -> PyResult<()> {
        let mut rows = std::mem::take(&mut self.pending);
        if step > MAX_STEP || rows.is_empty() || !self.steps.insert(step) {
            let why = "it is in the table already, beyond 2^53, or no layer was measured";
            return Err(PyValueError::new_err(format!(
                "step {step} cannot be written: {why}"
            )));
        }
        rows.iter_mut().for_each(|row| row.step = step);
        rows.sort_by_key(|row| (row.sequence, row.layer));
        let loss = LossPoint {
            model: self.model.clone(),
            step,
            tokens,
            loss,
            held_out_loss: held_out_loss.unwrap_or(f64::NAN),
            learning_rate,
            gradient_norm: None,
        };
        self.state.step = self.state.step.max(step);
        py.detach(|| self.commit(&rows, &loss))
    }

    /// Marks the run as finished or not, and releases the folder; what is pending is forgotten.
    fn close(&mut self, finished: bool) -> PyResult<()> {
        if self.open.is_some() {
            self.state.finished = finished;
            self.write_state()?;
            self.open = None;
        }
        Ok(())
    }
}

impl RunFolder {
    fn commit(&mut self, rows: &[Measurement], loss: &LossPoint) -> PyResult<()> {
        let Some(open) = &mut self.open else {
            return Err(PyRuntimeError::new_err("the run folder is closed"));
        };
        let mut extents = || {
            table::append_measurements(&mut open.measurements, rows)?;
            table::append_rows(&mut open.loss, std::slice::from_ref(loss))?;
            Ok(BTreeMap::from([
                (MEASUREMENTS.to_owned(), open.measurements.commit()?),
                (LOSS.to_owned(), open.loss.commit()?),
            ]))
        };
        self.state.files = extents().map_err(file)?;
        self.write_state()
    }

    fn write_state(&self) -> PyResult<()> {
        write_sealed(&self.path.join(STATE), &self.state).map_err(file)
    }
}

/// The state of the run that the folder holds, or that of a new one.
fn state(path: &Path, model: &str, key: &str, empty: bool) -> PyResult<State> {
    let written = path.join(STATE);
    if !written.exists() {
        return match empty {
            true => Ok(State {
                spec_sha256: key.into(),
                ..State::default()
            }),
            false => Err(PyValueError::new_err(format!(
                "{}: the folder is not empty and holds no watched run; give out= another folder",
                path.display()
            ))),
        };
    }
    let state: State = read_sealed(&written).map_err(file)?;
    if state.spec_sha256 != key {
        return Err(PyValueError::new_err(format!(
            "{}: it holds a run with another model name, other sequences or other blocks than those of {model:?}; give \
             out= another folder",
            path.display()
        )));
    }
    Ok(State {
        finished: false,
        ..state
    })
}

/// The steps in the good part of the table.
fn measured(path: &Path, state: &State) -> PyResult<BTreeSet<u64>> {
    if state
        .files
        .get(MEASUREMENTS)
        .is_none_or(|good| good.bytes == 0)
    {
        return Ok(BTreeSet::new());
    }
    let good = &state.files[MEASUREMENTS];
    let rows = table::measurements(&path.join(MEASUREMENTS))
        .map_err(file)?
        .rows;
    let rows = rows
        .iter()
        .take(usize::try_from(good.rows).unwrap_or(usize::MAX));
    Ok(rows.map(|row| row.step).collect())
}

/// The steps of an expression such as `0,pow2:512,every:1000` for a run of `last` steps; without `last` the
/// expression must not need it.
#[pyfunction]
pub(crate) fn schedule(expression: &str, last: Option<u64>) -> PyResult<Vec<u64>> {
    let read = match last {
        Some(last) => Schedule::parse(expression, last),
        None => expression.parse(),
    };
    read.map(|schedule| schedule.steps().to_vec())
        .map_err(|error| match last {
            Some(_) => value(error),
            None => value(format!("{error} (the last step is what steps= says)")),
        })
}
