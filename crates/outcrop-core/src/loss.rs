/// The loss at one training step: a row of `loss.csv`. Losses are mean cross-entropies in nats per
/// token.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LossPoint {
    /// Name of the model.
    pub model: String,
    /// Training step; a row at step s describes the model after s updates.
    pub step: u64,
    /// Tokens trained on so far.
    pub tokens: u64,
    /// Loss of the last training batch (before its update); empty at step 0.
    pub loss: Option<f64>,
    /// Loss on the held-out sequences.
    pub held_out_loss: f64,
    /// Learning rate of the last update; empty at step 0.
    pub learning_rate: Option<f64>,
    /// Global norm of the last gradient before clipping; empty at step 0.
    pub gradient_norm: Option<f64>,
}
