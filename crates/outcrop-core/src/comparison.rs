use std::fmt;

/// Which of two curves is nearer to a trajectory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CurveVerdict {
    /// They differ nowhere by more than a hundredth of the range of the ratios.
    #[cfg_attr(feature = "serde", serde(rename = "same curve"))]
    SameCurve,
    /// Ours has the lower sum of squares.
    #[cfg_attr(feature = "serde", serde(rename = "ours lower"))]
    OursLower,
    /// The published one has the lower sum of squares.
    #[cfg_attr(feature = "serde", serde(rename = "published lower"))]
    PublishedLower,
    /// One of them has no value, or they are of different things.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "not comparable"))]
    NotComparable,
}

impl fmt::Display for CurveVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameCurve => "same curve",
            Self::OursLower => "ours lower",
            Self::PublishedLower => "published lower",
            Self::NotComparable => "not comparable",
        })
    }
}

/// A published fit beside one of ours, on the same trajectory: a row of `comparison.csv`. Columns
/// that start with `published_` are of the published fit. What is not known is empty. Ratios have no
/// unit, times are training steps, rates are per step.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Comparison {
    /// Name of the model.
    pub model: String,
    /// Layer, from 1.
    pub layer: u32,
    /// Hypothesis of the published fit, such as `published original`.
    pub published: String,
    /// Hypothesis of our fit, such as `emergence`; empty where there is none.
    pub ours: String,
    /// Which is nearer to the ratios.
    pub verdict: CurveVerdict,
    /// Why they are not comparable; empty otherwise.
    pub reason: String,
    /// Number of steps on which the curves were compared: those of the trajectory.
    pub n: usize,
    /// Number of residuals that were published, 0 where none were.
    pub published_n: usize,
    /// R2 as it was published. It may be of normalised values, which leave R2 as it is.
    pub published_r2: Option<f64>,
    /// R2 of the published parameters on this trajectory.
    pub published_r2_here: Option<f64>,
    /// R2 of our fit on this trajectory, unweighted.
    pub r2: Option<f64>,
    /// Sum of squares of the published residuals, which may be of normalised values.
    pub published_sse: Option<f64>,
    /// Sum of squared residuals of the published parameters on this trajectory.
    pub published_sse_here: Option<f64>,
    /// Sum of squared residuals of our fit, unweighted.
    pub sse: Option<f64>,
    /// `sse` over `published_sse_here`: below 1 ours is nearer.
    pub sse_ratio: Option<f64>,
    /// Largest difference of the two curves on the steps, over the range of the ratios.
    pub max_difference: Option<f64>,
    /// The step at which it is.
    pub max_difference_step: Option<u64>,
    /// Root mean square of the difference on the steps, over the range of the ratios.
    pub rms_difference: Option<f64>,
    /// Step at which the published curve is largest, if that is inside the run.
    pub published_t_peak: Option<f64>,
    /// Step at which ours is.
    pub t_peak: Option<f64>,
    /// Amplitude A of Eq. 9, f(t) = A exp(-lambda x) ln(x) + K with x = gamma t + t0.
    #[cfg_attr(feature = "serde", serde(rename = "published_A"))]
    pub published_a: Option<f64>,
    /// The same of ours.
    #[cfg_attr(feature = "serde", serde(rename = "A"))]
    pub a: Option<f64>,
    /// Decay rate lambda of Eq. 9.
    pub published_lambda: Option<f64>,
    /// The same of ours.
    pub lambda: Option<f64>,
    /// Time scaling gamma of Eq. 9, per step.
    pub published_gamma: Option<f64>,
    /// The same of ours.
    pub gamma: Option<f64>,
    /// Time offset t0 of Eq. 9.
    pub published_t0: Option<f64>,
    /// The same of ours.
    pub t0: Option<f64>,
    /// Asymptote K.
    #[cfg_attr(feature = "serde", serde(rename = "published_K"))]
    pub published_k: Option<f64>,
    /// The same of ours.
    #[cfg_attr(feature = "serde", serde(rename = "K"))]
    pub k: Option<f64>,
    /// Decay rate beta of f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K, per step.
    pub published_beta: Option<f64>,
    /// The same of ours.
    pub beta: Option<f64>,
    /// Time offset tau0, in steps.
    pub published_tau0: Option<f64>,
    /// The same of ours.
    pub tau0: Option<f64>,
    /// Logarithmic amplitude A1.
    #[cfg_attr(feature = "serde", serde(rename = "published_A1"))]
    pub published_a1: Option<f64>,
    /// The same of ours.
    #[cfg_attr(feature = "serde", serde(rename = "A1"))]
    pub a1: Option<f64>,
    /// Constant amplitude A2.
    #[cfg_attr(feature = "serde", serde(rename = "published_A2"))]
    pub published_a2: Option<f64>,
    /// The same of ours.
    #[cfg_attr(feature = "serde", serde(rename = "A2"))]
    pub a2: Option<f64>,
}
