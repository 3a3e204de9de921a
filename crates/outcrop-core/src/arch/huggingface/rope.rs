use serde_json::Value;

use super::super::Position;
use super::config::Config;
use crate::Result;

/// The settings that newer and older files keep rotary positions in.
const TABLES: [&str; 2] = ["rope_parameters", "rope_scaling"];
const BASES: [&str; 4] = [
    "rope_parameters.rope_theta",
    "rope_scaling.rope_theta",
    "rotary_emb_base",
    "rope_theta",
];
const FRACTIONS: [&str; 4] = [
    "rope_parameters.partial_rotary_factor",
    "rope_scaling.partial_rotary_factor",
    "rotary_pct",
    "partial_rotary_factor",
];

/// Rotary positions by the newer or the older settings; where both stand, they must agree.
pub(super) fn position(config: &Config<'_>, default_fraction: f64) -> Result<Position> {
    for table in TABLES {
        unscaled(config, table)?;
    }
    Ok(Position::Rotary {
        fraction: config
            .agreed_number(&FRACTIONS)?
            .unwrap_or(default_fraction),
        base: config.agreed_number(&BASES)?.unwrap_or(10_000.0),
    })
}

/// Refuses a table that stretches or scales the wavelengths.
fn unscaled(config: &Config<'_>, table: &str) -> Result<()> {
    let Some(value) = config.get(table) else {
        return Ok(());
    };
    let Value::Object(settings) = value else {
        return Err(config.mistyped(table, "an object"));
    };
    for name in ["rope_type", "type"] {
        let path = format!("{table}.{name}");
        if let Some(kind) = config.get(&path).filter(|kind| *kind != "default") {
            return Err(config.unsupported(&path, kind, "default"));
        }
    }
    let known = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];
    match settings
        .iter()
        .find(|(name, v)| !v.is_null() && !known.contains(&name.as_str()))
    {
        Some((name, value)) => Err(config.unknown(&format!("{table}.{name}"), value, None)),
        None => Ok(()),
    }
}
