//! Series of checkpoints, however they are laid out.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;

use outcrop_checkpoint::{CheckpointSeries, Select, Tensor, write_tensors};

mod cache;
mod folders;
mod names;

fn model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    weights(&folder.join("model.safetensors"));
}

fn weights(file: &Path) {
    let tensor = Tensor {
        name: "w".into(),
        shape: vec![1],
        data: vec![1.0],
    };
    write_tensors(file, &[tensor], &Default::default()).unwrap();
}

/// Files of some content.
fn files(folder: &Path, names: &[&str]) {
    for name in names {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "x").unwrap();
    }
}

fn steps(series: &CheckpointSeries) -> Vec<Option<u64>> {
    series.entries.iter().map(|entry| entry.step).collect()
}

fn open(path: &Path, select: &Select) -> Result<Vec<Option<u64>>, String> {
    let series = CheckpointSeries::open_with(path, select);
    series.map(|s| steps(&s)).map_err(|e| e.to_string())
}

#[track_caller]
fn refused(path: &Path, select: &Select, parts: &[&str]) {
    let error = open(path, select).unwrap_err();
    for part in parts {
        assert!(error.contains(part), "says nothing of {part}: {error}");
    }
}
