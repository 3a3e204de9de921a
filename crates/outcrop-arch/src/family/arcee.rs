use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT, LLAMA, biases, block, rms_block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, window};
use crate::{Activation, ArchSpec, NormPlacement, Result};

/// Arcee: Llama with an MLP of two matrices.
pub static ARCEE: Family = {
    use Setting::Read;
    Family {
        name: "Arcee",
        model_type: "arcee",
        aliases: &[],
        classes: &["ArceeForCausalLM", "ArceeModel"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[Read(name::ATTENTION_BIAS), Read(name::MLP_BIAS)],
        ]),
        read: Some(read_config),
        write: None,
        holds: Some(holds),
        layout: Some(&LAYOUT),
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    activation: Activation::Relu2,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn holds(family: &Family, arch: &ArchSpec) -> Result<()> {
    rms_block(family, arch, NormPlacement::Pre)?;
    family.gated(arch, false)?;
    let fraction = family.rotary(arch)?;
    family.same("position.fraction", fraction, 1.0)
}
