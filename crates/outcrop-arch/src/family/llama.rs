use serde_json::{Value, json};

use super::layout::ROTARY;
use super::rope::{self, Spelling};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, read, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Residual, Result};

/// Llama and families like it: RMSNorm, rotary positions, SwiGLU, grouped key-value heads.
pub static LLAMA: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "Llama",
        model_type: "llama",
        classes: &["LlamaForCausalLM", "LlamaModel", "LLaMAForCausalLM"],
        base: None,
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Fixed("rope_interleaved", "false"),
                Harmless("is_llama_config"),
                Harmless("max_sequence_length"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: Some(holds),
        layout: Some(&LAYOUT),
    }
};

/// What all that is built like Llama reads beside its shape.
pub(super) const GROUPED: &[Setting] = &[
    Setting::Read(name::KV_HEADS),
    Setting::Read(name::HEAD_DIM),
    Setting::Read(name::RMS_EPS),
];

static LAYOUT: Layout = Layout {
    body: "model.",
    start: &[module("embed_tokens", &[R::TokenEmbedding])],
    blocks: "layers",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_norm", &[R::QueryNorm]),
        module("self_attn.k_norm", &[R::KeyNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
    ],
    end: &[module("norm", &[R::FinalNorm])],
    head: module("lm_head", &[R::Unembedding]),
    transposed: false,
    by_head: false,
    buffers: &[ROTARY],
    reference: 4096,
};

const ROPE: [Spelling; 2] = [
    Spelling {
        nested: name::THETA,
        own: name::THETA,
        ignored: None,
        default: 10_000.0,
    },
    Spelling {
        nested: name::FRACTION,
        own: name::FRACTION,
        ignored: None,
        default: 1.0,
    },
];

/// In Llama, no number of key-value heads stands for as many as heads.
fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// What all that is built like Llama has in common, but for windows and the width of heads.
pub(super) fn block(config: &Config<'_>, bias: Bias) -> Result<ArchSpec> {
    let shape = read::shape(config)?;
    let kv_heads = config.optional_count(name::KV_HEADS)?;
    Ok(ArchSpec {
        kv_heads: kv_heads.unwrap_or(shape.heads),
        norm: Norm::RmsNorm,
        norm_eps: config.number(name::RMS_EPS)?.unwrap_or(1e-6),
        residual: Residual::Sequential,
        position: rope::position(config, &ROPE)?,
        activation: read::activation(config, name::ACTIVATION, true, Activation::SwiGlu)?,
        tied: config.flag(name::TIED, false)?,
        bias,
        ..shape
    })
}

/// [`block`] of a family with a default for key-value heads that no file relies on. Null stands for as many as
/// heads.
pub(super) fn grouped(config: &Config<'_>, bias: Bias) -> Result<ArchSpec> {
    match config.names(name::KV_HEADS) {
        true => block(config, bias),
        false => Err(config.mistyped(name::KV_HEADS, "a whole number")),
    }
}

/// Which linear maps have biases, as two settings say.
pub(super) fn biases(config: &Config<'_>) -> Result<Bias> {
    let attention = config.flag(name::ATTENTION_BIAS, false)?;
    let mlp = config.flag(name::MLP_BIAS, false)?;
    Ok(Bias::of([attention, attention, mlp]))
}

fn holds(family: &Family, arch: &ArchSpec) -> Result<()> {
    family.same("norm", arch.norm, Norm::RmsNorm)?;
    family.same("residual", arch.residual, Residual::Sequential)?;
    family.gated(arch, true)?;
    let fraction = family.rotary(arch)?;
    family.same("position.fraction", fraction, 1.0)
}

fn write_config(arch: &ArchSpec) -> Value {
    let biases = json!({
        name::ATTENTION_BIAS: arch.bias.qkv(),
        name::MLP_BIAS: arch.bias.mlp(),
    });
    write::with(write_block(arch), biases)
}

/// What all that is built like Llama writes.
pub(super) fn write_block(arch: &ArchSpec) -> Value {
    let (_, base) = write::rotary(arch);
    write::with(
        write::shape(arch),
        json!({
            name::KV_HEADS: arch.kv_heads,
            name::HEAD_DIM: arch.d_head(),
            name::RMS_EPS: arch.norm_eps,
            name::THETA: base,
            "rope_parameters": { "rope_type": "default", "rope_theta": base },
        }),
    )
}
