//! Relatives of Llama that differ in one setting.

use serde_json::{Map, Value};

use super::change::as_it_is;
use super::said::Said;
use super::{Known, Result, llama};

pub(super) static ARCEE: Known = Known {
    name: "arcee",
    model_type: "arcee",
    config: |said, config| {
        llama::llama(said, config)?;
        config.insert("hidden_act".into(), "relu2".into());
        Ok(())
    },
    ..llama::LLAMA
};

/// llama.cpp leaves out positions of every fourth layer, whatever the model's setting.
pub(super) static SMOLLM3: Known = Known {
    name: "smollm3",
    model_type: "smollm3",
    config: |said, config| {
        llama::llama(said, config)?;
        config.insert("no_rope_layer_interval".into(), 4.into());
        Ok(())
    },
    ..llama::LLAMA
};

/// Rotates neighbouring channels in transformers too.
pub(super) static ERNIE4_5: Known = Known {
    name: "ernie4_5",
    model_type: "ernie4_5",
    change: as_it_is,
    config: |said, config| {
        llama::grouped(said, config)?;
        let biases = said.has("blk.0.ffn_up.bias");
        config.insert("use_bias".into(), biases.into());
        Ok(())
    },
    ..llama::LLAMA
};

pub(super) static SEED_OSS: Known = Known {
    name: "seed_oss",
    model_type: "seed_oss",
    modules: WITH_POST_NORM,
    change: as_it_is,
    config: seed_oss,
    ..llama::LLAMA
};

const WITH_POST_NORM: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

fn seed_oss(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::llama(said, config)?;
    let output = said.has("blk.0.attn_output.bias");
    config.insert("attention_out_bias".into(), output.into());
    Ok(())
}
