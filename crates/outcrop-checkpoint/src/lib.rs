//! Checkpoints on disk: series by step, safe safetensors reading and writing, checksums
