//! litgpt: `lit_model.pth` and `model_config.yaml`.

use serde_json::{Value, json};

use super::super::stored::Stored;
use super::{Found, Model, Named, Names, Result, Settings, Trainer, is_off, yaml};

pub(super) static LITGPT: Trainer = Trainer {
    name: "litgpt",
    read,
};

const CONFIG: &str = "model_config.yaml";
/// The longest config that is read.
const LONGEST: u64 = 1 << 20;

/// Everything under the names of Outcrop, whose layout holds every architecture.
const NAMES: Names = Names {
    blocks: ["transformer.h", "gpt_neox.layers"],
    outside: &[
        ("transformer.wte", "gpt_neox.embed_in"),
        ("transformer.ln_f", "gpt_neox.final_layer_norm"),
        ("lm_head", "embed_out"),
    ],
    inside: &[
        ("norm_1", "input_layernorm"),
        ("attn.qkv", "attention.query_key_value"),
        ("attn.attn", "attention.query_key_value"),
        ("attn.proj", "attention.dense"),
        ("attn.norm_q", "attention.query_layernorm"),
        ("attn.norm_k", "attention.key_layernorm"),
        ("norm_2", "post_attention_layernorm"),
        ("mlp.fc", "mlp.dense_h_to_4h"),
        ("mlp.fc_1", "mlp.dense_h_to_4h"),
        ("mlp.fc_2", "mlp.dense_h_to_4h"),
        ("mlp.proj", "mlp.dense_4h_to_h"),
    ],
    buffers: &[],
};

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    let is_one = |name: &String| name.starts_with("transformer.h.") && name.contains(".norm_1.");
    let path = found.folder.join(CONFIG);
    if !found.tensors.keys().any(is_one) {
        return Ok(None);
    }
    let small = std::fs::metadata(&path).is_ok_and(|of| of.len() <= LONGEST);
    let text = small.then(|| std::fs::read_to_string(&path).ok()).flatten();
    let text = text.ok_or_else(|| {
        format!("its `{CONFIG}` is missing, which says how it is laid out; copy it there")
    })?;
    let all = yaml::settings(&text);
    let settings = Settings {
        of: CONFIG,
        all: &all,
    };
    let heads = Heads::of(&settings)?;
    let mut tensors = NAMES.all(found.tensors, |named, stored| heads.change(named, stored))?;
    join_gates(&mut tensors, found)?;
    Ok(Some(Model {
        tensors,
        config: config(&settings, &heads),
    }))
}

struct Heads {
    queries: usize,
    keys: usize,
    width: usize,
}

impl Heads {
    fn of(settings: &Settings<'_>) -> Result<Self> {
        let queries = settings.count("n_head")?;
        let d_model = settings.count("n_embd")?;
        let width = settings.optional_count("head_size")?;
        Ok(Self {
            queries,
            keys: settings
                .optional_count("n_query_groups")?
                .unwrap_or(queries),
            width: width.unwrap_or(d_model.checked_div(queries).unwrap_or(0)),
        })
    }

    fn change(&self, named: &Named<'_>, stored: &Stored) -> Result<Vec<(String, Stored)>> {
        match named.from {
            // one after another; older versions have them by groups of heads, as Outcrop does
            "attn.qkv" => named.as_it_is(&self.by_group(stored)?),
            // joined afterwards
            "mlp.fc_1" | "mlp.fc_2" => Ok(Vec::new()),
            _ => named.as_it_is(stored),
        }
    }

    /// The queries of each group, its keys and its values.
    fn by_group(&self, stored: &Stored) -> Result<Stored> {
        let rows = |heads: usize| heads.checked_mul(self.width).ok_or("has too many rows");
        let sizes = [rows(self.queries)?, rows(self.keys)?, rows(self.keys)?];
        let mut pieces = Vec::new();
        for group in 0..self
            .keys
            .min(stored.info.shape.first().copied().unwrap_or(0))
        {
            for (which, size) in sizes.into_iter().enumerate() {
                let piece = stored.cut(1, &sizes, which)?;
                let each = size / self.keys;
                let cut = [group * each, each, size - (group + 1) * each];
                pieces.push(piece.cut(1, &cut, 1)?);
            }
        }
        Stored::joined(&pieces, 0)
    }
}

