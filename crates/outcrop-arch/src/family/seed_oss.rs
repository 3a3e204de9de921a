use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, LLAMA, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{ArchSpec, Bias, Result};

const OUT_BIAS: &str = "attention_out_bias";

/// Seed-OSS: Llama with biases of queries, keys and values.
pub static SEED_OSS: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "Seed-OSS",
        model_type: "seed_oss",
        aliases: &[],
        classes: &["SeedOssForCausalLM", "SeedOssModel"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(OUT_BIAS),
                Read(name::MLP_BIAS),
                Harmless("residual_dropout"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: None,
        layout: None,
    }
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let bias = Bias::of([
        config.flag(name::ATTENTION_BIAS, true)?,
        config.flag(OUT_BIAS, false)?,
        config.flag(name::MLP_BIAS, false)?,
    ]);
    let arch = grouped(config, &DEFAULTS, bias)?;
    let arch = arch.with_head_dim(super::read::nullable_head_dim(config, 128)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(
        write::rope(arch),
        json!({ OUT_BIAS: arch.bias.attention_output() }),
    )
}
