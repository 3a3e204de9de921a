use super::patches::{self, Defaults, QKV_BIAS, SETTINGS, SPREAD};
use super::{Config, Family, Layout, Setting, bare, module};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Patches, Result};

const MLP_RATIO: &str = "mlp_ratio";
pub(super) const REGISTERS: &str = "num_register_tokens";

/// DINOv2: a Vision Transformer with a learned gain on what sublayers write (Oquab et al. 2024, arXiv 2304.07193).
pub static DINOV2: Family = Family {
    name: "DINOv2",
    model_type: "dinov2",
    classes: &[
        "Dinov2Model",
        "Dinov2ForImageClassification",
        "Dinov2Backbone",
    ],
    settings: Some(&[SETTINGS, OWN]),
    read: Some(read_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

/// Settings of both kinds.
pub(super) const OWN: &[Setting] = {
    use Setting::{Fixed, Harmless, Read};
    &[
        Read(QKV_BIAS),
        Read(MLP_RATIO),
        Fixed("use_swiglu_ffn", "false"),
        Harmless("apply_layernorm"),
        Harmless("drop_path_rate"),
        Harmless("interpolate_antialias"),
        Harmless("interpolate_offset"),
        Harmless("layerscale_value"),
        Harmless("out_features"),
        Harmless("out_indices"),
        Harmless("reshape_hidden_states"),
        Harmless("stage_names"),
        Harmless("use_mask_token"),
    ]
};

pub(super) const LAYOUT: Layout = Layout {
    body: "dinov2.",
    start: &[
        bare("embeddings.cls_token", &[R::ClassToken]),
        bare("embeddings.position_embeddings", &[R::PositionEmbedding]),
        bare("embeddings.register_tokens", &[R::Registers]),
        module(
            "embeddings.patch_embeddings.projection",
            &[R::PatchEmbedding],
        ),
    ],
    blocks: "encoder.layer",
    block: &[
        module("norm1", &[R::AttentionNorm]),
        module("attention.attention.query", &[R::Query]),
        module("attention.attention.key", &[R::Key]),
        module("attention.attention.value", &[R::Value]),
        module("attention.output.dense", &[R::AttentionOutput]),
        bare("layer_scale1.lambda1", &[R::AttentionScale]),
        module("norm2", &[R::MlpNorm]),
        module("mlp.fc1", &[R::MlpUp]),
        module("mlp.fc2", &[R::MlpDown]),
        bare("layer_scale2.lambda1", &[R::MlpScale]),
    ],
    end: &[module("layernorm", &[R::FinalNorm])],
    buffers: &[
        "embeddings.mask_token",
        "classifier.weight",
        "classifier.bias",
    ],
    spread: SPREAD,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    block(config, 14, 0)
}

/// The architecture, with so many registers.
pub(super) fn block(config: &Config<'_>, patch: usize, registers: usize) -> Result<ArchSpec> {
    let defaults = Defaults {
        patch,
        eps: 1e-6,
        activation: Activation::Gelu,
    };
    patches::square(config)?;
    let bias = Bias::of([config.flag(QKV_BIAS, true)?, true, true]);
    let arch = patches::block(config, &defaults, bias)?;
    let ratio = config.optional_count(MLP_RATIO)?.unwrap_or(4);
    let with = |patches: Patches| Patches {
        registers,
        ..patches
    };
    Ok(ArchSpec {
        d_ff: arch.d_model.saturating_mul(ratio),
        layer_scale: true,
        patches: arch.patches.map(with),
        ..arch
    })
}
