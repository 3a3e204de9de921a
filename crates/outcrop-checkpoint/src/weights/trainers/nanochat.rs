//! nanochat: `model_000100.pt` with a `meta_000100.json` beside it that has its settings.

use std::path::Path;

use serde_json::{Value, json};

use super::super::stored::Stored;
use super::{Found, Model, Named, Names, Result, Settings, Trainer};
use crate::near;

/// Its model of 2025, which is transformers' type `nanochat`. Since January 2026 it has more tensors, and computes
/// something else with those that it had.
pub(super) static NANOCHAT: Trainer = Trainer {
    name: "nanochat",
    read,
};

const NAMES: Names = Names {
    blocks: ["transformer.h", "model.layers"],
    outside: &[
        ("transformer.wte", "model.embed_tokens"),
        ("lm_head", "lm_head"),
    ],
    inside: &[
        ("attn.c_q", "self_attn.q_proj"),
        ("attn.c_k", "self_attn.k_proj"),
        ("attn.c_v", "self_attn.v_proj"),
        ("attn.c_proj", "self_attn.o_proj"),
        ("mlp.c_fc", "mlp.fc1"),
        ("mlp.c_proj", "mlp.fc2"),
    ],
    buffers: &[],
};

/// What its settings are called; others would compute something else.
const KNOWN: [&str; 7] = [
    "sequence_len",
    "vocab_size",
    "n_layer",
    "n_head",
    "n_kv_head",
    "n_embd",
    "window_pattern",
];

/// The settings that are written beside the weights in `file`.
pub(super) fn meta(file: &Path) -> Option<Value> {
    let name = file.file_stem()?.to_str()?;
    let number = name.strip_prefix("model_")?;
    near::json(&file.with_file_name(format!("meta_{number}.json")))
}

fn read(found: &Found<'_>) -> Result<Option<Model>> {
    if !found
        .tensors
        .contains_key("transformer.h.0.attn.c_q.weight")
    {
        return Ok(None);
    }
    if let Some(name) = found.tensors.keys().find(|name| !is_of_2025(name)) {
        return Ok(Some(Model {
            tensors: found.tensors.clone(),
            config: Err(format!(
                "tensor `{name}` is of nanochat since January 2026, whose model changes from release to release and \
                 is not read; that of 2025 is, as transformers' type `nanochat`"
            )),
        }));
    }
    let meta = meta(found.file);
    let settings = meta.as_ref().and_then(|meta| meta.get("model_config"));
    let settings = settings.map(|all| Settings {
        of: "`model_config`",
        all,
    });
    model(found, settings.as_ref()).map(Some)
}

fn is_of_2025(name: &str) -> bool {
    let module = name.strip_suffix(".weight").unwrap_or_default();
    let in_block = module
        .strip_prefix("transformer.h.")
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(_, module)| NAMES.inside.iter().any(|(known, _)| *known == module));
    in_block || NAMES.outside.iter().any(|(known, _)| *known == module)
}

fn model(found: &Found<'_>, settings: Option<&Settings<'_>>) -> Result<Model> {
    let vocab = settings.map(|said| said.count("vocab_size")).transpose()?;
    // words are padded to a multiple of 64, which its loss leaves out
    let change = |named: &Named<'_>, stored: &Stored| {
        let rows = stored.info.shape.first().copied();
        match rows.zip(vocab).filter(|_| !named.in_block) {
            Some((rows, vocab)) if rows > vocab => {
                named.as_it_is(&stored.cut(1, &[vocab, rows - vocab], 0)?)
            }
            _ => named.as_it_is(stored),
        }
    };
    let missing = "nanochat writes its settings into `meta_NNNNNN.json`, under `model_config`, beside \
                   `model_NNNNNN.pt`; copy it there";
    Ok(Model {
        tensors: NAMES.all(found.tensors, change)?,
        config: settings.map_or(Err(missing.into()), |settings| config(found, settings)),
    })
}

fn config(found: &Found<'_>, settings: &Settings<'_>) -> Result<String> {
    let given = settings.all.as_object().into_iter().flatten();
    for (name, value) in given {
        if !KNOWN.contains(&name.as_str()) {
            return Err(format!(
                "`model_config` says `{name}` = {value}, which is not known, and may change what the model computes"
            ));
        }
    }
    settings.only(
        "window_pattern",
        |value| value == "L",
        "\"L\", without windows",
    )?;
    let inner = found.tensors.get("transformer.h.0.mlp.c_fc.weight");
    let inner = inner.and_then(|stored| stored.info.shape.first());
    let heads = settings.count("n_head")?;
    let config = json!({
        "model_type": "nanochat",
        "vocab_size": settings.count("vocab_size")?,
        "hidden_size": settings.count("n_embd")?,
        "intermediate_size": inner.ok_or("tensor `transformer.h.0.mlp.c_fc.weight` is missing")?,
        "num_hidden_layers": settings.count("n_layer")?,
        "num_attention_heads": heads,
        "num_key_value_heads": settings.optional_count("n_kv_head")?.unwrap_or(heads),
        "max_position_embeddings": settings.count("sequence_len")?,
        "hidden_act": "relu2",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "final_logit_softcapping": 15.0,
        "attention_bias": false,
        "tie_word_embeddings": false,
    });
    Ok(config.to_string())
}
