use serde_json::{Map, Value, json};

use super::change::by_head;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static GPTNEOX: Known = Known {
    is: any,
    name: "gptneox",
    model_type: "gpt_neox",
    blocks: "gpt_neox.layers",
    modules: MODULES,
    change: |heads, module, stored| by_head("attention.query_key_value", heads, module, stored),
    gains: false,
    config: neox,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "gpt_neox.embed_in"),
    ("output_norm", "gpt_neox.final_layer_norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "attention.query_key_value"),
    ("attn_output", "attention.dense"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

fn neox(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let heads = said.count("attention.head_count")?;
    let width = said.count("embedding_length")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let parallel = said
        .get("use_parallel_residual")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_eps": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rotary_pct": rotated as f64 / head_dim.max(1) as f64,
        "rotary_emb_base": said.number("rope.freq_base", 10_000.0)?,
        "use_parallel_residual": parallel,
        "hidden_act": "gelu",
    });
    add(config, settings);
    Ok(())
}
