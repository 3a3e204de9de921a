use serde_json::{Map, Value};

use super::change::as_it_is;
use super::said::Said;
use super::{Known, Result, llama};

pub(super) static QWEN2: Known = Known {
    name: "qwen2",
    model_type: "qwen2",
    change: as_it_is,
    config: qwen,
    ..llama::LLAMA
};

pub(super) static QWEN3: Known = Known {
    name: "qwen3",
    model_type: "qwen3",
    ..QWEN2
};

/// Qwen has windows only where its config switches them on, which llama.cpp leaves out.
pub(super) fn qwen(said: &mut Said<'_>, config: &mut Map<String, Value>) -> Result<()> {
    config.insert("use_sliding_window".into(), false.into());
    llama::grouped(said, config)
}
