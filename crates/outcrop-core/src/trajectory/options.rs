use super::Ratio;

/// How measurements become trajectories.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `ratio` | mean(max) / mean(median) | how a step is averaged over its sequences |
/// | `include_suspect` | false | whether steps that an audit suspects come too |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrajectoryOptions {
    /// How a step is averaged over its sequences.
    pub ratio: Ratio,
    /// Whether to take in steps whose rows give a reason under `suspect`.
    pub include_suspect: bool,
}

impl From<Ratio> for TrajectoryOptions {
    fn from(ratio: Ratio) -> Self {
        Self {
            ratio,
            ..Self::default()
        }
    }
}
