use serde::{Deserialize, Serialize};

/// Where in a hidden state [positions, d_model] a scalar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Position in the sequence, from 0.
    pub position: u32,
    /// Channel of the hidden state, from 0, below d_model.
    pub channel: u32,
}

/// One of the largest magnitudes of a hidden state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Top {
    /// |h|, at least 0, finite.
    pub magnitude: f32,
    /// Where it stands.
    pub place: Place,
}

/// What is measured of one hidden state [positions, d_model]: one sequence, one layer, one step.
/// Only finite scalars are ranked; the others are counted and the first is placed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerStats {
    /// The largest three magnitudes, in descending order, ties by place; fewer where there are
    /// fewer finite scalars.
    pub top: [Option<Top>; 3],
    /// Lower median of |h| over all finite scalars, as `torch.median` has it (for an even count
    /// the lower of the two in the middle); none where no scalar is finite.
    pub median: Option<f32>,
    /// Number of scalars, positions times d_model.
    pub count: u64,
    /// How many of them are NaN or infinite.
    pub non_finite: u64,
    /// The first scalar that is NaN or infinite.
    pub first_non_finite: Option<Place>,
}

impl LayerStats {
    /// Largest magnitude over lower median, the paper's ratio of one sequence; none where either
    /// is absent or the median is 0.
    pub fn ratio(&self) -> Option<f64> {
        let (top, median) = (self.top[0]?.magnitude, self.median?);
        (median > 0.0).then(|| f64::from(top) / f64::from(median))
    }
}

/// The statistics of one layer for one (model, step, sequence): a row of `measurements.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Name of the model.
    pub model: String,
    /// Training step of the checkpoint.
    pub step: u64,
    /// Index of the sequence, from 0.
    pub sequence: u32,
    /// Layer, from 1 as in the paper.
    pub layer: u32,
    /// What was measured.
    pub stats: LayerStats,
}
