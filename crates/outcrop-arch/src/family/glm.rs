use super::llama::{
    DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, LLAMA, gated_block, grouped,
};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Module, Setting, module, read, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Bias, Result, RotaryPairs};

/// GLM: Llama that rotates neighbouring channels of half of each head, with gate and first matrix of the MLP in one.
pub static GLM: Family = Family {
    name: "GLM",
    model_type: "glm",
    aliases: &[],
    classes: &["GlmForCausalLM", "GlmModel"],
    base: Some(&LLAMA),
    settings: Some(&[SHAPE, GROUPED, &[Setting::Read(name::ATTENTION_BIAS)]]),
    read: Some(read_config),
    write: Some(write::partial_rope),
    holds: Some(gated_block),
    layout: Some(&LAYOUT),
};

const OWN: Defaults = Defaults {
    fraction: 0.5,
    eps: 1.5625e-7,
    ..DEFAULTS
};

/// Gate and first matrix of the MLP in one.
pub(super) const GATE_UP: Module = Module {
    name: "mlp.gate_up_proj",
    role: R::MlpGateUp,
    holds: &[R::MlpGate, R::MlpUp],
    stack: None,
    bare: false,
};

static LAYOUT: Layout = Layout {
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        GATE_UP,
        module("mlp.down_proj", &[R::MlpDown]),
    ],
    ..LLAMA_LAYOUT
};

/// What GLM-4 reads too.
pub(super) fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let attention = config.flag(name::ATTENTION_BIAS, true)?;
    let arch = grouped(config, &OWN, Bias::of([attention, false, false]))?;
    let arch = arch.with_head_dim(read::head_dim(config, Some(128))?);
    Ok(ArchSpec {
        rotary_pairs: RotaryPairs::Neighbours,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
