use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use outcrop_arch::ArchSpec;

use crate::layers::linear;
use crate::position::Positions;

/// Causal multi-head softmax attention. The fused projection is laid out per head as [q | k | v],
/// as in published GPT-NeoX weights.
#[derive(Module, Debug)]
pub(crate) struct SelfAttention {
    pub(crate) query_key_value: Linear,
    pub(crate) dense: Linear,
    heads: usize,
}

impl SelfAttention {
    pub(crate) fn new(spec: &ArchSpec, device: &Device) -> Self {
        let d = spec.d_model;
        Self {
            query_key_value: linear(d, 3 * d, spec.bias.qkv(), device),
            dense: linear(d, d, spec.bias.attention_output(), device),
            heads: spec.heads,
        }
    }

    /// `x` and the result are [batch, positions, d_model].
    pub(crate) fn forward(&self, x: Tensor<3>, positions: &Positions) -> Tensor<3> {
        let [batch, t, d_model] = x.dims();
        let d_head = d_model / self.heads;
        let qkv = self.query_key_value.forward(x);
        let qkv = qkv
            .reshape([batch, t, self.heads, 3 * d_head])
            .swap_dims(1, 2);
        let q = positions.rotate(qkv.clone().narrow(3, 0, d_head));
        let k = positions.rotate(qkv.clone().narrow(3, d_head, d_head));
        let v = qkv.narrow(3, 2 * d_head, d_head);
        let scale = 1.0 / (d_head as f64).sqrt();
        let scores = (q * scale).matmul(k.swap_dims(2, 3)) + positions.causal(t);
        let mixed = activation::softmax(scores, 3).matmul(v);
        self.dense
            .forward(mixed.swap_dims(1, 2).reshape([batch, t, d_model]))
    }
}
