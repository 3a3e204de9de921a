use serde_json::{Map, Value, json};

use super::said::{Said, add};
use super::{Known, Result, llama};

pub(super) static GRANITE: Known = Known {
    name: "granite",
    model_type: "granite",
    config: granite,
    ..llama::LLAMA
};

/// Llama with four factors.
fn granite(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::llama(said, config)?;
    let Some(attention) = said.get("attention.scale").and_then(Value::as_f64) else {
        return Err(said.missing("attention.scale"));
    };
    let settings = json!({
        "attention_multiplier": attention,
        "embedding_multiplier": said.number("embedding_scale", 1.0)?,
        "residual_multiplier": said.number("residual_scale", 1.0)?,
        "logits_scaling": said.number("logit_scale", 1.0)?,
    });
    add(config, settings);
    Ok(())
}
