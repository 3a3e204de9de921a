use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result};

/// Falcon with one key-value head: of several, the rows are in an order that the file does not say.
pub(super) static FALCON: Known = Known {
    name: "falcon",
    model_type: "falcon",
    blocks: "transformer.h",
    modules: MODULES,
    change: |heads, module, stored| match heads.keys {
        1 => as_it_is(heads, module, stored),
        keys => Err(format!(
            "is of Falcon with {keys} key-value heads, whose rows llama.cpp has in another order; read are files of \
             one key-value head: take the safetensors from which it was made"
        )),
    },
    gains: false,
    config: falcon,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "transformer.word_embeddings"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "self_attention.query_key_value"),
    ("attn_output", "self_attention.dense"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

fn falcon(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    said.count_or("attention.head_count_kv", heads)?;
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    if rotated != head_dim {
        return Err(format!(
            "{rotated} of {head_dim} channels of its heads are rotated; Falcon rotates all"
        ));
    }
    // what 7B computes: one norm for both sublayers
    let settings = json!({
        "hidden_size": width,
        "ffn_hidden_size": said.count_or("feed_forward_length", width.saturating_mul(4))?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "new_decoder_architecture": false,
        "multi_query": true,
        "parallel_attn": true,
        "bias": said.has("blk.0.attn_qkv.bias"),
        "alibi": false,
        "tie_word_embeddings": true,
    });
    add(config, settings);
    let tensor_data_layout = said.get("tensor_data_layout");
    let _ = tensor_data_layout; // `jploski`, the only one there is
    Ok(())
}
