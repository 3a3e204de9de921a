use burn::tensor::{Int, Tensor, activation};

/// Mean cross-entropy in nats per token, a single number, of `logits` [batch, positions, vocab]
/// against `targets` [batch, positions].
pub fn cross_entropy(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    let [batch, positions, vocab] = logits.dims();
    let rows = batch * positions;
    let log_probabilities = activation::log_softmax(logits.reshape([rows, vocab]), 1);
    let of_targets = log_probabilities.gather(1, targets.reshape([rows, 1]));
    of_targets.mean().neg()
}

/// What comes out after the blocks.
pub(crate) struct Ended {
    /// The cross-entropy and, where it is asked for, the z-loss: by its gradients, or by its value too.
    pub(crate) total: Tensor<1>,
    pub(crate) cross_entropy: Tensor<1>,
    pub(crate) z: Option<Tensor<1>>,
}

impl Ended {
    /// Of logits [batch, positions, vocab], by operations of the backend.
    pub(crate) fn of(logits: Tensor<3>, targets: Tensor<2, Int>, z_loss: f64) -> Self {
        let cross_entropy = cross_entropy(logits.clone(), targets);
        if z_loss == 0.0 {
            return Self {
                total: cross_entropy.clone(),
                cross_entropy,
                z: None,
            };
        }
        let most = logits.clone().max_dim(2).detach();
        let whole = (logits - most.clone()).exp().sum_dim(2).log() + most;
        let z = whole.square().mean();
        Self {
            total: cross_entropy.clone() + z.clone() * z_loss,
            cross_entropy,
            z: Some(z),
        }
    }
}
