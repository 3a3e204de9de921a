//! What families write alike.

use serde_json::{Value, json};

use super::settings::name;
use crate::ArchSpec;

/// The shape and what is the same in every config, by the names that most families give it.
pub(super) fn shape(arch: &ArchSpec) -> Value {
    json!({
        name::LAYERS: arch.layers,
        name::WIDTH: arch.d_model,
        name::HEADS: arch.heads,
        name::D_FF: arch.d_ff,
        name::VOCAB: arch.vocab,
        name::CONTEXT: arch.context,
        name::ACTIVATION: arch.activation.properties().huggingface.first(),
        name::TIED: arch.tied,
        "attention_dropout": 0.0,
        "torch_dtype": "float32",
    })
}

/// Fraction and base of a rotary embedding; what no family reads where there is none.
pub(super) fn rotary(arch: &ArchSpec) -> (f64, f64) {
    let rotary = arch.position.rotary();
    rotary.map_or((0.0, 0.0), |rotary| (rotary.fraction, rotary.base))
}

/// An object with the settings of another.
pub(super) fn with(mut config: Value, more: Value) -> Value {
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    config
}
