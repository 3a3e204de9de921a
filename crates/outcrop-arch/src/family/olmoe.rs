use super::llama::{DEFAULTS, Defaults, biases, block};
use super::moe;
use super::olmo::CLIP;
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{ArchSpec, Experts, QkNorm, Result};

/// OLMoE: Llama with norms of all queries and of all keys, whose MLP is a mixture of experts in every layer.
pub static OLMOE: Family = {
    use Setting::Read;
    Family {
        name: "OLMoE",
        model_type: "olmoe",
        classes: &["OlmoeForCausalLM", "OlmoeModel"],
        settings: Some(&[
            SHAPE,
            moe::SETTINGS,
            &[
                Read(name::KV_HEADS),
                Read(name::RMS_EPS),
                Read(name::ATTENTION_BIAS),
                Read(CLIP),
                moe::NORMALISES,
            ],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&moe::LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &OWN, biases(config)?)?;
    let experts = Experts {
        normalised: moe::normalised(config)?,
        ..moe::everywhere(config, &arch)?
    };
    Ok(ArchSpec {
        qk_norm: QkNorm::Width,
        clip_qkv: config.optional_number(CLIP)?,
        window: window::none(config, arch.layers)?,
        experts: Some(experts),
        ..arch
    })
}
