use super::llama::{GROUPED, LLAMA, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, window};
use crate::{ArchSpec, Result};

/// Mistral: Llama without biases, with windows by their width.
pub static MISTRAL: Family = {
    use super::Setting::Fixed;
    Family {
        name: "Mistral",
        model_type: "mistral",
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
        holds: None,
        layout: None,
    }
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::by_width(config, arch.layers)?,
        ..arch
    })
}
