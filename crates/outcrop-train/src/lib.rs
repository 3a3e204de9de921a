//! Trains small transformers and measures massive activations while they emerge
