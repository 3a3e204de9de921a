use burn::module::Initializer;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::Device;
use outcrop_arch::ArchSpec;

pub(crate) fn layer_norm(spec: &ArchSpec, device: &Device) -> LayerNorm {
    LayerNormConfig::new(spec.d_model)
        .with_epsilon(spec.norm_eps)
        .init(device)
}

/// A linear map of zeros; [`crate::init`] draws its weights.
pub(crate) fn linear(input: usize, output: usize, bias: bool, device: &Device) -> Linear {
    LinearConfig::new(input, output)
        .with_bias(bias)
        .with_initializer(Initializer::Zeros)
        .init(device)
}
