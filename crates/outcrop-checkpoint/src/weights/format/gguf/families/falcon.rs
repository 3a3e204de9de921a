use serde_json::{Map, Value, json};

use super::super::header::{Header, Info};
use super::change::Heads;
use super::said::{Said, add};
use super::{Known, Result};
use crate::weights::stored::Stored;

/// Falcon 7B: one norm for both sublayers, one key-value head.
pub(super) static FALCON: Known = Known {
    is: |header| !is_new(header),
    name: "falcon",
    model_type: "falcon",
    blocks: "transformer.h",
    modules: MODULES,
    change: by_group,
    gains: false,
    config: |said, config| falcon(said, config, false),
};

/// Falcon 40B and 180B: a norm for each sublayer, several key-value heads.
pub(super) static FALCON_NEW: Known = Known {
    is: is_new,
    modules: NEW_MODULES,
    config: |said, config| falcon(said, config, true),
    ..FALCON
};

fn is_new(header: &Header) -> bool {
    let second = |info: &Info| info.name == "blk.0.attn_norm_2.weight";
    header.tensors.iter().any(second)
}

/// Queries, keys and values in one matrix, which in transformers are laid out by groups: queries of a group, its key,
/// its value.
fn by_group(heads: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    if module != "self_attention.query_key_value" || heads.keys == 1 {
        return Ok(stored);
    }
    let rows = stored.info.shape.first().copied().unwrap_or(0);
    let all = heads
        .keys
        .checked_mul(2)
        .and_then(|keys| keys.checked_add(heads.queries));
    let each = all.and_then(|all| rows.checked_div(all)).unwrap_or(0);
    let fits = all.and_then(|all| all.checked_mul(each)) == Some(rows);
    if each == 0 || !fits || !heads.queries.is_multiple_of(heads.keys) {
        return Err(format!(
            "has {rows} rows, not those of {} heads of queries and {} of keys",
            heads.queries, heads.keys
        ));
    }
    let group = heads.queries / heads.keys * each;
    let keys = heads.queries * each;
    let values = keys + heads.keys * each;
    let mut parts = Vec::new();
    for i in 0..heads.keys {
        for (first, length) in [
            (i * group, group),
            (keys + i * each, each),
            (values + i * each, each),
        ] {
            parts.push(stored.cut(1, &[first, length, rows - first - length], 1)?);
        }
    }
    Stored::joined(&parts, 0)
}

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

const NEW_MODULES: &[(&str, &str)] = &[
    ("token_embd", "transformer.word_embeddings"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
    ("attn_norm", "ln_mlp"),
    ("attn_norm_2", "ln_attn"),
    ("attn_qkv", "self_attention.query_key_value"),
    ("attn_output", "self_attention.dense"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

fn falcon(said: &mut Said<'_>, config: &mut Map<String, Value>, new: bool) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let keys = said.count_or("attention.head_count_kv", heads)?;
    if !new && keys != 1 {
        return Err(format!(
            "it has {keys} key-value heads and one norm for both sublayers: of Falcon with one norm, files with one \
             such head are read"
        ));
    }
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    if rotated != head_dim {
        return Err(format!(
            "{rotated} of {head_dim} channels of its heads are rotated; Falcon rotates all"
        ));
    }
    let settings = json!({
        "hidden_size": width,
        "ffn_hidden_size": said.count_or("feed_forward_length", width.saturating_mul(4))?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "new_decoder_architecture": new,
        "num_kv_heads": new.then_some(keys),
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
