#!/bin/sh
# ruzstd 0.9.1 (seen 2026-11-28): a .zst file may consist of several frames (`cat a.zst b.zst`, pzstd, log rotation), which
# the format says are to be decompressed one after another, as the zstd command does. `StreamingDecoder` with
# `read_to_end` returns the first frame and Ok: the rest of the file is lost without an error. The caller has to see that
# input is left and begin a decoder anew.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
cargo init --quiet --vcs none --name frames .
cargo add --quiet ruzstd@=0.9.1
cat > src/main.rs <<'R'
use std::io::Read;

use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

fn main() {
    let mut file = compress_to_vec(&b"first,"[..], CompressionLevel::Fastest);
    file.extend(compress_to_vec(&b"second"[..], CompressionLevel::Fastest));
    std::fs::write("two.zst", &file).unwrap();
    let mut source = &file[..];
    let mut text = String::new();
    StreamingDecoder::new(&mut source).unwrap().read_to_string(&mut text).unwrap();
    println!("read_to_string: Ok, {text:?}, {} of {} bytes of input left", source.len(), file.len());
    assert_eq!(text, "first,");
    assert!(!source.is_empty());
}
R
cargo run --quiet
python3 -m venv venv && venv/bin/pip install --quiet zstandard==0.25.0
venv/bin/python -c 'import zstandard; print("zstandard 0.25.0:", zstandard.ZstdDecompressor().stream_reader(open("two.zst", "rb"), read_across_frames=True).read())' | tee said
grep -q "first,second" said
echo "as described"
