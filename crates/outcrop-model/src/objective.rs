/// What a model is trained for beside the cross-entropy, and what is done with its residual stream while it trains. By
/// default nothing, which is [`Transformer::loss`](crate::Transformer::loss) to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objective {
    /// Coefficient, at least 0, of the mean over positions of ln(sum_j exp(l_j))^2, l the logits (z-loss; Chowdhery et
    /// al., 2204.02311).
    pub z_loss: f64,
    /// Coefficient, at least 0, of the mean over scalars h and over blocks of (|h| / 3)^4, h the residual stream after
    /// a block (TWEO, 2511.23225).
    pub tail_penalty: f64,
    /// After every block magnitudes above this many times the lower median of their sequence become that; their
    /// gradient is 0. Above 0; none where nothing is bounded.
    pub clamp: Option<f64>,
    /// Noise on massive activations, before they are clamped.
    pub noise: Option<HiddenNoise>,
}

/// Noise on massive activations: after every block a scalar h whose magnitude is above `above` times the lower median
/// of its sequence becomes h (1 + size e), e standard normal. The same seed, step, block and sequence give the same e.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenNoise {
    /// Standard deviation as a share of the scalar, at least 0.
    pub size: f64,
    /// Times the lower median, at least 0.
    pub above: f64,
    /// Seed of the run.
    pub seed: u64,
    /// Updates made before, below 2^30.
    pub step: u64,
    /// The first sequence that is given, in its batch.
    pub first_sequence: usize,
}

impl Objective {
    /// Whether the residual stream is looked at.
    pub(crate) fn treats_hidden(&self) -> bool {
        self.tail_penalty != 0.0 || self.clamp.is_some() || self.noise.is_some()
    }
}
