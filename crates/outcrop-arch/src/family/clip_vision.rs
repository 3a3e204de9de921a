use super::patches::{self, Defaults, SETTINGS, SPREAD};
use super::settings::name;
use super::{Config, Family, Layout, Setting, bare, module};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Patches, Result};

/// The half of CLIP that sees images: a Vision Transformer with a norm before the first block (Radford et al. 2021, arXiv
/// 2103.00020).
pub static CLIP_VISION: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "CLIP vision",
        model_type: "clip_vision_model",
        classes: &["CLIPVisionModel", "CLIPVisionModelWithProjection"],
        settings: Some(&[
            SETTINGS,
            &[
                Read(name::D_FF),
                Harmless("dropout"),
                Harmless("initializer_factor"),
                Harmless("projection_dim"),
            ],
        ]),
        read: Some(read_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "vision_model.",
    start: &[
        bare("embeddings.class_embedding", &[R::ClassToken]),
        module("embeddings.patch_embedding", &[R::PatchEmbedding]),
        module("embeddings.position_embedding", &[R::PositionEmbedding]),
        module("pre_layrnorm", &[R::EmbeddingNorm]),
    ],
    blocks: "encoder.layers",
    block: &[
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.out_proj", &[R::AttentionOutput]),
        module("layer_norm1", &[R::AttentionNorm]),
        module("mlp.fc1", &[R::MlpUp]),
        module("mlp.fc2", &[R::MlpDown]),
        module("layer_norm2", &[R::MlpNorm]),
    ],
    end: &[module("post_layernorm", &[R::FinalNorm])],
    buffers: &["embeddings.position_ids", "visual_projection.weight"],
    spread: SPREAD,
    ..Layout::NONE
};

const DEFAULTS: Defaults = Defaults {
    patch: 32,
    eps: 1e-5,
    activation: Activation::QuickGelu,
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    patches::square(config)?;
    let arch = patches::block(config, &DEFAULTS, Bias::All)?;
    let without = |patches: Patches| Patches {
        bias: false,
        ..patches
    };
    Ok(ArchSpec {
        d_ff: config.count(name::D_FF)?,
        embedding_norm: true,
        patches: arch.patches.map(without),
        ..arch
    })
}
