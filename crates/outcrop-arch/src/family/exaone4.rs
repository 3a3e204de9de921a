use serde_json::Value;

use super::llama::{DEFAULTS, Defaults, GROUPED, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, olmo2, read, window, write};
use crate::{ArchSpec, Bias, NormPlacement, QkNorm, Result};

const PATTERN: &str = "sliding_window_pattern";

/// EXAONE 4: norms on what sublayers write, norms of queries and keys; where there are windows, the layers without
/// are not rotated.
pub static EXAONE4: Family = {
    use Setting::{Fixed, Read};
    Family {
        name: "EXAONE 4",
        model_type: "exaone4",
        classes: &["Exaone4ForCausalLM", "Exaone4Model"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(PATTERN),
                Fixed(name::ATTENTION_BIAS, "false"),
                Fixed(name::MLP_BIAS, "false"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&olmo2::LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = grouped(config, &OWN, Bias::None)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    // the pattern counts where the file does not name layers one by one
    let interval = match config.get(name::KINDS) {
        Some(_) => 4,
        None => read::interval(config, PATTERN, 4)?,
    };
    let width = window::width(config)?;
    if width.is_none() && config.get(name::KINDS).is_none() {
        let given = config.given(name::KINDS).unwrap_or(&Value::Null);
        let supported = "full_attention for each layer where `sliding_window` is null";
        return Err(config.unsupported(name::KINDS, given, supported));
    }
    let window = window::most_layers(config, arch.layers, interval)?;
    let unrotated_layers = match width {
        Some(_) => window::layers_without(window.as_ref(), arch.layers),
        None => Vec::new(),
    };
    Ok(ArchSpec {
        norm_placement: NormPlacement::Output,
        qk_norm: QkNorm::Head,
        unrotated_layers,
        window,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    let all = arch.unrotated_layers.len() == arch.layers;
    let unused = all.then_some(arch.context);
    write::with(write::rope(arch), write::windows(arch, unused))
}
