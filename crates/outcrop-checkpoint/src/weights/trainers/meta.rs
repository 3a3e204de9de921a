//! Names that Meta gave Llama's tensors, as torchtitan has them, and torchtune some of them. Rows of queries and keys
//! are in pairs of channels there, which are put in the order of transformers by heads.

use serde_json::{Value, json};

use super::super::stored::Stored;
use super::{Found, Model, Named, Names, Result, Settings, Trainer};
use crate::near;

pub(super) static META: Trainer = Trainer {
    name: "Meta's Llama or torchtitan",
    read: |found| read(found, "attention_norm", &META_NAMES),
};

pub(super) static TORCHTUNE: Trainer = Trainer {
    name: "torchtune",
    read: |found| read(found, "sa_norm", &TORCHTUNE_NAMES),
};

const META_NAMES: Names = Names {
    blocks: ["layers", "model.layers"],
    outside: &[
        ("tok_embeddings", "model.embed_tokens"),
        ("norm", "model.norm"),
        ("output", "lm_head"),
        ("lm_head", "lm_head"),
    ],
    inside: &[
        ("attention_norm", "input_layernorm"),
        ("attention.wq", "self_attn.q_proj"),
        ("attention.wk", "self_attn.k_proj"),
        ("attention.wv", "self_attn.v_proj"),
        ("attention.qkv_linear.wq", "self_attn.q_proj"),
        ("attention.qkv_linear.wk", "self_attn.k_proj"),
        ("attention.qkv_linear.wv", "self_attn.v_proj"),
        ("attention.wo", "self_attn.o_proj"),
        ("attention.q_norm", "self_attn.q_norm"),
        ("attention.k_norm", "self_attn.k_norm"),
        ("ffn_norm", "post_attention_layernorm"),
        ("feed_forward.w1", "mlp.gate_proj"),
        ("feed_forward.w2", "mlp.down_proj"),
        ("feed_forward.w3", "mlp.up_proj"),
    ],
    buffers: &["freqs_cis", "rope.freqs", "rope.cache"],
};

const TORCHTUNE_NAMES: Names = Names {
    blocks: ["layers", "model.layers"],
    outside: &[
        ("tok_embeddings", "model.embed_tokens"),
        ("norm", "model.norm"),
        ("output", "lm_head"),
    ],
    inside: &[
        ("sa_norm", "input_layernorm"),
        ("attn.q_proj", "self_attn.q_proj"),
        ("attn.k_proj", "self_attn.k_proj"),
        ("attn.v_proj", "self_attn.v_proj"),
        ("attn.output_proj", "self_attn.o_proj"),
        ("attn.q_norm", "self_attn.q_norm"),
        ("attn.k_norm", "self_attn.k_norm"),
        ("mlp_norm", "post_attention_layernorm"),
        ("mlp.w1", "mlp.gate_proj"),
        ("mlp.w2", "mlp.down_proj"),
        ("mlp.w3", "mlp.up_proj"),
    ],
    buffers: &[],
};

/// Families whose rows of queries and keys are in pairs there, and those whose are in halves as in transformers.
const PAIRS: [&str; 2] = ["llama", "mistral"];
const HALVES: [&str; 2] = ["qwen2", "qwen3"];

fn read(found: &Found<'_>, norm: &str, names: &Names) -> Result<Option<Model>> {
    let of_block = |name: &String| name.starts_with("layers.0.") && name.contains(norm);
    let is_one = found.tensors.contains_key("tok_embeddings.weight");
    if !(is_one && found.tensors.keys().any(of_block)) {
        return Ok(None);
    }
    let config = found.config_of_transformers().or_else(|| params(found));
    let config = config.ok_or(
        "its files do not say the number of heads, by which rows of queries and keys are put in order; write the \
         `config.json` of transformers into its folder or that of its series",
    )?;
    let settings = Settings {
        of: "`config.json`",
        all: &config,
    };
    let family = settings.text("model_type");
    let in_pairs = PAIRS.contains(&family);
    if !in_pairs && !HALVES.contains(&family) {
        return Err(format!(
            "`config.json` says `model_type` = {family}; read under such names are {}, {}",
            PAIRS.join(", "),
            HALVES.join(", ")
        ));
    }
    let queries = settings.count("num_attention_heads")?;
    let keys = settings.optional_count("num_key_value_heads")?;
    let change = |named: &Named<'_>, stored: &Stored| {
        let stored = match named.to {
            "self_attn.q_proj" if in_pairs => stored.unpaired(queries)?,
            "self_attn.k_proj" if in_pairs => stored.unpaired(keys.unwrap_or(queries))?,
            _ => stored.clone(),
        };
        named.as_it_is(&stored)
    };
    let tensors = names.all(found.tensors, change)?;
    // torchtune calls the gain of a norm its scale
    let tensors = tensors.into_iter().map(|(name, stored)| {
        let gain = name.strip_suffix(".scale");
        (
            gain.map_or(name.clone(), |module| format!("{module}.weight")),
            stored,
        )
    });
    Ok(Some(Model {
        tensors: tensors.collect(),
        config: Ok(config.to_string()),
    }))
}

/// The `params.json` that Meta puts beside a model, as a config of transformers.
fn params(found: &Found<'_>) -> Option<Value> {
    let params = near::json(&found.folder.join("params.json"))?;
    let rows = |name: &str| found.tensors.get(name)?.info.shape.first().copied();
    if params
        .get("use_scaled_rope")
        .is_some_and(|scaled| *scaled == true)
    {
        return None;
    }
    let heads = params.get("n_heads")?;
    Some(json!({
        "model_type": "llama",
        "hidden_size": params.get("dim")?,
        "num_hidden_layers": params.get("n_layers")?,
        "num_attention_heads": heads,
        "num_key_value_heads": params.get("n_kv_heads").unwrap_or(heads),
        "intermediate_size": rows("layers.0.feed_forward.w1.weight")?,
        "vocab_size": rows("tok_embeddings.weight")?,
        "rms_norm_eps": params.get("norm_eps")?,
        "rope_theta": params.get("rope_theta").cloned().unwrap_or_else(|| 10_000.0.into()),
        "hidden_act": "silu",
        "tie_word_embeddings": false,
    }))
}
