use super::llama::{DEFAULTS, Defaults, LAYOUT as LLAMA_LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, window, write};
use crate::{Activation, ArchSpec, Norm, Result};

const EPS: &str = "norm_eps";

/// Nemotron: LayerNorm whose gains are stored less 1, half of each head rotated, an MLP with squares of ReLU.
pub static NEMOTRON: Family = {
    use Setting::Read;
    Family {
        name: "Nemotron",
        model_type: "nemotron",
        classes: &["NemotronForCausalLM", "NemotronModel"],
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
        write: Some(write::partial_rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    fraction: 0.5,
    activation: Activation::Relu2,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    gain_offset: 1.0,
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
