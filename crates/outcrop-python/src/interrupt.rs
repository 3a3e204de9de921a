//! Work that Ctrl-C ends.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// How often signals are looked for.
const INTERVAL: Duration = Duration::from_millis(20);

/// The result of `work`, which runs on a thread of its own, without the interpreter's lock. When a signal handler of
/// Python raises, as that of Ctrl-C does, its exception is returned at once; the thread ends with what it computes.
pub(crate) fn interruptible<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        // nobody listens after an interrupt
        let _ = send.send(work());
    });
    // a receiver must not be shared by threads, but it may be moved to one and back
    let mut receive = Some(receive);
    loop {
        let Some(held) = receive.take() else {
            return Err(PyRuntimeError::new_err("the computation was lost"));
        };
        let (found, held) = py.detach(move || (held.recv_timeout(INTERVAL), held));
        match found {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("the computation panicked"));
            }
        }
        receive = Some(held);
    }
}
