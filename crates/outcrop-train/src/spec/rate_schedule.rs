use serde::{Deserialize, Serialize};

/// How the learning rate goes from its peak, behind the warm-up, to the end of a run; x runs from 0 to 1 there, s is
/// `final_share`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateSchedule {
    /// s + (1 - s) (1 + cos(pi x)) / 2 of the peak.
    #[default]
    Cosine,
    /// 1 - (1 - s) x of the peak.
    Linear,
    /// The peak to the end.
    Constant,
    /// The peak, and in the last `decay_share` of all updates linearly to s of it (warm-up, stable, decay; Hu et al.
    /// 2404.06395).
    StableDecay,
}

impl RateSchedule {
    /// The share of the peak after `progress` of the way, 0 to 1, of which `decay` at its end is the decay of
    /// [`RateSchedule::StableDecay`].
    pub(crate) fn share(self, progress: f64, last: f64, decay: f64) -> f64 {
        let down = |x: f64| last + (1.0 - last) * x;
        match self {
            Self::Cosine => down(0.5 * (1.0 + (std::f64::consts::PI * progress).cos())),
            Self::Linear => down(1.0 - progress),
            Self::Constant => 1.0,
            Self::StableDecay => down(((1.0 - progress) / decay).min(1.0)),
        }
    }
}
