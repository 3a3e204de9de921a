use super::llama::{DEFAULTS, Defaults, GROUPED, LLAMA, grouped};
use super::settings::SHAPE;
use super::{Config, Family, Setting, read, window, write};
use crate::{ArchSpec, Result, RotaryPairs};

const BIAS: &str = "use_bias";

/// ERNIE 4.5: Llama that rotates neighbouring channels, with all biases or none.
pub static ERNIE4_5: Family = Family {
    name: "ERNIE 4.5",
    model_type: "ernie4_5",
    aliases: &[],
    classes: &["Ernie4_5ForCausalLM", "Ernie4_5Model"],
    base: Some(&LLAMA),
    settings: Some(&[SHAPE, GROUPED, &[Setting::Read(BIAS)]]),
    read: Some(read_config),
    write: Some(write::rope),
    holds: None,
    layout: None,
};

const OWN: Defaults = Defaults {
    theta: 500_000.0,
    eps: 1e-5,
    tied: true,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, config.flag(BIAS, false)?.into())?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 128)?);
    Ok(ArchSpec {
        rotary_pairs: RotaryPairs::Neighbours,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
