use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, llama};

pub(super) static STABLELM: Known = Known {
    name: "stablelm",
    model_type: "stablelm",
    modules: MODULES,
    change: as_it_is,
    config: stablelm,
    ..llama::LLAMA
};

/// Norms of all heads are one matrix there.
const MODULES: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_layernorm.norms.{}"),
    ("attn_k_norm", "self_attn.k_layernorm.norms.{}"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

fn stablelm(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let parallel = said.get("use_parallel_residual").and_then(Value::as_bool);
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
        "use_qkv_bias": said.has("blk.0.attn_q.bias"),
        "use_parallel_residual": parallel.unwrap_or(true) && !said.has("blk.0.ffn_norm.weight"),
        "qk_layernorm": said.has("blk.0.attn_q_norm.weight"),
        "hidden_act": "silu",
    });
    add(config, settings);
    Ok(())
}
