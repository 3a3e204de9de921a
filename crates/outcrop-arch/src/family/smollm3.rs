use serde_json::{Value, json};

use super::llama::{DEFAULTS, Defaults, GROUPED, LLAMA, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, window, write};
use crate::{ArchSpec, Result};

const ROTATED: &str = "no_rope_layers";
const INTERVAL: &str = "no_rope_layer_interval";

/// SmolLM3: Llama that does not rotate every fourth layer, with windows in these that a setting switches on.
pub static SMOLLM3: Family = {
    use Setting::Read;
    Family {
        name: "SmolLM3",
        model_type: "smollm3",
        aliases: &[],
        classes: &["SmolLM3ForCausalLM", "SmolLM3Model"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Read(ROTATED),
                Read(INTERVAL),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        holds: None,
        layout: None,
    }
};

const OWN: Defaults = Defaults {
    theta: 2_000_000.0,
    tied: true,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    let unrotated_layers = unrotated(config, arch.layers)?;
    let width = match config.flag(name::USE_WINDOW, false)? {
        true => config.optional_count(name::WINDOW)?,
        false => None,
    };
    Ok(ArchSpec {
        window: window::by_layer(config, arch.layers, width, unrotated_layers.clone())?,
        unrotated_layers,
        ..arch
    })
}

/// The layers that the list has as 0, or one of each interval, the last.
fn unrotated(config: &Config<'_>, layers: usize) -> Result<Vec<usize>> {
    let Some(given) = config.get(ROTATED) else {
        let interval = match config.given(INTERVAL) {
            None => 4,
            Some(_) => config.count(INTERVAL)?,
        };
        if interval == 0 {
            return Err(config.unsupported(INTERVAL, &json!(0), "at least 1"));
        }
        return Ok((1..=layers).filter(|layer| layer % interval == 0).collect());
    };
    let rotated = |value: &Value| match value.as_u64() {
        Some(0) => Some(false),
        Some(1) => Some(true),
        Some(_) | None => None,
    };
    let all = given.as_array();
    let all: Option<Vec<bool>> = all.and_then(|all| all.iter().map(rotated).collect());
    match all.filter(|all| all.len() == layers) {
        Some(all) => Ok((1..=layers).filter(|layer| !all[layer - 1]).collect()),
        None => {
            let supported = format!("0 or 1 for each of {layers} layers");
            Err(config.unsupported(ROTATED, given, supported))
        }
    }
}

fn write_config(arch: &ArchSpec) -> Value {
    let rotated = |layer| u8::from(!arch.unrotated_layers.contains(&layer));
    let rotated: Vec<u8> = (1..=arch.layers).map(rotated).collect();
    write::with(
        write::with(write::rope(arch), write::windows(arch, None)),
        json!({ name::USE_WINDOW: arch.window.is_some(), ROTATED: rotated }),
    )
}
