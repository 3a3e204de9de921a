//! What arXiv 2508.03616 reports, for comparison.

/// R2 of the best hypothesis, averaged over the layers of each Pythia model (Table 1).
pub(super) const FIT_R2: [(&str, f64); 9] = [
    ("14M", 0.9307),
    ("70M", 0.9681),
    ("160M", 0.9831),
    ("410M", 0.9937),
    ("1B", 0.9922),
    ("1.4B", 0.9956),
    ("2.8B", 0.9686),
    ("6.9B", 0.9954),
    ("12B", 0.9829),
];

/// Regressors of Table 3.
pub(super) const REGRESSORS: [&str; 5] = [
    "Ridge",
    "Lasso",
    "random forest",
    "gradient boosting",
    "XGBoost",
];

/// R2 on a random fifth of 188 layers of nine Pythia models (Table 3), by target, in the order of
/// [`REGRESSORS`].
pub(super) const PREDICTION_R2: [(&str, [f64; 5]); 5] = [
    ("A", [0.077, 0.195, 0.476, 0.274, 0.244]),
    ("lambda", [0.031, -0.015, 0.643, 0.506, 0.664]),
    ("gamma", [0.056, -0.006, 0.055, -1.571, -0.089]),
    ("t0", [0.100, 0.017, 0.447, 0.266, 0.387]),
    ("K", [0.405, 0.316, 0.803, 0.824, 0.847]),
];

/// The largest top-1 ratio of any layer after step 143000, for three sizes of Pythia.
pub(super) const LAST_RATIOS: [(&str, u32); 3] = [("14M", 83), ("1.4B", 2350), ("12B", 3200)];
