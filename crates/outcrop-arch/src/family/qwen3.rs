use super::llama::{DEFAULTS, GROUPED, LLAMA, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, qwen2, read, window};
use crate::{ArchSpec, QkNorm, Result};

/// Qwen3: Llama with norms of queries and keys, with windows that a setting switches on.
pub static QWEN3: Family = Family {
    name: "Qwen3",
    model_type: "qwen3",
    aliases: &[],
    classes: &["Qwen3ForCausalLM", "Qwen3Model"],
    base: Some(&LLAMA),
    settings: Some(&[
        SHAPE,
        GROUPED,
        qwen2::SETTINGS,
        &[Setting::Read(name::ATTENTION_BIAS)],
    ]),
    read: Some(read_config),
    write: Some(qwen2::write_windows),
    holds: None,
    layout: None,
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &DEFAULTS, biases(config)?)?;
    let arch = ArchSpec {
        qk_norm: QkNorm::Head,
        ..arch
    }
    .with_head_dim(read::head_dim(config, Some(128))?);
    Ok(ArchSpec {
        window: window::switched(config, arch.layers)?,
        ..arch
    })
}
