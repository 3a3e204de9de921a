use serde_json::{Map, Value, json};

use super::change::by_head;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static BLOOM: Known = Known {
    is: any,
    name: "bloom",
    model_type: "bloom",
    blocks: "transformer.h",
    modules: MODULES,
    change: |heads, module, stored| {
        by_head("self_attention.query_key_value", heads, module, stored)
    },
    gains: false,
    config: bloom,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "transformer.word_embeddings"),
    ("token_embd_norm", "transformer.word_embeddings_layernorm"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_qkv", "self_attention.query_key_value"),
    ("attn_output", "self_attention.dense"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_up", "mlp.dense_h_to_4h"),
    ("ffn_down", "mlp.dense_4h_to_h"),
];

fn bloom(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let width = said.count("embedding_length")?;
    let heads = said.count("attention.head_count")?;
    let keys = said.count_or("attention.head_count_kv", heads)?;
    let inner = said.count_or("feed_forward_length", width.saturating_mul(4))?;
    if keys != heads || Some(inner) != width.checked_mul(4) {
        return Err(format!(
            "it has {keys} key-value heads of {heads}, and an MLP of {inner} channels; BLOOM has as many, and four \
             times the {width} of its width"
        ));
    }
    let settings = json!({
        "hidden_size": width,
        "n_layer": said.count("block_count")?,
        "n_head": heads,
        "seq_length": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        // its unembedding is a copy
        "tie_word_embeddings": true,
    });
    add(config, settings);
    Ok(())
}
