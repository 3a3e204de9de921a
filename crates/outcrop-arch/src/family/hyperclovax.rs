use serde_json::{Value, json};

use super::llama::{DEFAULTS, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, block};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, granite, module, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, NormPlacement, Result, Scale};

const AFTER: &str = "use_post_norm";

/// HyperCLOVA X: Granite with norms of what sublayers write, too.
pub static HYPERCLOVAX: Family = {
    Family {
        name: "HyperCLOVA X",
        model_type: "hyperclovax",
        classes: &["HyperCLOVAXForCausalLM", "HyperCLOVAXModel"],
        settings: Some(&[SHAPE, GROUPED, granite::FACTORS, BESIDE]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const BESIDE: &[Setting] = &[
    Setting::Read(name::ATTENTION_BIAS),
    Setting::Read(name::MLP_BIAS),
    Setting::Read(AFTER),
];

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("post_norm1", &[R::AttentionOutputNorm]),
        module("post_norm2", &[R::MlpOutputNorm]),
    ],
    ..LLAMA_LAYOUT
};

/// Unlike in Granite, logits are multiplied by `logits_scaling`, and scores are divided by sqrt(d_head) where the file
/// says no factor.
fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = block(config, &DEFAULTS, biases(config)?)?;
    let arch = arch.with_head_dim(config.optional_count(name::HEAD_DIM)?);
    Ok(ArchSpec {
        norm_placement: match config.flag(AFTER, true)? {
            true => NormPlacement::Peri,
            false => NormPlacement::Pre,
        },
        scale: Scale {
            attention: config.optional_number(granite::ATTENTION)?,
            logits: granite::factor(config, granite::LOGITS)?,
            ..granite::scale(config)?
        },
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    let after = arch.norm_placement == NormPlacement::Peri;
    write::with(
        granite::write_factors(arch),
        json!({ granite::LOGITS: arch.scale.logits, AFTER: after }),
    )
}
