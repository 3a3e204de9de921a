use super::llama::{DEFAULTS, Defaults, LAYOUT, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window, write};
use crate::{Activation, ArchSpec, Bias, Norm, Result};

const EPS: &str = "layer_norm_eps";

/// Jais 2: Llama with LayerNorm, biases and an MLP with squares of ReLU.
pub static JAIS2: Family = {
    use Setting::Read;
    Family {
        name: "Jais 2",
        model_type: "jais2",
        classes: &["Jais2ForCausalLM", "Jais2Model"],
        settings: Some(&[
            SHAPE,
            &[
                Read(name::KV_HEADS),
                Read(name::HEAD_DIM),
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Read(EPS),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    activation: Activation::Relu2,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let attention = config.flag(name::ATTENTION_BIAS, true)?;
    let bias = Bias::of([attention, attention, config.flag(name::MLP_BIAS, true)?]);
    let arch = block(config, &OWN, bias)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
