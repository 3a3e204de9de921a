use super::settings::name;
use super::{Config, Family, Layout, Setting, fused, module, read, window, write};
use crate::TensorRole as R;
use crate::{Activation, ArchSpec, Position, Residual, Result};

const LAYERS: &str = "n_layer";
const HEADS: &str = "n_head";
const WIDTH: &str = "n_embed";
const EPS: &str = "layer_norm_epsilon";
const CONTEXT: &str = "seq_length";

/// BLOOM: linear biases, a norm of the embedding, one fused projection of queries, keys and values laid out by head.
pub static BLOOM: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "BLOOM",
        model_type: "bloom",
        classes: &["BloomForCausalLM", "BloomModel"],
        settings: Some(&[&[
            Read(LAYERS),
            Read(HEADS),
            Read(WIDTH),
            Read(name::LAYERS),
            Read(name::HEADS),
            Read(name::WIDTH),
            Read(EPS),
            Read(CONTEXT),
            Fixed("apply_residual_connection_post_layernorm", "false"),
            Harmless("attention_softmax_in_fp32"),
            Harmless("bias_dropout_fusion"),
            Harmless("masked_softmax_fusion"),
            Harmless("offset_alibi"),
            Harmless("skip_bias_add"),
            Harmless("skip_bias_add_qkv"),
            Harmless("slow_but_exact"),
        ]]),
        read: Some(read_config),
        write: Some(write::nothing),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[
        module("word_embeddings", &[R::TokenEmbedding]),
        module("word_embeddings_layernorm", &[R::EmbeddingNorm]),
    ],
    blocks: "h",
    block: &[
        module("input_layernorm", &[R::AttentionNorm]),
        fused("self_attention.query_key_value"),
        module("self_attention.dense", &[R::AttentionOutput]),
        module("post_attention_layernorm", &[R::MlpNorm]),
        module("mlp.dense_h_to_4h", &[R::MlpUp]),
        module("mlp.dense_4h_to_h", &[R::MlpDown]),
    ],
    end: &[module("ln_f", &[R::FinalNorm])],
    by_head: true,
    reference: 2048,
    ..Layout::NONE
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = ArchSpec {
        vocab: config.count(name::VOCAB)?,
        context: config.optional_count(CONTEXT)?.unwrap_or(2048),
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Alibi,
        activation: Activation::GeluTanh,
        embedding_norm: true,
        tied: config.flag(name::TIED, true)?,
        ..ArchSpec::new(
            read::one_of(config, [LAYERS, name::LAYERS])?,
            read::one_of(config, [WIDTH, name::WIDTH])?,
            read::one_of(config, [HEADS, name::HEADS])?,
        )
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}
