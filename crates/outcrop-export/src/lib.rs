//! Measurements as event files of TensorBoard and offline runs of Weights & Biases.