/// Puts gates above what they gate.
fn join_gates(tensors: &mut super::Tensors, found: &Found<'_>) -> Result<()> {
    for (name, gate) in found.tensors {
        let Some((block, part)) = name.split_once(".mlp.fc_1.") else {
            continue;
        };
        let other = format!("{block}.mlp.fc_2.{part}");
        let up = found
            .tensors
            .get(&other)
            .ok_or_else(|| format!("tensor `{other}` is missing"))?;
        let both = Stored::joined(&[gate.clone(), up.clone()], 0);
        let both = both.map_err(|reason| format!("tensor `{name}` {reason}"))?;
        let block = block.replacen("transformer.h", "gpt_neox.layers", 1);
        tensors.insert(format!("{block}.mlp.dense_h_to_4h.{part}"), both);
    }
    Ok(())
}

/// Settings that compute something else where they are switched on.
const OFF: [&str; 22] = [
    "attention_logit_softcapping",
    "attention_scores_scalar",
    "attn_bias",
    "final_logit_softcapping",
    "first_k_dense_replace",
    "latent_attention",
    "lm_head_bias",
    "n_expert",
    "n_expert_per_token",
    "norm_topk_prob",
    "post_attention_norm",
    "post_mlp_norm",
    "rope_adjustments",
    "rope_indices",
    "rope_interleave",
    "rope_local_base_freq",
    "scale_embeddings",
    "shared_attention_norm",
    "sliding_window_indices",
    "sliding_window_size",
    "n_shared_expert",
    "moe_intermediate_size",
];

fn config(settings: &Settings<'_>, heads: &Heads) -> Result<String> {
    for name in OFF {
        settings.only(name, is_off, "what does not use it")?;
    }
    settings.only("rope_condense_ratio", |value| *value == 1, "1")?;
    settings.only("norm_qk_type", |value| value == "default", "`default`")?;
    for norm in ["norm_1", "norm_2"] {
        settings.only(norm, |value| *value == true, "true")?;
    }
    let tanh = settings.text("gelu_approximate") == "tanh";
    let activation = match settings.text("mlp_class_name") {
        "LLaMAMLP" => "swiglu",
        "GptNeoxMLP" if tanh => "gelu-tanh",
        "GptNeoxMLP" => "gelu",
        other => {
            return Err(format!(
                "{CONFIG} says `mlp_class_name` = {other}; read are GptNeoxMLP and LLaMAMLP"
            ));
        }
    };
    let norm = match settings.text("norm_class_name") {
        "LayerNorm" => "layer-norm",
        "RMSNorm" => "rms-norm",
        other => {
            return Err(format!(
                "{CONFIG} says `norm_class_name` = {other}; read are LayerNorm and RMSNorm"
            ));
        }
    };
    let fraction = settings.number("rotary_percentage", 0.25)?;
    let d_model = settings.count("n_embd")?;
    let mut arch = json!({
        "layers": settings.count("n_layer")?,
        "d_model": d_model,
        "heads": heads.queries,
        "kv_heads": heads.keys,
        "d_ff": settings.optional_count("intermediate_size")?.unwrap_or(d_model.saturating_mul(4)),
        "vocab": settings.count("padded_vocab_size")?,
        "context": settings.count("block_size")?,
        "norm": norm,
        "norm_eps": settings.number("norm_eps", 1e-5)?,
        "residual": if settings.flag("parallel_residual", true)? { "parallel" } else { "sequential" },
        "position": { "kind": "rotary", "fraction": fraction, "base": settings.number("rope_base", 10_000.0)? },
        "activation": activation,
        "bias": settings.flag("bias", true)?,
        "qk_norm": settings.flag("norm_qk", false)?,
        "tied": false,
    });
    if Some(heads.width) != d_model.checked_div(heads.queries) {
        arch["head_dim"] = Value::from(heads.width);
    }
    Ok(json!({ "model_type": "outcrop", "arch": arch }).to_string())
}
