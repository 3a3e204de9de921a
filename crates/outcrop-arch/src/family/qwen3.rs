use serde_json::{Value, json};

use super::llama::{GROUPED, LLAMA, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, qwen2, window, write};
use crate::{ArchSpec, Result};

/// Qwen3: Llama with norms of queries and keys, with windows that a setting switches on.
pub static QWEN3: Family = Family {
    name: "Qwen3",
    model_type: "qwen3",
    classes: &["Qwen3ForCausalLM", "Qwen3Model"],
    base: Some(&LLAMA),
    settings: Some(&[
        SHAPE,
        GROUPED,
        qwen2::SETTINGS,
        &[Setting::Read(name::ATTENTION_BIAS)],
    ]),
    read: Some(read_config),
    write: Some(write_config),
    holds: None,
    layout: None,
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, biases(config)?)?;
    let head_dim = match config.names(name::HEAD_DIM) {
        true => config.count(name::HEAD_DIM)?, // null is no width to Qwen
        false => 128,
    };
    let arch = ArchSpec {
        qk_norm: true,
        ..arch
    }
    .with_head_dim(Some(head_dim));
    Ok(ArchSpec {
        window: window::switched(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(
        qwen2::write_windows(arch),
        json!({
            name::ATTENTION_BIAS: arch.bias.qkv(),
        }),
    )
}
