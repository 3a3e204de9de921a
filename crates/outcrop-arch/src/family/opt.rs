use serde_json::{Value, json};

use super::settings::name;
use super::{Config, Family, Layout, Setting, module, read, window};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Bias, Norm, NormPlacement, Position, Residual, Result};

const D_FF: &str = "ffn_dim";
const ACTIVATION: &str = "activation_function";
const BEFORE: &str = "do_layer_norm_before";
const NARROW: &str = "word_embed_proj_dim";
const BIAS: &str = "enable_bias";
const AFFINE: &str = "layer_norm_elementwise_affine";

/// OPT: learned positions, of which the first two rows of the table are none; in the model of 350M parameters norms
/// after the additions and a narrower embedding.
pub static OPT: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "OPT",
        model_type: "opt",
        classes: &["OPTForCausalLM", "OPTModel"],
        settings: Some(&[&[
            Read(name::LAYERS),
            Read(name::WIDTH),
            Read(name::HEADS),
            Read(name::CONTEXT),
            Read(D_FF),
            Read(ACTIVATION),
            Read(BEFORE),
            Read(NARROW),
            Read(BIAS),
            Read(AFFINE),
            Fixed("_remove_final_layer_norm", "false"),
            Harmless("activation_dropout"),
            Harmless("dropout"),
            Harmless("init_std"),
            Harmless("layerdrop"),
            Harmless("output_projection"),
        ]]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "model.decoder.",
    start: &[
        module("embed_tokens", &[R::TokenEmbedding]),
        module("embed_positions", &[R::PositionEmbedding]),
        module("project_in", &[R::EmbeddingProjection]),
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
    end: &[
        module("final_layer_norm", &[R::FinalNorm]),
        module("project_out", &[R::UnembeddingProjection]),
    ],
    first_position: 2,
    reference: 2048,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    let new = ArchSpec::new(
        count(name::LAYERS)?,
        count(name::WIDTH)?,
        count(name::HEADS)?,
    );
    let width = config.optional_count(NARROW)?;
    let arch = ArchSpec {
        d_ff: count(D_FF)?,
        vocab: count(name::VOCAB)?,
        context: count(name::CONTEXT)?,
        norm: match config.flag(AFFINE, true)? {
            true => Norm::LayerNorm,
            false => Norm::LayerNormPlain,
        },
        norm_placement: match config.flag(BEFORE, true)? {
            true => NormPlacement::Pre,
            false => NormPlacement::Post,
        },
        residual: Residual::Sequential,
        position: Position::Learned,
        activation: read::activation(config, ACTIVATION, false, Activation::Relu)?,
        embedding_dim: width.filter(|width| *width != new.d_model),
        tied: config.flag(name::TIED, true)?,
        bias: Bias::of([config.flag(BIAS, true)?; 3]),
        ..new
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

fn write_config(arch: &ArchSpec) -> Value {
    json!({
        BEFORE: arch.norm_placement == NormPlacement::Pre,
        NARROW: arch.embedding_dim.unwrap_or(arch.d_model),
        AFFINE: arch.norm == Norm::LayerNorm,
    })
}
