use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, window};
use crate::{ArchSpec, Result};

/// IQuest-Coder: Llama with defaults of its own.
pub static IQUESTCODER: Family = {
    use Setting::{Fixed, Read};
    Family {
        name: "IQuest-Coder",
        model_type: "iquestcoder",
        classes: &[
            "LlamaForCausalLM",
            "LlamaModel",
            "IQuestCoderForCausalLM",
            "IQuestCoderModel",
        ],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Fixed("clip_qkv", "null"),
            ],
        ]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 128)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
