use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, activation};
use outcrop_arch::{Activation, ArchSpec};

use crate::layers::linear;

/// Two linear maps with a nonlinearity between them.
#[derive(Module, Debug)]
pub(crate) struct Mlp {
    pub(crate) dense_h_to_4h: Linear,
    pub(crate) dense_4h_to_h: Linear,
}

impl Mlp {
    pub(crate) fn new(spec: &ArchSpec, device: &Device) -> Self {
        Self {
            dense_h_to_4h: linear(spec.d_model, spec.d_ff, spec.bias.mlp(), device),
            dense_4h_to_h: linear(spec.d_ff, spec.d_model, spec.bias.mlp(), device),
        }
    }

    /// `x` and the result are [batch, positions, d_model].
    pub(crate) fn forward(&self, x: Tensor<3>, kind: Activation) -> Tensor<3> {
        let h = self.dense_h_to_4h.forward(x);
        let h = match kind {
            Activation::GeluTanh => activation::gelu_approximate(h),
            Activation::Relu => activation::relu(h),
            // SwiGLU is refused when the model is built.
            Activation::Gelu | Activation::SwiGlu => activation::gelu(h),
        };
        self.dense_4h_to_h.forward(h)
    }
}
