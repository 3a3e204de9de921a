use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, llama};

/// Norms without gains; rows of queries and keys in pairs, as for Llama.
pub(super) static OLMO: Known = Known {
    name: "olmo",
    model_type: "olmo",
    config: olmo,
    ..llama::LLAMA
};

/// OLMo 2, and OLMo 3, whose files say a window.
pub(super) static OLMO2: Known = Known {
    name: "olmo2",
    model_type: "olmo2",
    modules: AFTER,
    change: as_it_is,
    config: olmo2,
    ..llama::LLAMA
};

/// With norms behind sublayers.
pub(super) const AFTER: &[(&str, &str)] = &[
    ("token_embd", "model.embed_tokens"),
    ("output_norm", "model.norm"),
    ("output", "lm_head"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("post_attention_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("post_ffw_norm", "post_feedforward_layernorm"),
];

fn olmo(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    config.remove("rms_norm_eps");
    config.remove("head_dim");
    let epsilon = said.number("attention.layer_norm_epsilon", 1e-5)?;
    if epsilon != 1e-5 {
        return Err(format!(
            "`olmo.attention.layer_norm_epsilon` = {epsilon}; OLMo computes with 0.00001"
        ));
    }
    let clipped = said.number("attention.clamp_kqv", 0.0)?;
    config.insert("clip_qkv".into(), (clipped > 0.0).then_some(clipped).into());
    Ok(())
}

fn olmo2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    config.remove("head_dim");
    let window = said.optional_count("attention.sliding_window")?;
    let Some(window) = window.filter(|window| *window > 0) else {
        return Ok(());
    };
    let base = said.number("rope.freq_base", 10_000.0)?;
    let of_windows = said.number("rope.freq_base_swa", base)?;
    if of_windows != base {
        return Err(format!(
            "`olmo2.rope.freq_base_swa` = {of_windows}; OLMo 3 rotates by {base} in layers with windows too"
        ));
    }
    let layers = said.layers()?;
    let settings = json!({
        "model_type": "olmo3",
        "sliding_window": window,
        "layer_types": said.layer_types("attention.sliding_window_pattern", layers)?,
    });
    add(config, settings);
    Ok(())
}
