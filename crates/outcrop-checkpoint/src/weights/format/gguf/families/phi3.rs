use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static PHI3: Known = Known {
    is: any,
    name: "phi3",
    model_type: "phi3",
    blocks: "model.layers",
    modules: MODULES,
    change: as_it_is,
    gains: false,
    config: phi3,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "self_attn.qkv_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_up", "mlp.gate_up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

fn phi3(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let context = said.count("context_length")?;
    let original = said.count_or("rope.scaling.original_context_length", context)?;
    let window = said.count_or("attention.sliding_window", 0)?;
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "max_position_embeddings": context,
        "original_max_position_embeddings": original,
        "rms_norm_eps": said.number("attention.layer_norm_rms_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "partial_rotary_factor": rotated as f64 / head_dim.max(1) as f64,
        "sliding_window": (window > 0).then_some(window),
        "hidden_act": "silu",
    });
    add(config, settings);
    Ok(())
}
