//! From scores to weights.

use burn::tensor::{Tensor, activation};
use outcrop_arch::AttentionWeighting;

use super::capped;

/// What is added to the score of a key that is not seen.
pub(super) const HIDDEN: f64 = -1e9;

/// One more score of each query beside those of its keys.
pub(super) enum Extra {
    /// 0.
    Zero,
    /// One a head, [heads].
    Logits(Tensor<1>),
    /// That of a key, [kv_heads d_head], which may have a value.
    Key(Tensor<1>, Option<Box<Tensor<1>>>),
}

impl Extra {
    /// Of the queries [batch, heads, positions, d_head], which are scaled: [batch, heads, positions, 1].
    pub(super) fn scores(&self, queries: Tensor<4>, cap: Option<f64>) -> Tensor<4> {
        let [batch, heads, positions, d_head] = queries.dims();
        let shape = [batch, heads, positions, 1];
        match self {
            Self::Zero => Tensor::zeros(shape, &queries.device()),
            Self::Logits(logits) => logits.clone().reshape([1, heads, 1, 1]).expand(shape),
            Self::Key(key, _) => {
                let key = by_head(key.clone(), [heads, d_head]);
                capped((queries * key).sum_dim(3), cap)
            }
        }
    }

    /// The value of each head, [1, heads, 1, d_head], where it is not 0.
    pub(super) fn value(&self, [heads, d_head]: [usize; 2]) -> Option<Tensor<4>> {
        match self {
            Self::Key(_, value) => {
                let value = value.as_deref()?.clone();
                Some(by_head(value, [heads, d_head]))
            }
            Self::Zero | Self::Logits(_) => None,
        }
    }
}

/// A vector [kv_heads d_head] as [1, heads, 1, d_head].
fn by_head(vector: Tensor<1>, [heads, d_head]: [usize; 2]) -> Tensor<4> {
    let kv_heads = vector.dims()[0] / d_head;
    shared(vector.reshape([1, kv_heads, 1, d_head]), heads)
}

/// Each key-value head of `x` [batch, kv_heads, positions, d_head] as often as there are heads to it.
pub(super) fn shared(x: Tensor<4>, heads: usize) -> Tensor<4> {
    let [batch, kv_heads, positions, d_head] = x.dims();
    if kv_heads == heads {
        return x;
    }
    let group = heads / kv_heads;
    let x = x.reshape([batch, kv_heads, 1, positions, d_head]);
    let x = x.expand([batch, kv_heads, group, positions, d_head]);
    x.reshape([batch, heads, positions, d_head])
}

/// The weights of scores [batch, heads, queries, keys]; keys that are not seen have a score of about [`HIDDEN`].
pub(super) fn weigh(weighting: AttentionWeighting, scores: Tensor<4>) -> Tensor<4> {
    match weighting {
        AttentionWeighting::Softmax => activation::softmax(scores, 3),
        AttentionWeighting::ClippedSoftmax { eta, gamma } => {
            let stretched = activation::softmax(scores, 3) * (eta - gamma) + gamma;
            stretched.clamp(0.0, 1.0)
        }
        AttentionWeighting::Softpick => softpick(scores),
        AttentionWeighting::Sigmoid => activation::sigmoid(scores),
    }
}

/// max(x, 0) / (sum |x| + 1e-8) with x = exp(s) - 1, all of a query divided by the power of its largest score where that is
/// large.
fn softpick(scores: Tensor<4>) -> Tensor<4> {
    /// Scores whose exponentials are added up as they are.
    const LARGE: f64 = 60.0;
    let hidden = scores.clone().detach().lower_elem(HIDDEN / 2.0);
    let shift = scores
        .clone()
        .detach()
        .max_dim(3)
        .sub_scalar(LARGE)
        .clamp_min(0.0);
    let power = (-shift.clone()).exp();
    let x = exp_less_one(scores - shift.clone()) - exp_less_one(-shift);
    let x = x.mask_fill(hidden, 0.0);
    let sum = x.clone().abs().sum_dim(3) + power * 1e-8;
    activation::relu(x) / sum
}

/// exp(x) - 1; near 0, where that cancels, 2 t / (1 - t) with t = tanh(x / 2).
fn exp_less_one(x: Tensor<4>) -> Tensor<4> {
    let near = x.clone().detach().abs().lower_elem(1.0);
    let t = (x.clone().clamp(-1.0, 1.0) / 2.0).tanh();
    let small = t.clone() * 2.0 / (-t + 1.0);
    (x.exp() - 1.0).mask_where(near, small)
}
