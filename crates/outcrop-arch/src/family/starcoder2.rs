use serde_json::Value;

use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Result};

const EPS: &str = "norm_epsilon";
const BIAS: &str = "use_bias";

/// StarCoder 2: Llama with LayerNorm, biases and an MLP of two matrices.
pub static STARCODER2: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "StarCoder 2",
        model_type: "starcoder2",
        classes: &["Starcoder2ForCausalLM", "Starcoder2Model"],
        settings: Some(&[
            SHAPE,
            &[
                Read(name::KV_HEADS),
                Read(name::HEAD_DIM),
                Read(EPS),
                Read(BIAS),
                Fixed("mlp_type", "\"default\""),
                Fixed("norm_type", "\"layer_norm\""),
                Harmless("embedding_dropout"),
                Harmless("residual_dropout"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    activation: Activation::GeluTanh,
    tied: true,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("mlp.c_fc", &[R::MlpUp]),
        module("mlp.c_proj", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let bias = Bias::of([config.flag(BIAS, true)?; 3]);
    let arch = grouped(config, &OWN, bias)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        window: window::by_given_width(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), write::window_width(arch, None))
}
