use serde_json::{Map, Value, json};

use super::change::less_one;
use super::said::{Said, add};
use super::{Known, Result, any, llama};

pub(super) static GEMMA: Known = Known {
    is: any,
    name: "gemma",
    model_type: "gemma",
    blocks: "model.layers",
    modules: llama::MODULES,
    change: less_one,
    gains: true,
    config: gemma,
};

pub(super) static GEMMA2: Known = Known {
    name: "gemma2",
    model_type: "gemma2",
    modules: AROUND,
    config: gemma2,
    ..GEMMA
};

pub(super) static GEMMA3: Known = Known {
    name: "gemma3",
    model_type: "gemma3_text",
    config: gemma3,
    ..GEMMA2
};

/// With norms before and behind sublayers.
const AROUND: &[(&str, &str)] = &[
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

fn gemma(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    config.remove("hidden_act");
    config.insert("hidden_activation".into(), "gelu_pytorch_tanh".into());
    Ok(())
}

/// What Gemma 2 and 3 have beside it, as llama.cpp computes it: it knows what scores are divided by from the number
/// of layers of the largest model alone, and which layers have windows, as files do not say them.
fn windowed(
    said: &mut Said<'_>,
    config: &mut Map<String, Value>,
    largest: usize,
    period: usize,
) -> Result<()> {
    gemma(said, config)?;
    let layers = said.layers()?;
    let (width, heads) = (
        said.count("embedding_length")?,
        said.count("attention.head_count")?,
    );
    let divided_by = match layers == largest {
        true => width.checked_div(heads).unwrap_or(0),
        false => said.count_or(
            "attention.key_length",
            width.checked_div(heads).unwrap_or(0),
        )?,
    };
    let kind = |layer: usize| match (layer + 1).is_multiple_of(period) {
        true => "full_attention",
        false => "sliding_attention",
    };
    let settings = json!({
        "query_pre_attn_scalar": divided_by,
        "sliding_window": said.count("attention.sliding_window")?,
        "layer_types": (0..layers).map(kind).collect::<Vec<_>>(),
    });
    add(config, settings);
    Ok(())
}

fn gemma2(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    windowed(said, config, 46, 2)?;
    for name in ["attn_logit_softcapping", "final_logit_softcapping"] {
        let capped = said.number(name, 0.0)?;
        config.insert(name.into(), (capped > 0.0).then_some(capped).into());
    }
    Ok(())
}

fn gemma3(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    windowed(said, config, 62, 6)?;
    let capped = said.number("final_logit_softcapping", 0.0)?;
    let settings = json!({
        "final_logit_softcapping": (capped > 0.0).then_some(capped),
        // of layers with windows
        "rope_local_base_freq": said.number("rope.freq_base_swa", 10_000.0)?,
    });
    add(config, settings);
    Ok(())
}
