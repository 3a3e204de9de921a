//! Two checkpoints of a small model, made up here, measured into a folder of tables:
//! `cargo run -p outcrop-series --example measure_a_series`
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use outcrop_arch::{ArchSpec, GPT_NEOX};
use outcrop_checkpoint::{CheckpointSeries, Tensor, write_tensors};
use outcrop_core::{Ratio, Trajectory, table};
use outcrop_series::{CheckpointSource, Folder, SeriesOptions, measure_series};
use outcrop_tokens::Sequences;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arch = ArchSpec {
        vocab: 61,
        context: 64,
        ..ArchSpec::new(2, 32, 2)
    };
    let dir = tempfile::tempdir()?;
    write(&dir.path().join("tiny/step0"), &arch, 0.1)?;
    write(&dir.path().join("tiny/step8"), &arch, 0.5)?;

    let source = CheckpointSource::Local(CheckpointSeries::open(&dir.path().join("tiny"))?);
    let ids = vec![(0..16).collect(), (16..32).collect()];
    let tokens = Sequences::of(ids, None, "two sequences".into());
    let folder = Folder::new(dir.path().join("out"));
    let options = SeriesOptions::new("tiny");
    let stop = AtomicBool::new(false);
    let outcome = measure_series(&source, &tokens, &folder, &options, &stop, &mut |_| {})?;
    assert_eq!((outcome.measured, outcome.before), (2, 0));

    let rows = table::measurements(&folder.file("measurements.csv"))?.rows;
    for trajectory in Trajectory::from_measurements(&rows, Ratio::default()) {
        println!(
            "layer {}: {:?} at steps {:?}",
            trajectory.layer, trajectory.ratios, trajectory.steps
        );
        assert_eq!(trajectory.steps, [0, 8]);
    }

    // the same call goes on where it was: nothing is left to do
    let again = measure_series(&source, &tokens, &folder, &options, &stop, &mut |_| {})?;
    assert_eq!((again.measured, again.before), (2, 2));
    Ok(())
}

/// A checkpoint whose weights are drawn from a sine, for want of a trained one.
fn write(folder: &Path, arch: &ArchSpec, scale: f32) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let tensors = GPT_NEOX.tensors(arch)?.into_iter().map(|t| {
        let n: usize = t.shape.iter().product();
        let value = |i: usize| match t.shape.len() {
            1 => 1.0,
            _ => scale * (i as f32 * 12.9898).sin(),
        };
        Tensor {
            name: t.name,
            data: (0..n).map(value).collect(),
            shape: t.shape,
        }
    });
    let tensors: Vec<Tensor> = tensors.collect();
    write_tensors(
        &folder.join("model.safetensors"),
        &tensors,
        &BTreeMap::new(),
    )?;
    std::fs::write(folder.join("config.json"), arch.to_config()?.to_string())?;
    Ok(())
}
