use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, LLAMA, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, window, write};
use crate::{ArchSpec, Bias, Result};

/// Qwen2: Llama with biases of queries, keys and values, with windows that a setting switches on.
pub static QWEN2: Family = Family {
    name: "Qwen2",
    model_type: "qwen2",
    aliases: &[],
    classes: &["Qwen2ForCausalLM", "Qwen2Model"],
    base: Some(&LLAMA),
    settings: Some(&[SHAPE, GROUPED, SETTINGS]),
    read: Some(read_config),
    write: Some(write_windows),
    holds: None,
    layout: None,
};

/// What Qwen reads beside Llama.
pub(super) const SETTINGS: &[Setting] = &[
    Setting::Read(name::FIRST_WINDOW),
    Setting::Fixed(name::MLP_BIAS, "false"),
    Setting::Fixed("use_mrope", "false"),
];

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &DEFAULTS, Bias::Qkv)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    Ok(ArchSpec {
        window: window::switched(config, arch.layers)?,
        ..arch
    })
}

/// What Qwen writes beside Llama: which layers have a window.
pub(super) fn write_windows(arch: &ArchSpec) -> Value {
    let full = (1..=arch.layers).take_while(|layer| arch.window_width(*layer).is_none());
    write::with(
        write::with(write::rope(arch), write::windows(arch, None)),
        json!({
            name::USE_WINDOW: arch.window.is_some(),
            name::FIRST_WINDOW: full.count(),
        }),
    )
}
