//! Files that are almost right: whatever stands in them, they are read or refused, without a panic
//! and without memory for more than they hold. A few hundred cases of each kind run by default;
//! `PROPTEST_CASES=1000000 cargo test -p outcrop-checkpoint --test fuzz` runs more.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod adapters;
#[cfg(feature = "runs")]
mod catalogue;
mod distributed;
mod gguf;
mod index;
mod named;
mod names;
mod pickles;
mod safetensors;
mod zips;

use std::path::Path;

use outcrop_checkpoint::Weights;

/// A fixture's bytes.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/torch");
    std::fs::read(folder.join(name)).unwrap()
}

/// Opens weights and reads all that is in them, if they open. Every tensor fits into its file, and
/// tensors of safetensors together.
fn read_all(path: &Path) -> bool {
    let Ok(weights) = Weights::open(path) else {
        return false;
    };
    let (mut data, mut together) = (Vec::new(), 0);
    for (name, info) in weights.tensors() {
        let length = std::fs::metadata(&info.file).unwrap().len();
        let elements: usize = info.shape.iter().product();
        assert_eq!((elements * info.dtype.size()) as u64, info.bytes);
        // quantised numbers have four bits at least, and are read as f32
        let most = match path.extension().is_some_and(|e| e == "gguf") {
            true => 8 * length,
            false => length.max(lengths(&weights)), // of parts in several files
        };
        assert!(
            info.bytes <= most,
            "{name}: {} bytes of {length}",
            info.bytes
        );
        together += info.bytes;
        if info.dtype.is_readable() {
            weights.read_f32(name, &mut data).unwrap();
            assert_eq!((data.len(), data.capacity() >= elements), (elements, true));
            let rows = info.shape.first().copied().unwrap_or(0);
            weights
                .read_rows_f32(name, rows / 2..rows, &mut data)
                .unwrap();
        }
        weights.sha256(name).unwrap();
    }
    if let Ok(Some(text)) = weights.config() {
        let _ = outcrop_arch::HuggingFace::parse(text, "config");
    }
    let safetensors = weights
        .files()
        .all(|f| f.extension().is_some_and(|e| e == "safetensors"));
    assert!(!safetensors || together <= lengths(&weights));
    true
}

/// Bytes of all files together.
fn lengths(weights: &Weights) -> u64 {
    let lengths = weights.files().map(|f| std::fs::metadata(f).unwrap().len());
    lengths.sum()
}

/// As [`read_all`], for a file of these bytes.
fn read_bytes(name: &str, bytes: &[u8]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read_all(&path)
}
