use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, any};

/// Phi 1, 1.5 and 2.
pub(super) static PHI2: Known = Known {
    is: any,
    name: "phi2",
    model_type: "phi",
    blocks: "model.layers",
    modules: MODULES,
    change: as_it_is,
    gains: false,
    config: phi2,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.final_layernorm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.dense"),
    ("ffn_up", "mlp.fc1"),
    ("ffn_down", "mlp.fc2"),
];

fn phi2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_eps": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "partial_rotary_factor": rotated as f64 / head_dim.max(1) as f64,
        "hidden_act": "gelu_new",
    });
    add(config, settings);
    Ok(())
}
