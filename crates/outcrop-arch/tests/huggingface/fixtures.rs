use outcrop_arch::HuggingFace;
use outcrop_arch::Result;
use serde_json::{Map, Value};

use crate::files::{folder, published};

/// One of the files that export.py writes.
pub(crate) fn exported(file: &str) -> Map<String, Value> {
    serde_json::from_str(&std::fs::read_to_string(folder().join(file)).unwrap()).unwrap()
}

pub(crate) fn published_as(name: &str) -> Value {
    let mut all = published().into_iter();
    all.find(|(n, _)| n == name).unwrap().1
}

pub(crate) fn parse(config: &Value) -> Result<HuggingFace> {
    HuggingFace::parse(&config.to_string(), "config.json")
}

/// The model, with settings changed; a change to null takes the setting away.
pub(crate) fn changed(name: &str, changes: &Value) -> Value {
    let mut config = published_as(name);
    for (setting, value) in changes.as_object().unwrap() {
        let settings = config.as_object_mut().unwrap();
        match value {
            Value::Null => drop(settings.remove(setting)),
            _ => drop(settings.insert(setting.clone(), value.clone())),
        }
    }
    config
}

pub(crate) const NEOX: &str = "pythia-70m";
pub(crate) const GPT2: &str = "gpt2";
pub(crate) const LLAMA: &str = "llama-2-7b";
pub(crate) const MISTRAL: &str = "mistral-7b-v0.3";
pub(crate) const QWEN2: &str = "qwen2.5-0.5b";
pub(crate) const QWEN3: &str = "qwen3-0.6b";
