use serde_json::json;

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT, biases, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, window};
use crate::{ArchSpec, Result};

const ATTENTION: &str = "qkv_bias";
const MLP: &str = "bias";

/// InternLM 3: Llama with defaults and names of its own.
pub static INTERNLM3: Family = {
    use Setting::Read;
    Family {
        name: "InternLM 3",
        model_type: "internlm3",
        classes: &[
            "LlamaForCausalLM",
            "LlamaModel",
            "InternLM3ForCausalLM",
            "InternLM3Model",
        ],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Read(name::MLP_BIAS),
                Read(ATTENTION),
                Read(MLP),
            ],
        ]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let config = &config.renamed(&[[name::ATTENTION_BIAS, ATTENTION], [name::MLP_BIAS, MLP]])?;
    let bias = biases(config)?;
    if bias.qkv() != bias.mlp() {
        // what has a bias then differs between versions
        let supported = format!("{}, as `{ATTENTION}`", bias.qkv());
        return Err(config.unsupported(MLP, &json!(bias.mlp()), supported));
    }
    let arch = grouped(config, &OWN, bias)?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 128)?);
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
