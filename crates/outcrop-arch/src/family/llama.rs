use super::layout::ROTARY;
use super::rope::{self, Spelling};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, read, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, NormPlacement, Residual, Result, Scale};

/// Llama and families like it: RMSNorm, rotary positions, SwiGLU, grouped key-value heads.
pub static LLAMA: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "Llama",
        model_type: "llama",
        aliases: &[],
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
        write: Some(write::rope),
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

pub(super) const LAYOUT: Layout = Layout {
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
    ..Layout::NONE
};

/// What is otherwise in a relative of Llama where its file does not say it.
pub(super) struct Defaults {
    pub(super) theta: f64,
    pub(super) fraction: f64,
    pub(super) eps: f64,
    /// Which says whether the MLP is gated, too.
    pub(super) activation: Activation,
    pub(super) tied: bool,
}

pub(super) const DEFAULTS: Defaults = Defaults {
    theta: 10_000.0,
    fraction: 1.0,
    eps: 1e-6,
    activation: Activation::SwiGlu,
    tied: false,
};

impl Defaults {
    pub(super) fn rope(&self) -> [Spelling; 2] {
        let spelling = |name, default| Spelling {
            nested: name,
            own: name,
            ignored: None,
            default,
        };
        [
            spelling(name::THETA, self.theta),
            spelling(name::FRACTION, self.fraction),
        ]
    }
}

/// In Llama, no number of key-value heads stands for as many as heads.
fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// What all that is built like Llama has in common, but for windows and the width of heads.
pub(super) fn block(config: &Config<'_>, defaults: &Defaults, bias: Bias) -> Result<ArchSpec> {
    let arch = unrotated(config, defaults, bias)?;
    rope::read(config, &defaults.rope(), arch)
}

/// [`block`] without positions.
pub(super) fn unrotated(config: &Config<'_>, defaults: &Defaults, bias: Bias) -> Result<ArchSpec> {
    let shape = read::shape(config)?;
    let kv_heads = config.optional_count(name::KV_HEADS)?;
    let activation = defaults.activation;
    let gated = activation.properties().gated;
    Ok(ArchSpec {
        kv_heads: kv_heads.unwrap_or(shape.heads),
        norm: Norm::RmsNorm,
        norm_eps: config.number(name::RMS_EPS)?.unwrap_or(defaults.eps),
        residual: Residual::Sequential,
        activation: read::activation(config, name::ACTIVATION, gated, activation)?,
        tied: config.flag(name::TIED, defaults.tied)?,
        bias,
        ..shape
    })
}

/// [`block`] of a family with a default for key-value heads that no file relies on. Null stands for as many as
/// heads.
pub(super) fn grouped(config: &Config<'_>, defaults: &Defaults, bias: Bias) -> Result<ArchSpec> {
    match config.names(name::KV_HEADS) {
        true => block(config, defaults, bias),
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
    gated_block(family, arch)?;
    let fraction = family.rotary(arch)?;
    family.same("position.fraction", fraction, 1.0)
}

/// What checkpoints of a relative of Llama can hold that rotates a part of each head.
pub(super) fn gated_block(family: &Family, arch: &ArchSpec) -> Result<()> {
    rms_block(family, arch, NormPlacement::Pre)?;
    family.gated(arch, true)
}

/// The same with norms elsewhere, whether or not the MLP is gated.
pub(super) fn rms_block(family: &Family, arch: &ArchSpec, norms: NormPlacement) -> Result<()> {
    family.same("norm_placement", arch.norm_placement, norms)?;
    family.same("norm", arch.norm, Norm::RmsNorm)?;
    family.same("scale", arch.scale, Scale::default())?;
    family.same("residual", arch.residual, Residual::Sequential)?;
    family.rotary(arch).map(|_| ())
}
