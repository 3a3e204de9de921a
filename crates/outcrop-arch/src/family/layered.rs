//! Rotary positions of families whose layers with a window have a base of their own.

use serde_json::{Map, Value, json};

use super::llama::Defaults;
use super::settings::name::{OLDER_ROPE as OLDER, ROPE as NEWER, THETA};
use super::{Config, rope, write};
use crate::{ArchSpec, Result};

const FULL: &str = "full_attention";
const LOCAL: &str = "sliding_attention";

/// The base of layers with a window where the file has no table for them.
#[derive(Clone, Copy)]
pub(super) enum Base {
    /// It is a setting with a default.
    Setting(&'static str, f64),
    /// Version 5 takes the default of the family, earlier ones the base of the other layers.
    Same,
}

/// An architecture, whose windows are known, with rotary positions: in layers without a window as in Llama, in those
/// with one of wavelengths that are never stretched.
pub(super) fn read(
    config: &Config<'_>,
    defaults: &Defaults,
    base: Base,
    arch: ArchSpec,
) -> Result<ArchSpec> {
    let nested = config.get(NEWER).and_then(Value::as_object);
    let (arch, local) = match nested {
        Some(tables) if !tables.is_empty() => {
            let full = known(config, tables)?;
            let flat = config.with(NEWER, full);
            let arch = rope::read(&flat, &defaults.rope(), arch)?;
            let own = match base {
                Base::Setting(name, default) => config.number(name)?.unwrap_or(default),
                Base::Same => defaults.theta,
            };
            let within = config.number(&format!("{NEWER}.{LOCAL}.{THETA}"))?;
            (arch, within.unwrap_or(own))
        }
        Some(_) | None => {
            let arch = rope::read(config, &defaults.rope(), arch)?;
            let local = without_tables(config, defaults, base, &arch)?;
            (arch, local)
        }
    };
    let global = arch.position.rotary().map(|rotary| rotary.base);
    let differs = global != Some(local) || arch.rotary_scaling.is_some();
    let local_base = (arch.window.is_some() && differs).then_some(local);
    Ok(ArchSpec { local_base, ..arch })
}

fn without_tables(
    config: &Config<'_>,
    defaults: &Defaults,
    base: Base,
    arch: &ArchSpec,
) -> Result<f64> {
    match base {
        Base::Setting(name, default) => Ok(config.number(name)?.unwrap_or(default)),
        Base::Same => {
            let given = config.number(THETA)?.unwrap_or(defaults.theta);
            if given != defaults.theta && arch.window.is_some() {
                let supported = format!(
                    "{}, which version 5 of transformers takes in layers with a window whatever stands here; \
                     say it in `{NEWER}.{LOCAL}.{THETA}`",
                    defaults.theta
                );
                return Err(config.unsupported(THETA, &json!(given), supported));
            }
            Ok(given)
        }
    }
}

/// The table of the layers without a window; that of the others must say no more than a base.
fn known(config: &Config<'_>, tables: &Map<String, Value>) -> Result<Value> {
    if let Some((name, value)) = tables
        .iter()
        .find(|(name, _)| ![FULL, LOCAL].contains(&name.as_str()))
    {
        let supported = format!("tables `{FULL}` and `{LOCAL}`");
        return Err(config.unsupported(&format!("{NEWER}.{name}"), value, supported));
    }
    if let Some(older) = config.get(OLDER) {
        let supported = format!("null beside `{NEWER}`");
        return Err(config.unsupported(OLDER, older, supported));
    }
    let path = format!("{NEWER}.{LOCAL}");
    let local = config.get(&path).and_then(Value::as_object);
    for (name, value) in local.into_iter().flatten().filter(|(_, v)| !v.is_null()) {
        let default = ["rope_type", "type"].contains(&name.as_str()) && value == "default";
        if !default && name != THETA {
            let path = format!("{path}.{name}");
            return Err(config.unsupported(&path, value, "a base that is not stretched"));
        }
    }
    Ok(tables.get(FULL).cloned().unwrap_or(Value::Null))
}

/// The tables of layers without a window and of those with one, and the base of the former outside.
pub(super) fn write(arch: &ArchSpec) -> Value {
    let mut config = write::rope(arch);
    if let Some(full) = config.get_mut(NEWER).map(Value::take) {
        let local = json!({ "rope_type": "default", THETA: local_base(arch) });
        config[NEWER] = json!({ FULL: full, LOCAL: local });
    }
    config
}

/// The base of layers with a window.
pub(super) fn local_base(arch: &ArchSpec) -> Option<f64> {
    let base = arch.position.rotary().map(|rotary| rotary.base);
    arch.local_base.or(base)
}
