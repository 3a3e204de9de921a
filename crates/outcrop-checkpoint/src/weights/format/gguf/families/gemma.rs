use serde_json::{Map, Value};

use super::change::less_one;
use super::said::Said;
use super::{Known, Result};

pub(super) static GEMMA2: Known = Known {
    name: "gemma2",
    model_type: "gemma2",
    blocks: "model.layers",
    modules: MODULES,
    change: less_one,
    gains: true,
    config: gemma,
};

pub(super) static GEMMA3: Known = Known {
    name: "gemma3",
    model_type: "gemma3_text",
    ..GEMMA2
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
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_norm", "pre_feedforward_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];

/// Left to its `config.json`: files of llama.cpp leave out what scores are divided by and which layers have windows.
fn gemma(said: &mut Said<'_>, _: &mut Map<String, Value>) -> Result<()> {
    Err(format!(
        "files of llama.cpp do not say `query_pre_attn_scalar`, nor which layers of {} have windows",
        said.known.model_type
    ))
}
