//! Models with what their lines may be filtered by.

use crate::data::Data;
use crate::page::json::{array, number, object, string};

/// `[name, parameters, layers, corpus, architecture]` of every model, in order of size.
pub(super) fn models(data: &Data) -> String {
    let inputs = data.inputs;
    let model = |m: &crate::data::Model| {
        let arch = inputs.archs.iter().find(|a| a.model == m.name);
        let arch = arch.and_then(|a| a.arch.canonical_json().ok());
        let corpus = inputs.corpora.get(&m.name);
        object([
            ("name", string(&m.name)),
            ("parameters", number(m.parameters.map(|p| p as f64))),
            ("layers", m.layers.to_string()),
            ("corpus", string(corpus.map_or("", String::as_str))),
            ("arch", string(arch.as_deref().unwrap_or("{}"))),
        ])
    };
    array(data.models.iter().map(model))
}
