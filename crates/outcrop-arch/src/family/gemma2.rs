use serde_json::{Value, json};

use super::gemma::{self, OWN};
use super::llama::{GROUPED, biases, unrotated};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, read, rope, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, NormPlacement, Result, Scale, Softcap};

const ACTIVATION: &str = "hidden_activation";
const SCALAR: &str = "query_pre_attn_scalar";
const LOGITS: &str = "final_logit_softcapping";
pub(super) const SCORES: &str = "attn_logit_softcapping";

/// Gemma 2: Gemma with norms of what sublayers write, bounds of scores and logits, windows in every second layer.
pub static GEMMA2: Family = Family {
    name: "Gemma 2",
    model_type: "gemma2",
    classes: &["Gemma2ForCausalLM", "Gemma2Model"],
    settings: Some(&[SHAPE, GROUPED, SETTINGS]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

/// What Gemma 2 and 3 read beside Gemma.
pub(super) const SETTINGS: &[Setting] = {
    use Setting::{Fixed, Harmless, Read};
    &[
        Read(name::ATTENTION_BIAS),
        Read(ACTIVATION),
        Read(SCALAR),
        Read(LOGITS),
        Read(SCORES),
        Fixed("use_bidirectional_attention", "false"),
        Harmless("cache_implementation"),
    ]
};

pub(super) static LAYOUT: Layout = Layout {
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.q_norm", &[R::QueryNorm]),
        module("self_attn.k_norm", &[R::KeyNorm]),
        module("post_attention_layernorm", &[R::AttentionOutputNorm]),
        module("pre_feedforward_layernorm", &[R::MlpNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("post_feedforward_layernorm", &[R::MlpOutputNorm]),
    ],
    ..gemma::LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = common(config, [Some(50.0), Some(30.0)])?;
    let arch = ArchSpec {
        window: window::odd_layers(config, arch.layers)?,
        ..arch
    };
    rope::read(config, &OWN.rope(), arch)
}

/// What Gemma 2 and 3 have in common, with bounds of scores and logits where the file does not say them.
pub(super) fn common(config: &Config<'_>, caps: [Option<f64>; 2]) -> Result<ArchSpec> {
    let arch = unrotated(config, &OWN, biases(config)?)?;
    if !config.names(name::KV_HEADS) {
        return Err(config.mistyped(name::KV_HEADS, "a whole number"));
    }
    let arch = arch.with_head_dim(read::head_dim(config, Some(256))?);
    let cap = |name: &str, default| match config.names(name) {
        true => config.optional_number(name),
        false => Ok(default),
    };
    let scalar = config.number(SCALAR)?.unwrap_or(256.0);
    Ok(ArchSpec {
        norm_placement: NormPlacement::Peri,
        activation: read::activation(config, ACTIVATION, true, Activation::GeGluTanh)?,
        scale: Scale {
            attention: Some(1.0 / scalar.sqrt()),
            ..gemma::scale(&arch)
        },
        softcap: Softcap {
            scores: cap(SCORES, caps[0])?,
            logits: cap(LOGITS, caps[1])?,
        },
        ..arch
    })
}

/// What VaultGemma writes too.
pub(super) fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), write_beside(arch))
}

/// What Gemma 2 and 3 write beside rotary positions.
pub(super) fn write_beside(arch: &ArchSpec) -> Value {
    let attention = arch.scale.attention.unwrap_or(1.0);
    let scalar = write::solved(attention.powi(-2), attention, |x| 1.0 / x.sqrt());
    let scalar = match scalar.fract() == 0.0 {
        true => json!(scalar as i64), // transformers wants an integer
        false => json!(scalar),
    };
    write::with(
        write::windows(arch, Some(arch.context)),
        json!({ SCALAR: scalar }),
    )
}
