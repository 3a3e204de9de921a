use serde_json::{Map, Value, json};

use super::change::transpose;
use super::said::{Said, add};
use super::{Known, Result, any};

pub(super) static GPT2: Known = Known {
    is: any,
    name: "gpt2",
    model_type: "gpt2",
    blocks: "transformer.h",
    modules: MODULES,
    change: transpose,
    gains: false,
    config: gpt2,
};

const MODULES: &[(&str, &str)] = &[
    ("token_embd", "transformer.wte"),
    ("position_embd", "transformer.wpe"),
    ("output_norm", "transformer.ln_f"),
    ("output", "lm_head"),
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

fn gpt2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    let settings = json!({
        "n_embd": said.count("embedding_length")?,
        "n_inner": said.count("feed_forward_length")?,
        "n_layer": said.count("block_count")?,
        "n_head": said.count("attention.head_count")?,
        "n_positions": said.count("context_length")?,
        "layer_norm_epsilon": said.number("attention.layer_norm_epsilon", 1e-5)?,
        "activation_function": "gelu_new",
    });
    add(config, settings);
    Ok(())
}
