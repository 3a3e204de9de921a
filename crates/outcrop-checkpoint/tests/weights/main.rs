//! Weights in the forms that others publish them: read as PyTorch and the safetensors library read
//! them, and refused with the reason.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod deepspeed;
mod distributed;
mod gguf;
mod left;
mod named;
mod names;
mod read;
mod refused;
mod trainers;

use std::path::{Path, PathBuf};

use outcrop_checkpoint::{Tensor, Weights};

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/torch")
        .join(name)
}

pub(crate) fn read(weights: &Weights, name: &str) -> Vec<f32> {
    let mut data = vec![7.0; 3];
    weights.read_f32(name, &mut data).unwrap();
    data
}

pub(crate) fn refusal(path: &Path) -> String {
    let error = Weights::open(path).unwrap_err().to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(error.contains(name), "{error}");
    error
}

pub(crate) fn tensor(name: &str, data: &[f32]) -> Tensor {
    Tensor {
        name: name.into(),
        shape: vec![data.len()],
        data: data.into(),
    }
}
