//! Predicts the emergence curve of massive activations from an architecture, with honest scores
