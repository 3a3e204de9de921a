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
