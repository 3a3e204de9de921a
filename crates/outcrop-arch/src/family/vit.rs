use super::patches::{self, Defaults, QKV_BIAS, SETTINGS, SPREAD};
use super::settings::name;
use super::{Config, Family, Layout, Setting, bare, module};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Result};

/// Vision Transformer: a class token and patches of an image, each with a learned position (Dosovitskiy et al. 2021).
pub static VIT: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "ViT",
        model_type: "vit",
        classes: &["ViTModel", "ViTForImageClassification"],
        settings: Some(&[
            SETTINGS,
            &[
                Read(name::D_FF),
                Read(QKV_BIAS),
                Harmless("encoder_stride"),
                Harmless("pooler_act"),
                Harmless("pooler_output_size"),
            ],
        ]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "vit.",
    start: &[
        bare("embeddings.cls_token", &[R::ClassToken]),
        bare("embeddings.position_embeddings", &[R::PositionEmbedding]),
        module(
            "embeddings.patch_embeddings.projection",
            &[R::PatchEmbedding],
        ),
    ],
    blocks: "encoder.layer",
    block: &[
        module("attention.attention.query", &[R::Query]),
        module("attention.attention.key", &[R::Key]),
        module("attention.attention.value", &[R::Value]),
        module("attention.output.dense", &[R::AttentionOutput]),
        module("intermediate.dense", &[R::MlpUp]),
        module("output.dense", &[R::MlpDown]),
        module("layernorm_before", &[R::AttentionNorm]),
        module("layernorm_after", &[R::MlpNorm]),
    ],
    end: &[module("layernorm", &[R::FinalNorm])],
    buffers: &[
        "embeddings.mask_token",
        "pooler.dense.weight",
        "pooler.dense.bias",
        "classifier.weight",
        "classifier.bias",
    ],
    spread: SPREAD,
    ..Layout::NONE
};

const DEFAULTS: Defaults = Defaults {
    patch: 16,
    eps: 1e-12,
    activation: Activation::Gelu,
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let bias = Bias::of([config.flag(QKV_BIAS, true)?, true, true]);
    let arch = patches::block(config, &DEFAULTS, bias)?;
    Ok(ArchSpec {
        d_ff: config.count(name::D_FF)?,
        ..arch
    })
}
