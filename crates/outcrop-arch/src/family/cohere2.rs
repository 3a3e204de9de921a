use serde_json::{Value, json};

use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, cohere, read, window, write};
use crate::{ArchSpec, Result};

const PATTERN: &str = "sliding_window_pattern";

/// Cohere 2, as Command R7B and Command A: Cohere with windows in three of four layers; the others are not rotated.
pub static COHERE2: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "Cohere 2",
        model_type: "cohere2",
        classes: &["Cohere2ForCausalLM", "Cohere2Model"],
        settings: Some(&[
            SHAPE,
            cohere::SETTINGS,
            &[
                Read(name::HEAD_DIM),
                Read(PATTERN),
                Fixed("order_of_interleaved_layers", "\"local_attn_first\""),
                Fixed("position_embedding_type", "\"rope_gptj\""),
                Fixed("rotary_pct", "1.0"),
                Fixed("use_embedding_sharing", "true"),
                Fixed("use_gated_activation", "true"),
                Fixed("use_parallel_block", "true"),
                Fixed("use_parallel_embedding", "false"),
                Fixed("use_qk_norm", "false"),
                Harmless("cache_implementation"),
                Harmless("layer_switch"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&cohere::LAYOUT),
        ..Family::NONE
    }
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = cohere::common(config)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    if arch.head_dim.is_some() {
        // versions of transformers differ
        let supported = "`hidden_size` / `num_attention_heads`";
        return Err(config.unsupported(name::HEAD_DIM, &json!(arch.d_head()), supported));
    }
    let interval = read::interval(config, PATTERN, 4)?;
    let window = window::most_layers(config, arch.layers, interval)?;
    window::some_width(config)?;
    Ok(ArchSpec {
        unrotated_layers: window::layers_without(window.as_ref(), arch.layers),
        window,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    write::with(
        cohere::write_config(arch),
        write::windows(arch, Some(arch.context)),
    )
}
