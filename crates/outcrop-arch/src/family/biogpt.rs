use serde_json::{Value, json};

use super::settings::name;
use super::{Config, Family, Layout, Setting, module, read, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, Position, Residual, Result, Scale};

const SCALED: &str = "scale_embedding";

/// BioGPT: a scaled embedding, learned positions, of which the first two rows of the table are none.
pub static BIOGPT: Family = {
    use Setting::{Harmless, Read};
    Family {
        name: "BioGPT",
        model_type: "biogpt",
        classes: &["BioGptForCausalLM", "BioGptModel"],
        settings: Some(&[&[
            Read(name::LAYERS),
            Read(name::WIDTH),
            Read(name::HEADS),
            Read(name::D_FF),
            Read(name::CONTEXT),
            Read(name::ACTIVATION),
            Read(SCALED),
            Harmless("activation_dropout"),
            Harmless("layer_norm_eps"), // transformers does not read it
            Harmless("layerdrop"),
        ]]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "biogpt.",
    start: &[
        module("embed_tokens", &[R::TokenEmbedding]),
        module("embed_positions", &[R::PositionEmbedding]),
    ],
    blocks: "layers",
    block: &[
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.out_proj", &[R::AttentionOutput]),
        module("self_attn_layer_norm", &[R::AttentionNorm]),
        module("fc1", &[R::MlpUp]),
        module("fc2", &[R::MlpDown]),
        module("final_layer_norm", &[R::MlpNorm]),
    ],
    end: &[module("layer_norm", &[R::FinalNorm])],
    head: module("output_projection", &[R::Unembedding]),
    first_position: 2,
    reference: 1024,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = read::shape(config)?;
    let embedding = match config.flag(SCALED, true)? {
        true => (arch.d_model as f64).sqrt(),
        false => 1.0,
    };
    Ok(ArchSpec {
        norm: Norm::LayerNorm,
        norm_eps: 1e-5, // whatever `layer_norm_eps` says
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, name::ACTIVATION, false, Activation::Gelu)?,
        scale: Scale {
            embedding,
            ..Scale::default()
        },
        tied: config.flag(name::TIED, true)?,
        bias: Bias::All,
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    json!({ SCALED: arch.scale.embedding != 1.0 })
}
