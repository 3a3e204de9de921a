use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, moe, qwen2, read, window, write};
use crate::{ArchSpec, QkNorm, Result};

/// Qwen3 MoE: Qwen3 with a mixture of experts in some layers.
pub static QWEN3_MOE: Family = Family {
    name: "Qwen3 MoE",
    model_type: "qwen3_moe",
    classes: &["Qwen3MoeForCausalLM", "Qwen3MoeModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        qwen2::SETTINGS,
        moe::SETTINGS,
        moe::SPARSE,
        &[Setting::Read(name::ATTENTION_BIAS)],
    ]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&moe::LAYOUT),
    ..Family::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    moe::no_first_window(config)?;
    let arch = grouped(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    let window = match config.flag(name::USE_WINDOW, false)? {
        true => window::by_width(config, arch.layers)?,
        false => window::switched(config, arch.layers)?,
    };
    Ok(ArchSpec {
        qk_norm: QkNorm::Head,
        window,
        experts: moe::sparse(config, &arch)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(
        write::with(write::rope(arch), write::window_width(arch, None)),
        json!({ name::USE_WINDOW: arch.window.is_some() }),
    )
}
