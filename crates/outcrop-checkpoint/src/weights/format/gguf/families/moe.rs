//! Mixtures of experts, which are all in one tensor there.

use serde_json::{Map, Value, json};

use super::change::{Heads, as_it_is};
use super::said::{Said, add};
use super::{Known, Result, any, has_experts, llama, qwen};
use crate::weights::stored::Stored;

pub(super) static QWEN2_MOE: Known = Known {
    is: any,
    name: "qwen2moe",
    model_type: "qwen2_moe",
    modules: MODULES,
    change: with_shared_score,
    config: |said, config| {
        let shared = said.count("expert_shared_feed_forward_length")?;
        config.insert("shared_expert_intermediate_size".into(), shared.into());
        config.insert("qkv_bias".into(), said.has("blk.0.attn_q.bias").into());
        sparse(said, config, false)
    },
    ..llama::LLAMA
};

pub(super) static QWEN3_MOE: Known = Known {
    name: "qwen3moe",
    model_type: "qwen3_moe",
    config: |said, config| sparse(said, config, true),
    ..QWEN2_MOE
};

pub(super) static OLMOE: Known = Known {
    name: "olmoe",
    model_type: "olmoe",
    change: as_it_is,
    config: olmoe,
    ..QWEN2_MOE
};

/// Llama with experts in all layers.
pub(super) static MIXTRAL: Known = Known {
    is: has_experts,
    model_type: "mixtral",
    modules: OF_MIXTRAL,
    config: mixtral,
    ..llama::LLAMA
};

const OF_MIXTRAL: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate_inp", "block_sparse_moe.gate"),
    ("ffn_gate_exps", "block_sparse_moe.experts.{}.w1"),
    ("ffn_down_exps", "block_sparse_moe.experts.{}.w2"),
    ("ffn_up_exps", "block_sparse_moe.experts.{}.w3"),
];

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
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate_inp", "mlp.gate"),
    ("ffn_gate_exps", "mlp.experts.{}.gate_proj"),
    ("ffn_up_exps", "mlp.experts.{}.up_proj"),
    ("ffn_down_exps", "mlp.experts.{}.down_proj"),
    ("ffn_gate_inp_shexp", "mlp.shared_expert_gate"),
    ("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
    ("ffn_up_shexp", "mlp.shared_expert.up_proj"),
    ("ffn_down_shexp", "mlp.shared_expert.down_proj"),
];

/// What weighs the expert that all tokens pass, which is a matrix of one row in transformers.
fn with_shared_score(_: &Heads, module: &str, stored: Stored) -> Result<Stored> {
    match (module, &stored.info.shape[..]) {
        ("mlp.shared_expert_gate", [width]) => stored.reshaped(vec![1, *width]),
        _ => Ok(stored),
    }
}

/// llama.cpp knows by the family whether the weights of the chosen experts add up to 1.
fn sparse(said: &mut Said<'_>, config: &mut Map<String, Value>, normalised: bool) -> Result<()> {
    qwen::qwen(said, config)?;
    let settings = json!({
        "num_experts": said.count("expert_count")?,
        "num_experts_per_tok": said.count("expert_used_count")?,
        "moe_intermediate_size": said.count("expert_feed_forward_length")?,
        "norm_topk_prob": normalised,
        "decoder_sparse_step": 1,
    });
    add(config, settings);
    Ok(())
}

fn mixtral(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    let settings = json!({
        "num_local_experts": said.count("expert_count")?,
        "num_experts_per_tok": said.count("expert_used_count")?,
        "sliding_window": null,
    });
    add(config, settings);
    Ok(())
}

fn olmoe(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    config.remove("head_dim");
    let clipped = said.number("attention.clamp_kqv", 0.0)?;
    let settings = json!({
        "num_experts": said.count("expert_count")?,
        "num_experts_per_tok": said.count("expert_used_count")?,
        "norm_topk_prob": false,
        "clip_qkv": (clipped > 0.0).then_some(clipped),
    });
    add(config, settings);
    Ok(())
}
