//! Megatron-LM: `args` beside `model`, with the names of megatron-core's `GPTModel`; in `torch_dist` the arguments
//! are in `common.pt`, and a tensor may have all layers.

use serde_json::{Value, json};

use super::super::stored::Stored;
use super::{Found, Model, Names, Result, Settings, Tensors, Trainer, is_off};

pub(super) static MEGATRON: Trainer = Trainer {
    name: "Megatron-LM",
    read,
};

/// Before the blocks.
const LAYERS: &str = "decoder.layers.";

/// Queries, keys and values are by groups of heads there as in Outcrop, and gates above what they gate.
const NAMES: Names = Names {
    blocks: ["decoder.layers", "gpt_neox.layers"],
    outside: &[
        ("embedding.word_embeddings", "gpt_neox.embed_in"),
        ("embedding.position_embeddings", "gpt_neox.embed_positions"),
        ("decoder.final_layernorm", "gpt_neox.final_layer_norm"),
        ("output_layer", "embed_out"),
    ],
    inside: &[
        ("input_layernorm", "input_layernorm"),
        // norms that are fused with the projection behind them
        ("self_attention.linear_qkv.layer_norm", "input_layernorm"),
        ("self_attention.linear_qkv", "attention.query_key_value"),
        ("self_attention.linear_proj", "attention.dense"),
        ("self_attention.q_layernorm", "attention.query_layernorm"),
        ("self_attention.k_layernorm", "attention.key_layernorm"),
        ("pre_mlp_layernorm", "post_attention_layernorm"),
        ("mlp.linear_fc1.layer_norm", "post_attention_layernorm"),
        ("mlp.linear_fc1", "mlp.dense_h_to_4h"),
        ("mlp.linear_fc2", "mlp.dense_4h_to_h"),
    ],
    buffers: &["._extra_state", "rotary_pos_emb.inv_freq"],
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let is_one =
        |name: &String| name.starts_with(LAYERS) && name.contains("self_attention.linear_qkv.");
    if !found.tensors.keys().any(is_one) {
        return Ok(None);
    }
    let mut all = Tensors::new();
    for (name, stored) in found.tensors {
        match of_all_layers(name) {
            None => drop(all.insert(name.clone(), stored.clone())),
            Some(part) => by_layer(part, stored, &mut all)
                .map_err(|reason| format!("tensor `{name}` {reason}"))?,
        }
    }
    // `linear_qkv.layer_norm_weight` is the weight of a norm
    let split = |name: &str| name.replace(".layer_norm_", ".layer_norm.");
    let tensors = all
        .into_iter()
        .map(|(name, stored)| (split(&name), stored))
        .collect();
    let tensors = NAMES.all(&tensors, |named, stored| named.as_it_is(stored))?;
    let none = Value::Null;
    let settings = Settings {
        of: "`args`",
        all: found.said.get("args").unwrap_or(&none),
    };
    Ok(Some(Model {
        config: config(&settings, &tensors),
        tensors,
    }))
}

/// What a tensor of all layers together is of each, as `torch_dist` has it: a layer a row of its first dimension.
fn of_all_layers(name: &str) -> Option<&str> {
    let part = name.strip_prefix(LAYERS)?;
    let number = part.split('.').next().unwrap_or_default();
    let of_one = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (!of_one && !NAMES.is_buffer(name)).then_some(part)
}

fn by_layer(part: &str, stored: &Stored, all: &mut Tensors) -> Result<()> {
    let (layers, shape) = match stored.info.shape.split_first() {
        Some((layers, shape)) if !stored.info.shape.contains(&0) => (*layers, shape.to_vec()),
        _ => return Err("has no layers in its first dimension".into()),
    };
    for layer in 0..layers {
        let before_and_after = [layer, 1, layers - layer - 1];
        let one = stored
            .cut(1, &before_and_after, 1)?
            .reshaped(shape.clone())?;
        all.insert(format!("{LAYERS}{layer}.{part}"), one);
    }
    Ok(())
}

fn config(args: &Settings<'_>, tensors: &Tensors) -> Result<String> {
    for name in [
        "num_experts",
        "multi_latent_attention",
        "window_size",
        "apply_residual_connection_post_layernorm",
    ] {
        args.only(name, is_off, "what does not use it")?;
    }
    args.only("rotary_interleaved", is_off, "false")?;
    args.only("use_rope_scaling", is_off, "false")?;
    args.only("apply_layernorm_1p", is_off, "false")?;
    let heads = args.count("num_attention_heads")?;
    let d_model = args.count("hidden_size")?;
    let swiglu = args.flag("swiglu", false)?;
    let activation = match (swiglu, args.flag("squared_relu", false)?) {
        (true, _) => "swiglu",
        (false, true) => "relu2",
        // the fused kernel of bias and GELU, which is its default, computes tanh
        (false, false) if args.flag("bias_gelu_fusion", true)? => "gelu-tanh",
        (false, false) => "gelu",
    };
    let grouped = args.flag("group_query_attention", false)?;
    let kv_heads = match args.optional_count("num_query_groups")?.filter(|_| grouped) {
        Some(groups) => groups,
        None => heads,
    };
    let position = match args.text("position_embedding_type") {
        "rope" => json!({
            "kind": "rotary",
            "fraction": args.number("rotary_percent", 1.0)?,
            "base": args.number("rotary_base", 10_000.0)?,
        }),
        "none" => json!({ "kind": "none" }),
        _ => json!({ "kind": "learned" }),
    };
    let biases = args.flag("add_bias_linear", true)?;
    let bias = match (biases, args.flag("add_qkv_bias", false)?) {
        (false, true) => json!("qkv"),
        (all, _) => json!(all),
    };
    let embedding = tensors
        .get("gpt_neox.embed_in.weight")
        .and_then(|stored| stored.info.shape.first());
    let norm = match args.text("normalization") {
        "RMSNorm" => "rms-norm",
        _ => "layer-norm",
    };
    let mut arch = json!({
        "layers": args.count("num_layers")?,
        "d_model": d_model,
        "heads": heads,
        "kv_heads": kv_heads,
        "d_ff": args.optional_count("ffn_hidden_size")?.unwrap_or(d_model.saturating_mul(4)),
        "vocab": embedding.ok_or("tensor `embedding.word_embeddings.weight` is missing")?,
        "context": args.count("max_position_embeddings")?,
        "norm": norm,
        "norm_eps": args.number("norm_epsilon", args.number("layernorm_epsilon", 1e-5)?)?,
        "residual": "sequential",
        "position": position,
        "activation": activation,
        "bias": bias,
        "qk_norm": args.flag("qk_layernorm", false)?,
        "tied": !args.flag("untie_embeddings_and_output_weights", false)?,
    });
    let width = args.optional_count("kv_channels")?;
    if let Some(width) = width.filter(|width| Some(*width) != d_model.checked_div(heads)) {
        arch["head_dim"] = width.into();
    }
    Ok(json!({ "model_type": "outcrop", "arch": arch }).to_string())
}
