use serde_json::Value;

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, rope, window, write};
use crate::{ArchSpec, Bias, Result};

/// CWM, Meta's code world model: Llama with windows in three of four layers.
pub static CWM: Family = {
    use Setting::{Fixed, Read};
    Family {
        name: "CWM",
        model_type: "cwm",
        classes: &["CwmForCausalLM", "CwmModel", "CwmModelForCausalLM"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[Read(name::MLP_BIAS), Fixed(name::ATTENTION_BIAS, "false")],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    theta: 1_000_000.0,
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    rope::table_is_there(config)?;
    let bias = Bias::of([false, false, config.flag(name::MLP_BIAS, false)?]);
    let arch = grouped(config, &OWN, bias)?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 128)?);
    let windowed = (1..=arch.layers).filter(|layer| layer % 4 != 1).collect();
    let width = match config.given(name::WINDOW) {
        None => 8192,
        Some(_) => window::some_width(config)?,
    };
    Ok(ArchSpec {
        window: window::alone(config, arch.layers, Some(width), windowed)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(write::rope(arch), write::windows(arch, Some(arch.context)))
}
