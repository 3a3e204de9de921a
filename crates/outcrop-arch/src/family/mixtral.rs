use super::llama::{DEFAULTS, Defaults, GROUPED, grouped};
use super::moe::{self, joined};
use super::settings::{SHAPE, name};
use super::{
    Config, Family, Layout, Module, Setting, expert, experts, llama, mistral, module, window,
};
use crate::TensorRole as R;
use crate::{ArchSpec, Bias, Experts, Result};

/// Mixtral: Mistral whose MLP is a mixture of experts in every layer.
pub static MIXTRAL: Family = Family {
    name: "Mixtral",
    model_type: "mixtral",
    classes: &["MixtralForCausalLM", "MixtralModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        moe::SETTINGS,
        // noise of training
        &[Setting::Harmless("router_jitter_noise")],
    ]),
    read: Some(read_config),
    write: Some(mistral::write_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    theta: 1e6,
    eps: 1e-5,
    ..DEFAULTS
};

const COMMON: [Module; 7] = [
    module("input_layernorm", &[R::AttentionNorm]),
    module("self_attn.q_proj", &[R::Query]),
    module("self_attn.k_proj", &[R::Key]),
    module("self_attn.v_proj", &[R::Value]),
    module("self_attn.o_proj", &[R::AttentionOutput]),
    module("post_attention_layernorm", &[R::MlpNorm]),
    module("block_sparse_moe.gate", &[R::Router]),
];

static LAYOUT: Layout = Layout {
    block: &joined::<10>(&[
        &COMMON,
        &[
            expert("block_sparse_moe.experts.{}.w1", &[R::ExpertGate]),
            expert("block_sparse_moe.experts.{}.w2", &[R::ExpertDown]),
            expert("block_sparse_moe.experts.{}.w3", &[R::ExpertUp]),
        ],
    ]),
    stacked_block: &joined::<9>(&[
        &COMMON,
        &[
            experts(
                "block_sparse_moe.experts.gate_up_proj",
                &[R::ExpertGate, R::ExpertUp],
            ),
            experts("block_sparse_moe.experts.down_proj", &[R::ExpertDown]),
        ],
    ]),
    aliases: &[["mlp", "block_sparse_moe"]],
    ..llama::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, Bias::None)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    let experts = Experts {
        normalised: true,
        ..moe::everywhere(config, &arch)?
    };
    Ok(ArchSpec {
        window: window::by_given_width(config, arch.layers)?,
        experts: Some(experts),
        ..arch
    })
}
