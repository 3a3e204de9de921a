use super::llama::{DEFAULTS, GROUPED, biases, block};
use super::moe::{self, joined};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Module, Setting, experts, granite, llama, module, window};
use crate::TensorRole as R;
use crate::{ArchSpec, Experts, Result};

/// Granite MoE: Granite whose MLP is a mixture of experts in every layer.
pub static GRANITEMOE: Family = Family {
    name: "Granite MoE",
    model_type: "granitemoe",
    classes: &["GraniteMoeForCausalLM", "GraniteMoeModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        granite::FACTORS,
        moe::SETTINGS,
        &[Setting::Read(name::ATTENTION_BIAS)],
    ]),
    read: Some(read_config),
    write: Some(granite::write_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const COMMON: [Module; 6] = [
    module("input_layernorm", &[R::AttentionNorm]),
    module("self_attn.q_proj", &[R::Query]),
    module("self_attn.k_proj", &[R::Key]),
    module("self_attn.v_proj", &[R::Value]),
    module("self_attn.o_proj", &[R::AttentionOutput]),
    module("post_attention_layernorm", &[R::MlpNorm]),
];

const BOTH: &[R] = &[R::ExpertGate, R::ExpertUp];

/// Files have all experts of a layer in one tensor, under older or newer names.
static LAYOUT: Layout = Layout {
    block: &joined::<9>(&[
        &COMMON,
        &[
            experts("block_sparse_moe.input_linear.weight", BOTH),
            experts("block_sparse_moe.output_linear.weight", &[R::ExpertDown]),
            module("block_sparse_moe.router.layer", &[R::Router]),
        ],
    ]),
    stacked_block: &joined::<9>(&[
        &COMMON,
        &[
            experts("block_sparse_moe.experts.gate_up_proj", BOTH),
            experts("block_sparse_moe.experts.down_proj", &[R::ExpertDown]),
            module("block_sparse_moe.router", &[R::Router]),
        ],
    ]),
    ..llama::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    let experts = Experts {
        normalised: true,
        ..moe::everywhere(config, &arch)?
    };
    Ok(ArchSpec {
        scale: granite::scale(config)?,
        window: window::none(config, arch.layers)?,
        experts: Some(experts),
        ..arch
    })
}
