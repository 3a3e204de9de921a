use super::llama::{DEFAULTS, Defaults, GROUPED, biases, block};
use super::moe::{self, APART, TOGETHER, joined};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Module, Setting, llama, module, olmo2, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Experts, Result};

/// FlexOlmo: OLMo 2 whose MLP is a mixture of experts in every layer.
pub static FLEX_OLMO: Family = Family {
    name: "FlexOlmo",
    model_type: "flex_olmo",
    classes: &["FlexOlmoForCausalLM", "FlexOlmoModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        moe::SETTINGS,
        &[Setting::Read(name::ATTENTION_BIAS), moe::NORMALISES],
    ]),
    read: Some(read_config),
    write: Some(write::rope),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    theta: 500_000.0,
    ..DEFAULTS
};

const COMMON: [Module; 9] = [
    module("self_attn.q_proj", &[R::Query]),
    module("self_attn.k_proj", &[R::Key]),
    module("self_attn.v_proj", &[R::Value]),
    module("self_attn.o_proj", &[R::AttentionOutput]),
    module("self_attn.q_norm", &[R::QueryNorm]),
    module("self_attn.k_norm", &[R::KeyNorm]),
    module("mlp.gate", &[R::Router]),
    module("post_attention_layernorm", &[R::AttentionOutputNorm]),
    module("post_feedforward_layernorm", &[R::MlpOutputNorm]),
];

static LAYOUT: Layout = Layout {
    block: &joined::<12>(&[&COMMON, &APART]),
    stacked_block: &joined::<11>(&[&COMMON, &TOGETHER]),
    ..llama::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = olmo2::common(config, block(config, &OWN, biases(config)?)?)?;
    let experts = Experts {
        normalised: moe::normalised(config)?,
        ..moe::everywhere(config, &arch)?
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        experts: Some(experts),
        ..arch
    })
}
