use serde_json::{Map, Value, json};

use super::change::as_it_is;
use super::said::{Said, add};
use super::{Known, Result, llama, olmo};

/// Norms behind sublayers, as OLMo 2 has them.
pub(super) static EXAONE4: Known = Known {
    name: "exaone4",
    model_type: "exaone4",
    modules: olmo::AFTER,
    change: as_it_is,
    config: exaone4,
    ..llama::LLAMA
};

fn exaone4(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    llama::grouped(said, config)?;
    let layers = said.layers()?;
    let window = said.optional_count("attention.sliding_window")?;
    let kinds = match window {
        Some(_) => said.layer_types("attention.sliding_window_pattern", layers)?,
        None => vec!["full_attention"; layers],
    };
    add(
        config,
        json!({ "sliding_window": window, "layer_types": kinds }),
    );
    Ok(())
}
