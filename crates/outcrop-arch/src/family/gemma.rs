use serde_json::Value;

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, read, window, write};
use crate::{Activation, ArchSpec, Result, Scale};

const NEWER: &str = "hidden_activation";
const TANH: &str = "gelu_pytorch_tanh";

/// Gemma: Llama with a scaled embedding, GeGLU and gains that are stored less 1.
pub static GEMMA: Family = {
    use Setting::{Fixed, Read};
    Family {
        name: "Gemma",
        model_type: "gemma",
        classes: &["GemmaForCausalLM", "GemmaModel"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(NEWER),
                Fixed("use_bidirectional_attention", "false"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

pub(super) const LAYOUT: Layout = Layout {
    gain_offset: 1.0,
    reference: 4096,
    ..LLAMA_LAYOUT
};

pub(super) const OWN: Defaults = Defaults {
    activation: Activation::GeGluTanh,
    tied: true,
    ..DEFAULTS
};

/// `gelu` stands for the tanh approximation, with which these models were trained.
fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(read::head_dim(config, Some(256))?);
    if let Some(other) = config.get(NEWER).filter(|given| *given != TANH) {
        return Err(config.unsupported(NEWER, other, TANH));
    }
    let given = config.get(name::ACTIVATION).unwrap_or(&Value::Null);
    let activation = match given.as_str() {
        Some("gelu") | None => Activation::GeGluTanh,
        Some(_) => arch.activation,
    };
    Ok(ArchSpec {
        activation,
        scale: scale(&arch),
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// The embedding times sqrt(d_model).
pub(super) fn scale(arch: &ArchSpec) -> Scale {
    Scale {
        embedding: (arch.d_model as f64).sqrt(),
        ..Scale::default()
    }
}
