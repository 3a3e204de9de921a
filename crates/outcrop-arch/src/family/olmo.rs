use super::llama::{DEFAULTS, LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{ArchSpec, Norm, Result};

pub(super) const CLIP: &str = "clip_qkv";

/// OLMo: Llama with norms that have no parameters, and bounds of queries, keys and values.
pub static OLMO: Family = {
    use Setting::Read;
    Family {
        name: "OLMo",
        model_type: "olmo",
        classes: &["OlmoForCausalLM", "OlmoModel"],
        settings: Some(&[
            SHAPE,
            &[
                Read(name::KV_HEADS),
                Read(name::HEAD_DIM),
                Read(name::ATTENTION_BIAS),
                Read(CLIP),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm: Norm::LayerNormPlain,
        norm_eps: 1e-5, // no setting
        clip_qkv: config.optional_number(CLIP)?,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
