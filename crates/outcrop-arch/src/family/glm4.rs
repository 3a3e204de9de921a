use super::glm::{self, GATE_UP, GLM};
use super::llama::{LAYOUT as LLAMA_LAYOUT, rms_block};
use super::{Config, Family, Layout, module};
use crate::TensorRole as R;
use crate::{ArchSpec, NormPlacement, Result};

/// GLM-4: GLM with norms of what sublayers write, too.
pub static GLM4: Family = Family {
    name: "GLM-4",
    model_type: "glm4",
    aliases: &[],
    classes: &["Glm4ForCausalLM", "Glm4Model"],
    base: Some(&GLM),
    settings: None,
    read: Some(read_config),
    write: None,
    holds: Some(holds),
    layout: Some(&LAYOUT),
};

static LAYOUT: Layout = Layout {
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("post_self_attn_layernorm", &[R::AttentionOutputNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        GATE_UP,
        module("mlp.down_proj", &[R::MlpDown]),
        module("post_mlp_layernorm", &[R::MlpOutputNorm]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    Ok(ArchSpec {
        norm_placement: NormPlacement::Peri,
        ..glm::read_config(config)?
    })
}

fn holds(family: &Family, arch: &ArchSpec) -> Result<()> {
    rms_block(family, arch, NormPlacement::Peri)?;
    family.gated(arch, true)
}
