use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{ArchSpec, Result, Scale};

const EMBEDDING: &str = "embedding_multiplier";
pub(super) const ATTENTION: &str = "attention_multiplier";
const RESIDUAL: &str = "residual_multiplier";
pub(super) const LOGITS: &str = "logits_scaling";

/// Granite: Llama with four factors.
pub static GRANITE: Family = {
    use Setting::Read;
    Family {
        name: "Granite",
        model_type: "granite",
        classes: &["GraniteForCausalLM", "GraniteModel"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            FACTORS,
            &[Read(name::ATTENTION_BIAS), Read(name::MLP_BIAS)],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

/// The settings of the factors.
pub(super) const FACTORS: &[Setting] = &[
    Setting::Read(EMBEDDING),
    Setting::Read(ATTENTION),
    Setting::Read(RESIDUAL),
    Setting::Read(LOGITS),
];

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        scale: scale(config)?,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// The factors, each of which is 1 where the file does not say it.
pub(super) fn scale(config: &Config<'_>) -> Result<Scale> {
    Ok(Scale {
        embedding: factor(config, EMBEDDING)?,
        attention: Some(factor(config, ATTENTION)?),
        residual: factor(config, RESIDUAL)?,
        logits: 1.0 / factor(config, LOGITS)?,
        ..Scale::default()
    })
}

/// A factor, 1 where the file does not say it.
pub(super) fn factor(config: &Config<'_>, name: &str) -> Result<f64> {
    Ok(config.number(name)?.unwrap_or(1.0))
}

/// What Granite SWA writes too.
pub(super) fn write_config(arch: &ArchSpec) -> Value {
    let logits = write::solved(1.0 / arch.scale.logits, arch.scale.logits, |x| 1.0 / x);
    write::with(write_factors(arch), json!({ LOGITS: logits }))
}

/// The factors but that of the logits, and rotary positions.
pub(super) fn write_factors(arch: &ArchSpec) -> Value {
    write::with(
        write::rope(arch),
        json!({
            EMBEDDING: arch.scale.embedding,
            ATTENTION: arch.scale.attention,
            RESIDUAL: arch.scale.residual,
        }),
    )
}
