/// Magnitude above which a scalar is massive, by the rule of Sun et al. (arXiv 2402.17762).
pub const MASSIVE_MAGNITUDE: f32 = 100.0;
/// How many times the median a massive scalar is at least, by the same rule.
pub const MASSIVE_RATIO: f64 = 1000.0;
/// How many times the median a scalar is at least to be massive by the fallback rule, for models in which
/// nothing reaches that of Sun et al.: the largest of a million scalars of a normal distribution is about 7
/// times their median, so that no scalar of an untrained model reaches it.
pub const TOP_RATIO: f64 = 20.0;

/// The place of a scalar in a hidden state [positions, d_model].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Place {
    /// Position in the sequence, from 0.
    pub position: u32,
    /// Channel of the hidden state, from 0, below d_model.
    pub channel: u32,
}

/// One of the largest magnitudes of a hidden state.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Top {
    /// |h|, at least 0, finite.
    pub magnitude: f32,
    /// Its place.
    pub place: Place,
}

/// Statistics of one hidden state [positions, d_model]: one sequence, one layer, one step. Only finite scalars are
/// ranked; the others are counted, and the place of the first is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LayerStats {
    /// The largest three magnitudes, in descending order, ties by place; fewer where there are
    /// fewer finite scalars.
    pub top: [Option<Top>; 3],
    /// Lower median of |h| over all finite scalars, as in `torch.median` (for an even count the lower of the two middle
    /// values); none if no scalar is finite.
    pub median: Option<f32>,
    /// Number of scalars, positions times d_model.
    pub count: u64,
    /// Number of scalars that are NaN or infinite.
    pub non_finite: u64,
    /// The first scalar that is NaN or infinite.
    pub first_non_finite: Option<Place>,
}

impl LayerStats {
    /// Largest magnitude over lower median, the paper's ratio of one sequence; none if either is absent or the median
    /// is 0.
    pub fn ratio(&self) -> Option<f64> {
        let (top, median) = (self.top[0]?.magnitude, self.median?);
        (median > 0.0).then(|| f64::from(top) / f64::from(median))
    }

    /// Whether a scalar of this magnitude is massive by the rule of Sun et al.: above
    /// [`MASSIVE_MAGNITUDE`] and at least [`MASSIVE_RATIO`] times the median.
    pub fn is_massive(&self, magnitude: f32) -> bool {
        magnitude > MASSIVE_MAGNITUDE && self.is_times_median(magnitude, MASSIVE_RATIO)
    }

    /// Whether a scalar of this magnitude is finite and at least `ratio` times the median; false without a median.
    pub fn is_times_median(&self, magnitude: f32, ratio: f64) -> bool {
        let least = |median: f32| ratio * f64::from(median);
        let reached = self
            .median
            .is_some_and(|m| f64::from(magnitude) >= least(m));
        magnitude.is_finite() && reached
    }
}

/// The distribution of the finite scalars of one hidden state [positions, d_model]. It shows a peak that moved to
/// another place or that many channels share, which the ratio alone does not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Spread {
    /// Root mean square of all scalars, sqrt(mean(h^2)).
    pub rms: f64,
    /// Kurtosis over all scalars, mean((h - mu)^4) / (s^2)^2 with the mean mu and the population
    /// variance s^2: 3 for a normal distribution, at most the number of scalars; none if all are equal.
    pub kurtosis: Option<f64>,
    /// Kurtosis of the channels' root mean squares, mean(r^4) / mean(r^2)^2: 1 if all channels are alike, d_model if a
    /// single channel is nonzero (Elhage et al. 2023, "Privileged bases in the transformer residual stream"; arXiv
    /// 2506.19697); none where all are 0.
    pub channel_kurtosis: Option<f64>,
}

/// The largest magnitudes and the median of a hidden state without its first position, which often is the attention
/// sink and has all massive activations; of an image, those of its patches, without the class token and registers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LaterStats {
    /// The largest three magnitudes there, with positions of the whole sequence; see [`LayerStats::top`].
    pub top: [Option<Top>; 3],
    /// Lower median of |h| there; see [`LayerStats::median`].
    pub median: Option<f32>,
}

/// Further statistics that are measured for a checkpoint, but not while training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Detail {
    /// The token id at the place of each of the largest three magnitudes.
    pub tokens: [Option<u32>; 3],
    /// Number of scalars that are massive by the rule of Sun et al. (arXiv 2402.17762): above 100 and
    /// at least 1000 times the median.
    pub massive: Option<u64>,
    /// The distribution of the scalars; none if some are not finite.
    pub spread: Option<Spread>,
    /// The same without position 0, of an image of its patches; none for a sequence of one position.
    pub later: Option<LaterStats>,
}

/// A part of a training run in which steps are counted by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Its name, such as `stage1` or `stage2-ingredient3`.
    pub name: String,
    /// Steps of all stages before it: a step of the stage stands at `begins` + step in the run. None where
    /// nobody says how many they are.
    pub begins: Option<u64>,
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
    /// The statistics.
    pub stats: LayerStats,
    /// Further statistics; empty in tables of training.
    pub detail: Detail,
    /// Why the step should not enter a fit, in the words of an audit (`identical-steps`, `jump`);
    /// none for a step without findings.
    pub suspect: Option<String>,
    /// The stage in which the step counts; none for a run of one stage.
    pub stage: Option<Stage>,
}
