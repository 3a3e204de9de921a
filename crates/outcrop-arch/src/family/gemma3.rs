use serde_json::{Value, json};

use super::layered::{self, Base};
use super::llama::{Defaults, GROUPED};
use super::settings::SHAPE;
use super::{Config, Family, Setting, gemma, gemma2, window, write};
use crate::{ArchSpec, QkNorm, Result};

const LOCAL: &str = "rope_local_base_freq";
const PATTERN: &str = "sliding_window_pattern";

/// Gemma 3, the part that reads text: Gemma 2 with norms of queries and keys, and a base of its own in layers with a
/// window.
pub static GEMMA3_TEXT: Family = Family {
    name: "Gemma 3",
    model_type: "gemma3_text",
    classes: &["Gemma3ForCausalLM", "Gemma3TextModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        gemma2::SETTINGS,
        &[
            Setting::Read(LOCAL),
            Setting::Read(PATTERN),
            Setting::Harmless("_sliding_window_pattern"),
        ],
    ]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&gemma2::LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    theta: 1_000_000.0,
    ..gemma::OWN
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = gemma2::common(config, [None, None])?;
    if let Some(given) = config.get(gemma2::SCORES) {
        // transformers passes over it
        return Err(config.unsupported(gemma2::SCORES, given, "null"));
    }
    let interval = match config.given(PATTERN) {
        None => 6,
        Some(_) => config.count(PATTERN)?,
    };
    if interval == 0 {
        return Err(config.mistyped(PATTERN, "a whole number above 0"));
    }
    let arch = ArchSpec {
        qk_norm: QkNorm::Head,
        window: window::most_layers(config, arch.layers, interval)?,
        ..arch
    };
    layered::read(config, &OWN, Base::Setting(LOCAL, 10_000.0), arch)
}

fn write_config(arch: &ArchSpec) -> Value {
    let local = json!({ LOCAL: layered::local_base(arch) });
    write::with(
        write::with(layered::write(arch), gemma2::write_beside(arch)),
        local,
    )
}
