//! At which training steps to save checkpoints and to measure: Pythia's schedule and a small grammar
