use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static STARCODER2: Known = Known {
    is: any,
    name: "starcoder2",
    model_type: "starcoder2",
    blocks: "model.layers",
    modules: MODULES,
    change: as_it_is,
    gains: false,
    config: starcoder2,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

fn starcoder2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    if rotated != head_dim {
        return Err(format!(
            "{rotated} of {head_dim} channels of its heads are rotated; StarCoder 2 rotates all"
        ));
    }
    let Some(theta) = said.get("rope.freq_base").and_then(Value::as_f64) else {
        return Err("`starcoder2.rope.freq_base` is missing".into());
    };
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "max_position_embeddings": said.count("context_length")?,
        "norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rope_theta": theta,
        "use_bias": said.has("blk.0.attn_q.bias"),
        // llama.cpp computes none
        "sliding_window": null,
        "hidden_act": "gelu_pytorch_tanh",
    });
    add(config, settings);
    Ok(())
}
