use serde_json::{Map, Value, json};

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT as LLAMA_LAYOUT, biases, unrotated};
use super::settings::{SHAPE, name};
use super::{Config, Family, Layout, Setting, module, read, rope, window, write};
use crate::TensorRole as R;
use crate::{ArchSpec, Position, QkNorm, Result};

const ALPHA: &str = "alpha";
/// What stands beside alpha and is not read.
const BESIDE: [&str; 8] = [
    "factor",
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "rope_type",
    "type",
    name::ORIGINAL_CONTEXT,
];

/// Hunyuan, dense: Llama with norms of queries and keys after they are rotated, and a base that a factor stretches.
pub static HUNYUAN_V1_DENSE: Family = {
    use Setting::{Fixed, Harmless, Read};
    Family {
        name: "Hunyuan",
        model_type: "hunyuan_v1_dense",
        classes: &["HunYuanDenseV1ForCausalLM", "HunYuanDenseV1Model"],
        settings: Some(&[
            SHAPE,
            GROUPED,
            &[
                Read(name::ATTENTION_BIAS),
                Fixed(name::MLP_BIAS, "false"),
                Fixed("use_cla", "false"),
                Fixed("use_qk_norm", "true"),
                Fixed("use_rotary_pos_emb", "true"),
                Harmless("attention_head_dim"),
                Harmless("cla_share_factor"),
                Harmless("eod_token_id"),
                Harmless("im_end_id"),
                Harmless("im_newline_id"),
                Harmless("im_start_id"),
                Harmless("mask_init_id"),
                Harmless("org_vocab_size"),
                Harmless("pad_id"),
                Harmless("text_end_id"),
                Harmless("text_start_id"),
            ],
        ]),
        read: Some(read_config),
        write: Some(write::rope),
        layout: Some(&LAYOUT),
        ..Family::NONE
    }
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

static LAYOUT: Layout = Layout {
    block: &[
        module("self_attn.q_proj", &[R::Query]),
        module("self_attn.k_proj", &[R::Key]),
        module("self_attn.v_proj", &[R::Value]),
        module("self_attn.o_proj", &[R::AttentionOutput]),
        module("self_attn.query_layernorm", &[R::QueryNorm]),
        module("self_attn.key_layernorm", &[R::KeyNorm]),
        module("mlp.gate_proj", &[R::MlpGate]),
        module("mlp.up_proj", &[R::MlpUp]),
        module("mlp.down_proj", &[R::MlpDown]),
        module("input_layernorm", &[R::AttentionNorm]),
        module("post_attention_layernorm", &[R::MlpNorm]),
    ],
    ..LLAMA_LAYOUT
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let arch = unrotated(config, &OWN, biases(config)?)?;
    let arch = arch.with_head_dim(read::head_dim(config, None)?);
    let arch = ArchSpec {
        qk_norm: QkNorm::AfterRotation,
        window: window::none(config, arch.layers)?,
        ..arch
    };
    let Some((table, alpha)) = alpha(config)? else {
        return rope::read(config, &OWN.rope(), arch);
    };
    let arch = rope::read(
        &config.with(table, plain(config, table)?),
        &OWN.rope(),
        arch,
    )?;
    let dims = arch.rotary_dims() as f64;
    let stretched = |base: f64| base * alpha.powf(dims / (dims - 2.0));
    let position = arch.position.rotary().map(|rotary| Position::Rotary {
        fraction: rotary.fraction,
        base: stretched(rotary.base),
    });
    Ok(ArchSpec {
        position: position.unwrap_or(arch.position),
        ..arch
    })
}

/// The factor of the base and the table that says it; 0 stands for none.
fn alpha<'a>(config: &Config<'a>) -> Result<Option<(&'static str, f64)>> {
    let said = [name::OLDER_ROPE, name::ROPE].map(|table| format!("{table}.{ALPHA}"));
    if !said.iter().any(|path| config.get(path).is_some()) {
        return Ok(None);
    }
    let (table, _) = rope::only_table(config)?;
    let alpha = config.number(&format!("{table}.{ALPHA}"))?;
    Ok(alpha
        .filter(|alpha| *alpha != 0.0)
        .map(|alpha| (table, alpha)))
}

/// The table without scaling, where its kind reads the factor.
fn plain(config: &Config<'_>, table: &str) -> Result<Value> {
    let settings = config.get(table).and_then(Value::as_object);
    let mut kept = Map::new();
    for (setting, value) in settings.into_iter().flatten() {
        let setting = setting.as_str();
        if ["rope_type", "type"].contains(&setting) && value != "dynamic" {
            let supported = format!("dynamic beside `{ALPHA}`");
            return Err(config.unsupported(&format!("{table}.{setting}"), value, supported));
        }
        if setting != ALPHA && !BESIDE.contains(&setting) {
            kept.insert(setting.to_owned(), value.clone());
        }
    }
    let kinds = ["rope_type", "type"].map(|kind| config.get(&format!("{table}.{kind}")));
    if kinds == [None, None] {
        return Err(config.mistyped(&format!("{table}.rope_type"), "dynamic"));
    }
    kept.insert("rope_type".into(), json!("default"));
    Ok(Value::Object(kept))
}
