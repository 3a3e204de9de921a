use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, bare, module, rope, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, QkNorm, Result};

/// Apertus: Llama with norms of queries and keys and an MLP of two matrices with xIELU.
pub static APERTUS: Family = {
    Family {
        name: "Apertus",
        model_type: "apertus",
        classes: &["ApertusForCausalLM", "ApertusModel"],
        settings: Some(&[SHAPE, GROUPED, SETTINGS]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

/// What it reads beside Llama.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::Read(name::ATTENTION_BIAS),
    Setting::Fixed(name::MLP_BIAS, "false"),
    Setting::Fixed("post_norm", "false"),
    Setting::Fixed("qk_norm", "true"),
];

const OWN: Defaults = Defaults {
    theta: 12_000_000.0,
    eps: 1e-5,
    activation: Activation::Xielu,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_norm", &[R::QueryNorm]),
        module("self_attn.k_norm", &[R::KeyNorm]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        bare("mlp.act_fn.alpha_p", &[R::ActivationPositive]),
        bare("mlp.act_fn.alpha_n", &[R::ActivationNegative]),
        module("attention_layernorm", &[R::AttentionNorm]),
        module("feedforward_layernorm", &[R::MlpNorm]),
    ],
    // one millionth below 0 the exponential is that of the number itself
    constants: &[("act_fn.beta", 0.5), ("act_fn.eps", -1e-6)],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    // versions of transformers have different defaults
    rope::table_is_there(config)?;
    let arch = block(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        qk_norm: QkNorm::Head,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
