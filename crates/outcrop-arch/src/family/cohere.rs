use serde_json::{Value, json};

use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, HeadGains, Layout, Setting, rope, window, write};
use crate::{ArchSpec, Norm, QkNorm, Residual, Result, RotaryPairs, Scale};

pub(super) const EPS: &str = "layer_norm_eps";
const LOGITS: &str = "logit_scale";
const QK_NORM: &str = "use_qk_norm";

/// Cohere's Command R: attention and MLP read one norm without shift, neighbouring channels are rotated, logits have a
/// factor.
pub static COHERE: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "Cohere",
        model_type: "cohere",
        classes: &["CohereForCausalLM", "CohereModel"],
        settings: Some(&[
            SHAPE,
            SETTINGS,
            &[Read(QK_NORM), Harmless("model_max_length")],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

/// What Cohere 2 reads too.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::Read(name::KV_HEADS),
    Setting::Read(name::ATTENTION_BIAS),
    Setting::Read(EPS),
    Setting::Read(LOGITS),
];

const OWN: Defaults = Defaults {
    tied: true,
    ..DEFAULTS
};

pub(super) static LAYOUT: Layout = Layout {
    head_gains: HeadGains::Matrix,
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = common(config)?;
    Ok(ArchSpec {
        qk_norm: match config.flag(QK_NORM, false)? {
            true => QkNorm::LayerNormHeads,
            false => QkNorm::None,
        },
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// What Cohere and Cohere 2 have in common.
pub(super) fn common(config: &Config<'_>) -> Result<ArchSpec> {
    // versions of transformers have different defaults
    rope::base_is_said(config)?;
    let arch = block(config, &OWN, biases(config)?)?;
    Ok(ArchSpec {
        norm: Norm::LayerNormGain,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::ParallelShared,
        rotary_pairs: RotaryPairs::Neighbours,
        scale: Scale {
            logits: config.number(LOGITS)?.unwrap_or(0.0625),
            ..Scale::default()
        },
        ..arch
    })
}

/// What Cohere 2 writes too.
pub(super) fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), json!({ LOGITS: arch.scale.logits }))
}
