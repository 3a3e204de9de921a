use serde_json::{Map, Value, json};

use super::settings::{harmless, name};
use super::{Config, Family, Layout, Setting, fused, module, window};
use crate::TensorRole as R;
use crate::{
    Activation, Alibi, AlibiOrder, ArchSpec, Bias, Norm, Position, Residual, Result, Scale,
};

const LAYERS: &str = "n_layers";
const WIDTH: &str = "d_model";
const HEADS: &str = "n_heads";
const CONTEXT: &str = "max_seq_len";
const EPS: &str = "layer_norm_epsilon";
const NORM: &str = "norm_type";
const ATTENTION: &str = "attn_config";
const CLIP: &str = "attn_config.clip_qkv";
const SCALE: &str = "attn_config.softmax_scale";

/// MPT: linear biases, LayerNorm without shift, no biases.
pub static MPT: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "MPT",
        model_type: "mpt",
        classes: &["MptForCausalLM", "MptModel", "MPTForCausalLM"],
        settings: Some(&[&[
            Read(LAYERS),
            Read(WIDTH),
            Read(HEADS),
            Read(CONTEXT),
            Read(EPS),
            Read(ATTENTION),
            Read(NORM),
            Fixed("expansion_ratio", "4"),
            Fixed("logit_scale", "null"),
            Fixed("no_bias", "true"),
            Harmless("emb_pdrop"),
            Harmless("embedding_fraction"),
            Harmless("init_config"),
            Harmless("init_device"),
            Harmless("learned_pos_emb"),
            Harmless("resid_pdrop"),
            Harmless("tokenizer_name"),
            Harmless("verbose"),
        ]]),
        read: Some(read_config),
        write: Some(write_config),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

static LAYOUT: Layout = Layout {
    body: "transformer.",
    start: &[module("wte", &[R::TokenEmbedding])],
    blocks: "blocks",
    block: &[
        module("norm_1", &[R::AttentionNorm]),
        fused("attn.Wqkv"),
        module("attn.out_proj", &[R::AttentionOutput]),
        module("norm_2", &[R::MlpNorm]),
        module("ffn.up_proj", &[R::MlpUp]),
        module("ffn.down_proj", &[R::MlpDown]),
    ],
    end: &[module("norm_f", &[R::FinalNorm])],
    reference: 2048,
    ..Layout::NONE
};

/// What transformers does not read of attention, with the value that is as if it did; null is nothing.
fn unread() -> [(&'static str, Value); 6] {
    [
        ("alibi_bias_max", json!(8)),
        ("alibi", json!(true)),
        ("attn_type", json!("multihead_attention")),
        ("attn_uses_sequence_id", json!(false)),
        ("prefix_lm", json!(false)),
        ("qk_ln", json!(false)),
    ]
}

/// Settings of attention that are read or do not change what is computed.
const KNOWN: [&str; 5] = [
    "attn_impl",
    "attn_pdrop",
    "clip_qkv",
    "model_type",
    "softmax_scale",
];

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let count = |name: &str| config.count(name);
    attention(config)?;
    let norm = config.get(NORM).filter(|norm| {
        !["layernorm", "low_precision_layernorm"].contains(&norm.as_str().unwrap_or_default())
    });
    if let Some(norm) = norm {
        return Err(config.unsupported(NORM, norm, "layernorm, low_precision_layernorm"));
    }
    let arch = ArchSpec {
        vocab: count(name::VOCAB)?,
        context: count(CONTEXT)?,
        norm: Norm::LayerNormGain,
        norm_eps: config.number(EPS)?.unwrap_or(1e-5),
        residual: Residual::Sequential,
        position: Position::Alibi,
        alibi: Alibi {
            order: AlibiOrder::Mpt,
            ..Alibi::default()
        },
        activation: Activation::Gelu,
        tied: config.flag(name::TIED, true)?,
        bias: Bias::None,
        // 0 is none
        clip_qkv: config.optional_number(CLIP)?.filter(|limit| *limit != 0.0),
        scale: Scale {
            attention: config.optional_number(SCALE)?,
            ..Scale::default()
        },
        ..ArchSpec::new(count(LAYERS)?, count(WIDTH)?, count(HEADS)?)
    };
    Ok(ArchSpec {
        window: window::none(config, arch.layers)?,
        ..arch
    })
}

/// Refuses what transformers passes over although the model was trained with it.
fn attention(config: &Config<'_>) -> Result<()> {
    let settings: Option<&Map<String, Value>> = match config.get(ATTENTION) {
        None => None,
        Some(Value::Object(settings)) => Some(settings),
        Some(_) => return Err(config.mistyped(ATTENTION, "an object")),
    };
    for (name, value) in settings.into_iter().flatten().filter(|(_, v)| !v.is_null()) {
        let path = format!("{ATTENTION}.{name}");
        match unread().into_iter().find(|(known, _)| known == name) {
            Some((_, only)) if only != *value => {
                return Err(config.unsupported(&path, value, only));
            }
            None if !KNOWN.contains(&name.as_str()) && !harmless(name, value) => {
                return Err(config.unknown(&path, value, None));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn write_config(arch: &ArchSpec) -> Value {
    json!({ ATTENTION: { "alibi": true, "clip_qkv": arch.clip_qkv, "softmax_scale": arch.scale.attention } })
}
