use super::llama::{DEFAULTS, Defaults, GROUPED, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, llama, module, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, NormPlacement, QkNorm, Result};

/// OLMo 2: Llama with norms on what sublayers write, and norms of all queries and of all keys.
pub static OLMO2: Family = Family {
    name: "OLMo 2",
    model_type: "olmo2",
    classes: &["Olmo2ForCausalLM", "Olmo2Model"],
    settings: Some(&[SHAPE, GROUPED, &[Setting::Read(name::ATTENTION_BIAS)]]),
    read: Some(read_config),
    write: Some(write::rope),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

pub(super) static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_norm", &[R::QueryNorm]),
        module("self_attn.k_norm", &[R::KeyNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("post_attention_layernorm", &[R::AttentionOutputNorm]),
        module("post_feedforward_layernorm", &[R::MlpOutputNorm]),
    ],
    ..llama::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = common(config, block(config, &OWN, biases(config)?)?)?;
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// What OLMo 2 and 3 have in common.
pub(super) fn common(config: &Config<'_>, arch: ArchSpec) -> Result<ArchSpec> {
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm_placement: NormPlacement::Output,
        qk_norm: QkNorm::Width,
        ..arch
    })
}
