//! Starts GPU devices. Whatever goes wrong comes back as an error: the runtimes panic, partly on
//! threads of their own, where a driver is missing or too old.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::{Device, Tensor};

use super::Backend;
use crate::{Error, Result};

/// Devices that were started; a runtime starts each only once.
static STARTED: Mutex<Vec<(Backend, Device)>> = Mutex::new(Vec::new());

/// The device of `backend`, which `start` makes on the first call.
pub(super) fn started(backend: Backend, start: fn() -> Result<Device, String>) -> Result<Device> {
    let mut started = lock(&STARTED);
    if let Some((_, device)) = started.iter().find(|(b, _)| *b == backend) {
        return Ok(device.clone());
    }
    let device = without_panics(|| {
        let device = start()?;
        try_out(&device)?;
        Ok(device)
    });
    let device = device.map_err(|reason| Error::NoDevice {
        backend: backend.name(),
        reason,
    })?;
    started.push((backend, device.clone()));
    Ok(device)
}

/// Whatever graphics interface there is.
#[cfg(feature = "wgpu")]
pub(super) fn wgpu() -> Result<Device, String> {
    graphics(
        burn::tensor::wgpu::WgpuBackend::Auto,
        "no adapter for Vulkan, Metal, DirectX 12 or OpenGL; is a driver installed?",
    )
}

/// Vulkan and nothing else.
#[cfg(feature = "vulkan")]
pub(super) fn vulkan() -> Result<Device, String> {
    graphics(
        burn::tensor::wgpu::WgpuBackend::Vulkan,
        "no adapter for Vulkan; is a driver installed?",
    )
}

#[cfg(any(feature = "wgpu", feature = "vulkan"))]
fn graphics(api: burn::tensor::wgpu::WgpuBackend, none: &str) -> Result<Device, String> {
    use burn::tensor::wgpu::WgpuInitError;

    let device = Device::wgpu_options().graphics_api(api).init();
    device.map_err(|error| match error {
        WgpuInitError::AdapterUnavailable { .. } => none.to_owned(),
        other => one_line(&other.to_string()),
    })
}

/// The first CUDA device.
#[cfg(feature = "cuda")]
pub(super) fn cuda() -> Result<Device, String> {
    let found = Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec();
    let none = "no NVIDIA GPU; is the driver installed, and is libcuda on the library path?";
    found.into_iter().next().ok_or_else(|| none.to_owned())
}

/// Checks that the device computes: it compiles a kernel, runs it and reads the result.
fn try_out(device: &Device) -> Result<(), String> {
    let sum = Tensor::<1>::from_floats([1.0, 2.0, 3.0], device) + 1.0;
    let sum = sum.try_into_vec_as::<f32>();
    match sum.map_err(|e| one_line(&e.to_string()))?.as_slice() {
        [2.0, 3.0, 4.0] => Ok(()),
        wrong => Err(format!("it computed 1, 2, 3 plus 1 as {wrong:?}")),
    }
}

/// Runs `start` and turns a panic, on whichever thread, into its message. Nothing is printed
/// meanwhile.
fn without_panics(start: impl FnOnce() -> Result<Device, String>) -> Result<Device, String> {
    let first = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&first);
    let hook = take_hook();
    set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        let message = panic.payload_as_str().unwrap_or("the driver failed");
        lock(&seen).get_or_insert_with(|| one_line(message));
    }));
    let outcome = catch_unwind(AssertUnwindSafe(start));
    set_hook(hook);
    outcome.unwrap_or_else(|_| {
        let message = lock(&first).take();
        Err(message.unwrap_or_else(|| "the driver failed".into()))
    })
}

/// The first line, which says what; those below hold traces.
fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|l| !l.is_empty());
    line.unwrap_or(text).to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_panic_on_any_thread_is_the_reason() {
        let reason = without_panics(|| {
            let service = std::thread::spawn(|| -> () { panic!("no driver\nat line 1") });
            service.join().unwrap();
            Err("not reached".into())
        });
        assert_eq!(reason.unwrap_err(), "no driver");
    }
}
