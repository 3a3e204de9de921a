//! The native part of the Python package `outcrop`: what the Python files in `python/outcrop` call.
//!
//! The package is the interface; this module, `outcrop._outcrop`, may change with any version. Arrays are borrowed, not
//! copied. The interpreter's lock is released while something is computed; what may take long runs on a thread of its
//! own, while the calling thread looks for signals, so that Ctrl-C works.
//!
//! | module | what Python calls |
//! |---|---|
//! | `array` | arrays of f32, f16 and bf16 as slices of f32 |
//! | `measure` | statistics and observables of a hidden state |
//! | `curves` | fits and forecasts |
//! | `predict` | predictions by the bundled predictor |
//! | `columns`, `read` | tables as columns |
//! | `run_folder` | the folder that `outcrop.watch` writes |
//! | `command` | the command `outcrop` |
//! | `interrupt` | work that Ctrl-C ends |
//!
//! ```python
//! import numpy, outcrop
//!
//! measured = outcrop.measure(numpy.array([[0.5, -1.0, 2.0], [2.0, -800.0, 1.5]], dtype="float32"))
//! assert measured.ratio == 800 / 1.5
//! assert (measured.top[0].position, measured.top[0].channel) == (1, 1)
//! ```

mod array;
mod columns;
mod command;
mod curves;
mod error;
mod interrupt;
mod measure;
mod predict;
mod read;
mod run_folder;

use pyo3::prelude::*;

/// The native module.
#[pymodule]
mod _outcrop {
    #[pymodule_export]
    use crate::command::command;
    #[pymodule_export]
    use crate::curves::{fit, fit_run, forecast, trajectories};
    #[pymodule_export]
    use crate::measure::{measure, observables};
    #[pymodule_export]
    use crate::predict::predict;
    #[pymodule_export]
    use crate::read::read;
    #[pymodule_export]
    use crate::run_folder::{RunFolder, schedule};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
