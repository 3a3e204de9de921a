use serde_json::{Value, json};

use super::llama::{DEFAULTS, Defaults, GROUPED, LAYOUT, unrotated};
use super::settings::{SHAPE, name};
use super::{Config, Family, Setting, read, rope, window};
use crate::{ArchSpec, Bias, Result};

const BETA: &str = "llama_4_scaling_beta";

/// Ministral 3, the part that reads text: Mistral with YaRN. Queries grow from the first position after those of the
/// original training on, which is not computed: sequences may be that long.
pub static MINISTRAL3: Family = Family {
    name: "Ministral 3",
    model_type: "ministral3",
    classes: &["Ministral3ForCausalLM", "Ministral3Model"],
    settings: Some(&[
        SHAPE,
        GROUPED,
        &[
            Setting::Fixed(name::ATTENTION_BIAS, "false"),
            Setting::Fixed(name::MLP_BIAS, "false"),
        ],
    ]),
    read: Some(read_config),
    layout: Some(&LAYOUT),
    ..Family::NONE
};

const OWN: Defaults = Defaults {
    eps: 1e-5,
    ..DEFAULTS
};

fn read_config(config: &Config<'_>) -> Result<ArchSpec> {
    let (table, given) = rope::only_table(config)?;
    let arch = unrotated(config, &OWN, Bias::None)?;
    read::says_kv_heads(config)?;
    let arch = arch.with_head_dim(read::nullable_head_dim(config, 128)?);
    let path = format!("{table}.{BETA}");
    let Some(beta) = config.number(&path)? else {
        return Err(config.mistyped(&path, "a number"));
    };
    let same = config.with(table, without(given, &[BETA, name::CONTEXT]));
    let arch = rope::read(&same, &OWN.rope(), arch)?;
    let original = config.count(&format!("{table}.{}", name::ORIGINAL_CONTEXT))?;
    let context = match beta == 0.0 {
        true => arch.context,
        false => arch.context.min(original),
    };
    Ok(ArchSpec {
        context,
        window: window::by_given_width(config, arch.layers)?,
        ..arch
    })
}

/// A table without some settings.
fn without(table: &Value, names: &[&str]) -> Value {
    let settings = table.as_object().into_iter().flatten();
    let kept = settings.filter(|(name, _)| !names.contains(&name.as_str()));
    let kept = kept.map(|(name, value)| (name.clone(), value.clone()));
    json!(kept.collect::<serde_json::Map<_, _>>())
}
