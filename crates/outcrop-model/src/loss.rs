use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Int, Tensor};

/// Mean cross-entropy in nats per token, a single number, of `logits` [batch, positions, vocab]
/// against `targets` [batch, positions].
pub fn cross_entropy(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    let [batch, positions, vocab] = logits.dims();
    let rows = batch * positions;
    CrossEntropyLossConfig::new()
        .init(&logits.device())
        .forward(logits.reshape([rows, vocab]), targets.reshape([rows]))
}
