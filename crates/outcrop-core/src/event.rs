/// What happened in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum EventKind {
    /// The learning rate has its first maximum: the warm-up is over. The value is the rate.
    WarmUpEnd,
    /// The learning rate begins to fall; the step is the last one before. The value is the rate.
    DecayStart,
    /// The learning rate stops falling. The value is the rate.
    DecayEnd,
    /// The learning rate jumps between two updates. The value is the new rate over the old one.
    RateJump,
    /// The loss is far above that of the steps around it. The value is by how much, nats.
    LossSpike,
    /// A stage begins. The value is its number in the run, from 1.
    StageStart,
    /// The spec of the run multiplies the learning rate from here on. The value is the factor.
    SetLearningRateFactor,
    /// The spec sets the weight decay. The value is the decay.
    SetWeightDecay,
    /// The spec sets the penalty on tails of the residual stream. The value is its coefficient.
    SetTailPenalty,
    /// The spec bounds the residual stream. The value is the bound as a multiple of the median; empty where it ends.
    SetClamp,
    /// The spec puts noise on massive activations. The value is its size as a share of them.
    SetNoise,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::WarmUpEnd,
        Self::DecayStart,
        Self::DecayEnd,
        Self::RateJump,
        Self::LossSpike,
        Self::StageStart,
        Self::SetLearningRateFactor,
        Self::SetWeightDecay,
        Self::SetTailPenalty,
        Self::SetClamp,
        Self::SetNoise,
    ];

    /// Whether the spec of a run asked for it; else it is found in tables.
    pub fn is_set(self) -> bool {
        match self {
            Self::SetLearningRateFactor
            | Self::SetWeightDecay
            | Self::SetTailPenalty
            | Self::SetClamp
            | Self::SetNoise => true,
            Self::WarmUpEnd
            | Self::DecayStart
            | Self::DecayEnd
            | Self::RateJump
            | Self::LossSpike
            | Self::StageStart => false,
        }
    }

    /// Its word in a table.
    pub fn word(self) -> &'static str {
        match self {
            Self::WarmUpEnd => "warm-up-end",
            Self::DecayStart => "decay-start",
            Self::DecayEnd => "decay-end",
            Self::RateJump => "rate-jump",
            Self::LossSpike => "loss-spike",
            Self::StageStart => "stage-start",
            Self::SetLearningRateFactor => "set-learning-rate-factor",
            Self::SetWeightDecay => "set-weight-decay",
            Self::SetTailPenalty => "set-tail-penalty",
            Self::SetClamp => "set-clamp",
            Self::SetNoise => "set-noise",
        }
    }
}

/// Something that happened in training and may show in any trajectory: a row of `events.csv`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrainingEvent {
    /// Name of the model.
    pub model: String,
    /// Training step: of a jump and a stage the first after it, of a spike the one where the loss is largest, of what a
    /// spec sets the last before it.
    pub step: u64,
    /// What happened.
    pub event: EventKind,
    /// What [`EventKind`] says.
    pub value: Option<f64>,
    /// The name of the stage that begins; empty for all else.
    pub stage: Option<String>,
}
