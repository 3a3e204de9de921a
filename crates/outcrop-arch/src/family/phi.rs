use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, QkNorm, Residual, Result};

const EPS: &str = "layer_norm_eps";
const QK_NORM: &str = "qk_layernorm";

/// Phi: attention and MLP read one norm, half of each head is rotated, the unembedding has a bias.
pub static PHI: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "Phi",
        model_type: "phi",
        classes: &["PhiForCausalLM", "PhiModel"],
        settings: Some(&[
            SHAPE,
            &[
                Read(name::KV_HEADS),
                Read(EPS),
                Read(QK_NORM),
                Harmless("embd_pdrop"),
                Harmless("resid_pdrop"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::partial_rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    fraction: 0.5,
    activation: Activation::GeluTanh,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.dense", &[R::AttentionOutput]),
        module("self_attn.q_layernorm", &[R::QueryNorm]),
        module("self_attn.k_layernorm", &[R::KeyNorm]),
        module("mlp.fc1", &[R::MlpUp]),
        module("mlp.fc2", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
    ],
    end: &[module("final_layernorm", &[R::FinalNorm])],
    reference: 2048,
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &OWN, Bias::All)?;
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::ParallelShared,
        qk_norm: match config.flag(QK_NORM, false)? {
            true => QkNorm::LayerNorm,
            false => QkNorm::None,
        },
        unembedding_bias: true,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
