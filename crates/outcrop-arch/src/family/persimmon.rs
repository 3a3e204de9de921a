use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, block};
use super::settings::SHAPE;
use super::{Config, Family, Layout, Setting, fused, module, rope, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, QkNorm, Result};

const EPS: &str = "layer_norm_eps";
const QK_NORM: &str = "qk_layernorm";

/// Persimmon: LayerNorm, also of each head, half of which is rotated; an MLP with squares of ReLU.
pub static PERSIMMON: Family = Family {
    name: "Persimmon",
    model_type: "persimmon",
    classes: &["PersimmonForCausalLM", "PersimmonModel"],
    settings: Some(&[SHAPE, &[Setting::Read(EPS), Setting::Read(QK_NORM)]]),
    read: Some(read_config),
    write: Some(write::partial_rope),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    fraction: 0.5,
    activation: Activation::Relu2,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        fused("self_attn.query_key_value"),
        module("self_attn.dense", &[R::AttentionOutput]),
        module("self_attn.q_layernorm", &[R::QueryNorm]),
        module("self_attn.k_layernorm", &[R::KeyNorm]),
        module("mlp.dense_h_to_4h", &[R::MlpUp]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
    ],
    end: &[module("final_layernorm", &[R::FinalNorm])],
    by_head: true,
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    // versions of transformers have different defaults
    rope::base_is_said(config)?;
    let arch = block(config, &OWN, Bias::All)?;
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        qk_norm: match config.flag(QK_NORM, true)? {
            true => QkNorm::LayerNorm,
            false => QkNorm::None,
        },
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
