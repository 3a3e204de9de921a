use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, HeadGains, Layout, Setting, module, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Bias, Norm, QkNorm, Residual, Result};

const EPS: &str = "layer_norm_eps";
const QKV_BIAS: &str = "use_qkv_bias";
const QK_NORM: &str = "qk_layernorm";
const PARALLEL: &str = "use_parallel_residual";

/// StableLM: Llama with LayerNorm that rotates a quarter of each head; some models have biases of queries, keys and
/// values, norms of each head with a gain of its own, or one norm for attention and MLP.
pub static STABLELM: Family = {
    use Setting::Read;
    Family {
        name: "StableLM",
        model_type: "stablelm",
        classes: &["StableLmForCausalLM", "StableLmModel"],
        settings: Some(&[
            SHAPE,
            &[
                Read(name::KV_HEADS),
                Read(EPS),
                Read(QKV_BIAS),
                Read(QK_NORM),
                Read(PARALLEL),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::partial_rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    fraction: 0.25,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_layernorm", &[R::QueryNorm]),
        module("self_attn.k_layernorm", &[R::KeyNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
    ],
    head_gains: HeadGains::Each("norms"),
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let bias = Bias::of([config.flag(QKV_BIAS, false)?, false, false]);
    let arch = grouped(config, &OWN, bias)?;
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: match config.flag(PARALLEL, false)? {
            true => Residual::ParallelShared,
            false => Residual::Sequential,
        },
        qk_norm: match config.flag(QK_NORM, false)? {
            true => QkNorm::LayerNormHeads,
            false => QkNorm::None,
        },
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
