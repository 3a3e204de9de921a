use serde_json::{Map, Value, json};

use super::change::unpair;
use super::said::{Said, add};
use super::{Known, Result, has_experts};

pub(super) static LLAMA: Known = Known {
    is: |header| !has_experts(header),
    name: "llama",
    model_type: "llama",
    blocks: "model.layers",
    modules: MODULES,
    change: unpair,
    gains: false,
    config: llama,
};

/// Names of all that is built like Llama.
pub(super) const MODULES: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// Llama, with biases or without.
pub(super) fn llama(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    grouped(said, config)?;
    let has = |name| Value::from(said.has(name));
    config.insert("attention_bias".into(), has("blk.0.attn_q.bias"));
    config.insert("mlp_bias".into(), has("blk.0.ffn_up.bias"));
    Ok(())
}

/// What all that is built like Llama has.
pub(super) fn grouped(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let heads = said.count("attention.head_count")?;
    let width = said.count("embedding_length")?;
    let head_dim = said.count_or(
        "attention.key_length",
        width.checked_div(heads).unwrap_or(0),
    )?;
    let values = said.count_or("attention.value_length", head_dim)?;
    let rotated = said.count_or("rope.dimension_count", head_dim)?;
    if values != head_dim || rotated != head_dim {
        return Err(format!(
            "its heads have {head_dim} channels of queries, {values} of values, of which {rotated} are rotated; \
             read is what has the same of each"
        ));
    }
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "head_dim": head_dim,
        "max_position_embeddings": said.count("context_length")?,
        "rms_norm_eps": said.number("attention.layer_norm_rms_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "hidden_act": "silu",
    });
    add(config, settings);
    scaling(said, config)
}

/// What YaRN says beside its factor, there and in transformers.
const OF_YARN: [(&str, &str); 3] = [
    ("rope.scaling.yarn_attn_factor", "attention_factor"),
    ("rope.scaling.yarn_beta_fast", "beta_fast"),
    ("rope.scaling.yarn_beta_slow", "beta_slow"),
];

/// How wavelengths are stretched.
pub(super) fn scaling(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let kind = said
        .get("rope.scaling.type")
        .and_then(Value::as_str)
        .unwrap_or("none");
    let factor = said.number("rope.scaling.factor", 1.0)?;
    let original = said.optional_count("rope.scaling.original_context_length")?;
    let finetuned = said.get("rope.scaling.finetuned");
    let _ = finetuned; // says how it was trained, not what it computes
    if kind == "none" {
        return Ok(());
    }
    let mut scaling = json!({ "rope_type": kind, "factor": factor });
    if let Some(original) = original {
        scaling["original_max_position_embeddings"] = original.into();
    }
    for (key, name) in OF_YARN {
        if let Some(given) = said.get(key) {
            scaling[name] = given.clone();
        }
    }
    config.insert("rope_scaling".into(), scaling);
    Ok(())
}
