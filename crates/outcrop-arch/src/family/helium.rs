use serde_json::json;

use super::llama::{DEFAULTS, Defaults, GROUPED, LLAMA, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, window, write};
use crate::{ArchSpec, Bias, Result, RotaryPairs};

/// Helium: Llama that rotates neighbouring channels.
pub static HELIUM: Family = {
    use Setting::Read;
    Family {
        name: "Helium",
        model_type: "helium",
        aliases: &[],
        classes: &["HeliumForCausalLM", "HeliumModel"],
        base: Some(&LLAMA),
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[Read(name::ATTENTION_BIAS), Read(name::MLP_BIAS)],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        holds: None,
        layout: None,
    }
};

const OWN: Defaults = Defaults {
    theta: 100_000.0,
    eps: 1e-8,
    ..DEFAULTS
};

/// The output of attention has no bias in any case, and is as wide as the stream.
fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let attention = config.flag(name::ATTENTION_BIAS, false)?;
    let bias = Bias::of([attention, false, config.flag(name::MLP_BIAS, false)?]);
    let arch = grouped(config, &OWN, bias)?;
    let arch = arch.with_head_dim(read::head_dim(config, Some(128))?);
    if arch.d_head() * arch.heads != arch.d_model {
        let supported = format!(
            "{}, `hidden_size` / `num_attention_heads`",
            arch.d_model / arch.heads
        );
        return Err(config.unsupported(name::HEAD_DIM, &json!(arch.d_head()), supported));
    }
    Ok(ArchSpec {
        rotary_pairs: RotaryPairs::Neighbours,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
