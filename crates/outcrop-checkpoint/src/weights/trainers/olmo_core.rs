//! OLMo-core: names of its own, and a `config.json` of its own in the folder of a step.

use serde_json::{Value, json};

use super::{Found, Model, Names, Result, Settings, Trainer};

pub(super) static OLMO_CORE: Trainer = Trainer {
    name: "OLMo-core",
    read,
};

/// With norms on the outputs of sublayers, as in OLMo 2 and 3.
const AFTER: Names = Names {
    inside: &[
        ("attention_norm", "post_attention_layernorm"),
        ("feed_forward_norm", "post_feedforward_layernorm"),
        ("attention.w_q", "self_attn.q_proj"),
        ("attention.w_k", "self_attn.k_proj"),
        ("attention.w_v", "self_attn.v_proj"),
        ("attention.w_out", "self_attn.o_proj"),
        ("attention.q_norm", "self_attn.q_norm"),
        ("attention.k_norm", "self_attn.k_norm"),
        ("feed_forward.w1", "mlp.gate_proj"),
        ("feed_forward.w2", "mlp.down_proj"),
        ("feed_forward.w3", "mlp.up_proj"),
    ],
    ..BEFORE
};

/// With norms before sublayers, as in Llama and Qwen.
const BEFORE: Names = Names {
    blocks: ["blocks", "model.layers"],
    outside: &[
        ("embeddings", "model.embed_tokens"),
        ("lm_head.norm", "model.norm"),
        ("lm_head.w_out", "lm_head"),
    ],
    inside: &[
        ("attention_norm", "input_layernorm"),
        ("feed_forward_norm", "post_attention_layernorm"),
        ("attention.w_q", "self_attn.q_proj"),
        ("attention.w_k", "self_attn.k_proj"),
        ("attention.w_v", "self_attn.v_proj"),
        ("attention.w_out", "self_attn.o_proj"),
        ("attention.q_norm", "self_attn.q_norm"),
        ("attention.k_norm", "self_attn.k_norm"),
        ("feed_forward.w1", "mlp.gate_proj"),
        ("feed_forward.w2", "mlp.down_proj"),
        ("feed_forward.w3", "mlp.up_proj"),
    ],
    buffers: &[],
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let has = |name| found.tensors.contains_key(name);
    if !(has("embeddings.weight") && has("blocks.0.attention.w_q.weight")) {
        return Ok(None);
    }
    let config = match (found.config_of_transformers(), found.config()) {
        (Some(config), _) => config,
        (None, Some(own)) if own.get("model").is_some() => translated(&own, found)?,
        (None, _) => {
            return Err(
                "its `config.json` is missing, which OLMo-core writes into the folder of each step and which says \
                 where norms are; copy it there, or write that of transformers"
                    .into(),
            );
        }
    };
    let family = config.get("model_type").and_then(Value::as_str);
    let names = match family.unwrap_or_default() {
        "olmo2" | "olmo3" => AFTER,
        "llama" | "qwen3" => BEFORE,
        other => {
            return Err(format!(
                "`config.json` says `model_type` = {other}; read under OLMo-core's names are olmo2, olmo3, llama, qwen3"
            ));
        }
    };
    Ok(Some(Model {
        tensors: names.all(found.tensors, |named, stored| named.as_it_is(stored))?,
        config: Ok(config.to_string()),
    }))
}

/// Settings of a block, of its attention and of the model that compute something else; each may be off.
const OFF: [(&str, &[&str]); 3] = [
    (
        "model",
        &[
            "block_pattern",
            "block_overrides",
            "embed_scale",
            "embedding_norm",
        ],
    ),
    ("block", &["feed_forward_moe", "attention_residual_alpha"]),
    (
        "attention",
        &[
            "attention_sinks",
            "bias",
            "clip_qkv",
            "gate",
            "head_dim",
            "qk_norm_per_head_gains",
            "scalable_softmax",
            "sliding_window",
            "use_head_qk_norm",
        ],
    ),
];

/// The config of transformers that says what OLMo-core's own says, where it is that of OLMo 2.
fn translated(own: &Value, found: &Found<'_>) -> Result<Value> {
    let part = |of: &'static str, all: Option<&Value>| {
        let missing = || format!("OLMo-core's `config.json` says no `{of}`");
        all.cloned().ok_or_else(missing)
    };
    let model = part("model", own.get("model"))?;
    let block = part("block", model.get("block"))?;
    let attention = match block.get("attention").or(block.get("sequence_mixer")) {
        Some(attention) => attention.clone(),
        None => return part("attention", None),
    };
    let of = |of: &'static str, all| Settings { of, all };
    let parts = [&model, &block, &attention];
    for ((name, off), all) in OFF.iter().zip(parts) {
        for key in *off {
            let settings = of(name, all);
            settings.only(key, super::is_off, "what does not use it")?;
        }
    }
    let is = |value: Option<&Value>, name: &str| {
        let named = value.and_then(|value| value.get("name").or(Some(value)));
        named.and_then(Value::as_str) == Some(name)
    };
    let norm = block.get("layer_norm");
    let rope = attention.get("rope");
    let scaled = rope.and_then(|rope| rope.get("scaling"));
    let rotated = rope.and_then(|rope| rope.get("partial_rotary_factor"));
    let is_olmo2 = is(Some(&block), "reordered_norm")
        && is(norm, "rms")
        && is(attention.get("qk_norm"), "rms")
        && is(rope, "default")
        && scaled.is_none_or(Value::is_null)
        && rotated.is_none_or(|rotated| *rotated == 1.0);
    if !is_olmo2 {
        return Err(
            "OLMo-core's `config.json` has another block than OLMo 2 (`reordered_norm` with norms of queries and \
             keys and plain rotary positions); write the `config.json` of transformers in its place"
                .into(),
        );
    }
    let (model, attention) = (of("`model`", &model), of("`attention`", &attention));
    let heads = attention.count("n_heads")?;
    let rows = found.tensors.get("blocks.0.feed_forward.w1.weight");
    let rows = rows.and_then(|stored| stored.info.shape.first());
    let (none, rope) = (Value::Null, rope.cloned().unwrap_or_default());
    let mut config = json!({
        "model_type": "olmo2",
        "vocab_size": model.count("vocab_size")?,
        "hidden_size": model.count("d_model")?,
        "intermediate_size": rows.ok_or("tensor `blocks.0.feed_forward.w1.weight` is missing")?,
        "num_hidden_layers": model.count("n_layers")?,
        "num_attention_heads": heads,
        "num_key_value_heads": attention.optional_count("n_kv_heads")?.unwrap_or(heads),
        "hidden_act": "silu",
        "attention_bias": false,
        "rms_norm_eps": of("`layer_norm`", norm.unwrap_or(&none)).number("eps", 1e-5)?,
        "rope_theta": of("`rope`", &rope).number("theta", 500_000.0)?,
        "tie_word_embeddings": model.flag("tie_word_embeddings", false)?,
    });
    let length = own
        .get("dataset")
        .and_then(|data| data.get("sequence_length"));
    if let Some(length) = length.filter(|length| length.is_u64()) {
        config["max_position_embeddings"] = length.clone();
    }
    Ok(config)
}
