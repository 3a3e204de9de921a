use serde_json::Value;

use super::llama::{DEFAULTS, GROUPED, LLAMA, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, window, write};
use crate::{ArchSpec, Result};

/// Mistral: Llama without biases, with windows by their width.
pub static MISTRAL: Family = {
    use super::Setting::Fixed;
    Family {
        name: "Mistral",
        model_type: "mistral",
        aliases: &[],
        classes: &["MistralForCausalLM", "MistralModel"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Fixed(name::ATTENTION_BIAS, "false"),
                Fixed(name::MLP_BIAS, "false"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: None,
        layout: None,
    }
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::by_width(config, arch.layers)?,
        ..arch
    })
}

pub(super) fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), write::window_width(arch, None))
}
