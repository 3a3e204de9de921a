use serde_json::Value;

use super::layered::{self, Base};
use super::llama::{DEFAULTS, Defaults, GROUPED, biases, unrotated};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, olmo2, window, write};
use crate::{ArchSpec, Result};

/// OLMo 3: OLMo 2 with windows in three of four layers, whose wavelengths are not stretched.
pub static OLMO3: Family = Family {
    name: "OLMo 3",
    model_type: "olmo3",
    classes: &["Olmo3ForCausalLM", "Olmo3Model"],
    settings: Some(&[SHAPE, GROUPED, &[Setting::Read(name::ATTENTION_BIAS)]]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&olmo2::LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    theta: 500_000.0,
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = olmo2::common(config, unrotated(config, &OWN, biases(config)?)?)?;
    let window = window::most_layers(config, arch.layers, 4)?;
    layered::read(config, &OWN, Base::Same, ArchSpec { window, ..arch })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(layered::write(arch), write::windows(arch, None))
}
