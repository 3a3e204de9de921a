use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, llama};

/// Command R, which rotates neighbouring channels in transformers too.
pub(super) static COHERE: Known = Known {
    name: "command-r",
    model_type: "cohere",
    change: as_it_is,
    config: |said, config| {
        let normed = said.has("blk.0.attn_q_norm.weight");
        config.insert("use_qk_norm".into(), normed.into());
        cohere(said, config)
    },
    ..llama::LLAMA
};

/// Command R7B and Command A, with windows in three of four layers, which alone are rotated.
pub(super) static COHERE2: Known = Known {
    name: "cohere2",
    model_type: "cohere2",
    config: cohere2,
    ..COHERE
};

fn cohere2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    cohere(said, config)?;
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let head_dim = width.checked_div(heads).unwrap_or(0);
    for key in [
        "rope.dimension_count",
        "attention.key_length",
        "attention.value_length",
    ] {
        let given = said.count_or(key, head_dim)?;
        if given != head_dim {
            return Err(format!(
                "`cohere2.{key}` = {given}; read are heads of {head_dim} channels, all of which are rotated"
            ));
        }
    }
    let layers = said.layers()?;
    // as llama.cpp computes it
    let kind = |layer: usize| match (layer + 1).is_multiple_of(4) {
        true => "full_attention",
        false => "sliding_attention",
    };
    let settings = json!({
        "sliding_window": said.count("attention.sliding_window")?,
        "layer_types": (0..layers).map(kind).collect::<Vec<_>>(),
    });
    add(config, settings);
    Ok(())
}

fn cohere(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    if said.get("rope.scaling.type").and_then(Value::as_str) != Some("none") {
        let name = said.known.name;
        return Err(format!("its `{name}.rope.scaling.type` is not `none`"));
    }
    let Some(logits) = said.get("logit_scale").and_then(Value::as_f64) else {
        return Err(said.missing("logit_scale"));
    };
    let settings = json!({
        "hidden_size": width,
        "intermediate_size": said.count("feed_forward_length")?,
        "num_hidden_layers": said.count("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": said.count_or("attention.head_count_kv", heads)?,
        "max_position_embeddings": said.count("context_length")?,
        "layer_norm_eps": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "rope_theta": said.number("rope.freq_base", 10_000.0)?,
        "logit_scale": logits,
        "attention_bias": said.has("blk.0.attn_q.bias"),
        "hidden_act": "silu",
    });
    add(config, settings);
    Ok(())
}
