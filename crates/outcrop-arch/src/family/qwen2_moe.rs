use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, grouped};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, moe, qwen2, read, window, write};
use crate::{ArchSpec, Bias, Experts, Result};

const SHARED: &str = "shared_expert_intermediate_size";
const BIAS: &str = "qkv_bias";

/// Qwen2 MoE: Qwen2 with a mixture of experts in some layers, and one expert that every token passes.
pub static QWEN2_MOE: Family = Family {
    name: "Qwen2 MoE",
    model_type: "qwen2_moe",
    classes: &["Qwen2MoeForCausalLM", "Qwen2MoeModel"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        qwen2::SETTINGS,
        moe::SETTINGS,
        moe::SPARSE,
        &[Setting::Read(SHARED), Setting::Read(BIAS)],
    ]),
    read: Some(read_config),
    write: Some(write_config),
    layout: Some(&moe::LAYOUT),
    ..Family::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let bias = Bias::of([config.flag(BIAS, true)?, false, false]);
    let arch = grouped(config, &DEFAULTS, bias)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    layers_are_named(config)?;
    let experts = match moe::sparse(config, &arch)? {
        Some(experts) => Some(Experts {
            shared: Some(config.count(SHARED)?),
            ..experts
        }),
        None => None,
    };
    Ok(ArchSpec {
        window: window::switched(config, arch.layers)?,
        experts,
        ..arch
    })
}

/// Refuses a window in use where the file does not say which layers have it: versions of transformers differ in that.
fn layers_are_named(config: &Config<'_>) -> Result<()> {
    match config.flag(name::USE_WINDOW, false)? && config.get(name::KINDS).is_none() {
        true => {
            let supported =
                "false, or true where `layer_types` names the layers that have a window";
            Err(config.unsupported(name::USE_WINDOW, &json!(true), supported))
        }
        false => Ok(()),
    }
}

fn write_config(arch: &ArchSpec) -> Value {
    let experts = arch.experts.as_ref();
    write::with(
        qwen2::write_windows(arch),
        json!({ SHARED: experts.and_then(|experts| experts.shared), BIAS: arch.bias.qkv() }),
    )
}
