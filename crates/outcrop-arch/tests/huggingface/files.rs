use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/huggingface")
}

/// The settings of well-known models as published, by name, in order.
pub(crate) fn published() -> Vec<(String, Value)> {
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    let files = std::fs::read_dir(folder().join("published")).unwrap();
    let mut all: Vec<_> = files.map(|f| read(f.unwrap().path())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
