use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::{Device, Tensor};
use outcrop_arch::{ArchSpec, Residual};

use crate::attention::SelfAttention;
use crate::layers::layer_norm;
use crate::mlp::Mlp;
use crate::position::Positions;
use crate::{Tap, TapPoint};
#[cfg(feature = "flex")]
use crate::{
    TapSequences,
    fused::{self, BlockModules},
};

/// One GPT-NeoX block.
#[derive(Module, Debug)]
pub(crate) struct Block {
    input_layernorm: LayerNorm,
    post_attention_layernorm: LayerNorm,
    attention: SelfAttention,
    mlp: Mlp,
}

impl Block {
    pub(crate) fn new(spec: &ArchSpec, device: &Device) -> Self {
        Self {
            input_layernorm: layer_norm(spec, device),
            post_attention_layernorm: layer_norm(spec, device),
            attention: SelfAttention::new(spec, device),
            mlp: Mlp::new(spec, device),
        }
    }

    /// [`Block::forward`] as one operation of our own, which shows what it leaves to `tap` and nothing
    /// that is inside.
    #[cfg(feature = "flex")]
    pub(crate) fn fused(
        &self,
        x: Tensor<3>,
        spec: &ArchSpec,
        positions: &Positions,
        tap: Option<&dyn TapSequences>,
    ) -> Tensor<3> {
        let modules = BlockModules {
            attention_norm: &self.input_layernorm,
            query_key_value: &self.attention.query_key_value,
            dense: &self.attention.dense,
            mlp_norm: &self.post_attention_layernorm,
            up: &self.mlp.dense_h_to_4h,
            down: &self.mlp.dense_4h_to_h,
        };
        fused::block(x, modules, spec, positions.rotation(), tap)
    }

    /// Runs the block on the residual stream `x` [batch, positions, d_model]; `layer` counts
    /// from 1.
    pub(crate) fn forward(
        &self,
        x: Tensor<3>,
        layer: usize,
        spec: &ArchSpec,
        positions: &Positions,
        tap: &mut impl Tap,
    ) -> Tensor<3> {
        let mut show = |point, hidden: &Tensor<3>| {
            if tap.wants(point) {
                tap.tap(layer, point, hidden);
            }
        };
        show(TapPoint::ResidPre, &x);
        let attn = self.input_layernorm.forward(x.clone());
        let attn = self.attention.forward(attn, positions);
        show(TapPoint::AttnWrite, &attn);
        let (mlp_input, middle) = match spec.residual {
            Residual::Parallel => (x.clone(), x + attn),
            Residual::Sequential => {
                let middle = x + attn;
                (middle.clone(), middle)
            }
        };
        let mlp = self.post_attention_layernorm.forward(mlp_input);
        let mlp = self.mlp.forward(mlp, spec.activation);
        show(TapPoint::MlpWrite, &mlp);
        let post = middle + mlp;
        show(TapPoint::ResidPost, &post);
        post
    }
}
