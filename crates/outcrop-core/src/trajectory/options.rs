use super::{Ratio, Stages};

/// How measurements become trajectories.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `ratio` | mean(max) / mean(median) | how a step is averaged over its sequences |
/// | `include_suspect` | false | whether steps that an audit suspects come too |
/// | `stages` | one | which stages of a run come, and whether as one |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrajectoryOptions {
    /// How a step is averaged over its sequences.
    pub ratio: Ratio,
    /// Whether to take in steps whose rows give a reason under `suspect`.
    pub include_suspect: bool,
    /// Which stages of a run to take, and whether to join them.
    pub stages: Stages,
}

impl From<Ratio> for TrajectoryOptions {
    fn from(ratio: Ratio) -> Self {
        Self {
            ratio,
            ..Self::default()
        }
    }
}
