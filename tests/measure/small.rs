//! Series of small models, made up: a random walk of a Pythia-like model of two layers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use outcrop::arch::{ArchSpec, TensorPart, TensorRole};
use outcrop::checkpoint::{Tensor, write_tensors};
use outcrop::core::{Measurement, table};

use crate::common::{outcrop, text};

pub(crate) const VOCAB: usize = 61;

pub(crate) fn arch() -> ArchSpec {
    ArchSpec {
        vocab: VOCAB,
        context: 64,
        ..ArchSpec::new(2, 32, 2)
    }
}

/// Standard normal enough: the sum of twelve uniforms (splitmix64).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f32 / u64::MAX as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

pub(crate) fn fresh(arch: &ArchSpec, noise: &mut Noise) -> Vec<Tensor> {
    let tensors = arch.family().tensors(arch).unwrap();
    let drawn = tensors.into_iter().map(|t| {
        let n = t.shape.iter().product();
        let gain = t.part == TensorPart::Weight && t.shape.len() == 1;
        let embedding = t.role == TensorRole::TokenEmbedding;
        let scale = if embedding { 1.0 } else { 0.3 };
        let value = |noise: &mut Noise| if gain { 1.0 } else { scale * noise.normal() };
        Tensor {
            name: t.name,
            shape: t.shape,
            data: (0..n).map(|_| value(noise)).collect(),
        }
    });
    drawn.collect()
}

/// The matrices take one step of a random walk.
pub(crate) fn walk(model: &mut [Tensor], noise: &mut Noise) {
    for tensor in model.iter_mut().filter(|t| t.shape.len() > 1) {
        tensor
            .data
            .iter_mut()
            .for_each(|v| *v += 0.05 * noise.normal());
    }
}

pub(crate) fn write(dir: &Path, step: u64, arch: &ArchSpec, model: &[Tensor]) -> PathBuf {
    let folder = dir.join(format!("step{step}"));
    std::fs::create_dir_all(&folder).unwrap();
    write_tensors(&folder.join("model.safetensors"), model, &BTreeMap::new()).unwrap();
    let config = arch.to_config().unwrap().to_string();
    std::fs::write(folder.join("config.json"), config).unwrap();
    folder
}

pub(crate) const STEPS: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 64];

/// A series at [`STEPS`], a random walk.
pub(crate) fn series(dir: &Path) {
    let (arch, mut noise) = (arch(), Noise(1));
    let mut model = fresh(&arch, &mut noise);
    for step in STEPS {
        write(dir, step, &arch, &model);
        walk(&mut model, &mut noise);
    }
}

/// Runs the command on `args`.
pub(crate) fn run(args: &[&str]) -> Output {
    outcrop().args(args).output().unwrap()
}

/// Measures `series` into `out` on three windows of 16 drawn tokens, with other arguments.
pub(crate) fn measure(series: &Path, out: &Path, more: &[&str]) -> Output {
    let paths = [series.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let windows = ["--windows", "3", "--length", "16"];
    run(&[&["measure"], &paths[..], &windows, more].concat())
}

#[track_caller]
pub(crate) fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", text(&output.stderr));
}

pub(crate) fn rows(out: &Path) -> Vec<Measurement> {
    let loaded = table::measurements(&out.join("measurements.csv")).unwrap();
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    loaded.rows
}
