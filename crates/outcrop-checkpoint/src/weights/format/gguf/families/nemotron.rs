use serde_json::{Map, Value, json};

use super::change::less_one;
use super::said::{Said, add};
use super::{Known, Result, llama};

pub(super) static NEMOTRON: Known = Known {
    name: "nemotron",
    model_type: "nemotron",
    change: less_one,
    gains: true,
    config: nemotron,
    ..llama::LLAMA
};

fn nemotron(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = said.count_or(
        "attention.key_length",
        width.checked_div(heads).unwrap_or(0),
    )?;
    let values = said.count_or("attention.value_length", head_dim)?;
    if values != head_dim {
        return Err(format!(
            "its heads have {head_dim} channels of queries and {values} of values; read is what has the same of each"
        ));
    }
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    let epsilon = said.number("attention.layer_norm_epsilon", 1e-5)?;
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "head_dim": head_dim,
        "max_position_embeddings": said.count("context_length")?,
        "norm_eps": said.number("attention.layer_norm_rms_epsilon", epsilon)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "partial_rotary_factor": rotated as f64 / head_dim.max(1) as f64,
        "attention_bias": said.has("blk.0.attn_q.bias"),
        "mlp_bias": said.has("blk.0.ffn_up.bias"),
        "hidden_act": "relu2",
    });
    add(config, settings);
    llama::scaling(said, config)
}
