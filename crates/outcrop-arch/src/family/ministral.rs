use serde_json::Value;

use super::llama::{DEFAULTS, GROUPED, LAYOUT, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{ArchSpec, Bias, Result};

/// Ministral: Mistral with windows layer by layer.
pub static MINISTRAL: Family = Family {
    name: "Ministral",
    model_type: "ministral",
    classes: &["MinistralForCausalLM", "MinistralModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        &[
            Setting::Fixed(name::ATTENTION_BIAS, "false"),
            Setting::Fixed(name::MLP_BIAS, "false"),
        ],
    ]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &DEFAULTS, Bias::None)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    let (width, all) = (window::some_width(config)?, (1..=arch.layers).collect());
    Ok(ArchSpec {
        window: window::alone(config, arch.layers, Some(width), all)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), write::windows(arch, Some(arch.context)))
}
