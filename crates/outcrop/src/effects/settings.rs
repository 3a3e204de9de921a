use std::collections::BTreeMap;

use outcrop_core::Error as CoreError;
use outcrop_train::RunSpec;

use crate::Result;

/// Values of settings by their names, such as `arch.heads`.
pub(crate) type Settings = BTreeMap<String, String>;

/// The settings of a spec, without the name of its model, which comes first.
pub(crate) fn of_spec(spec: &RunSpec, context: &str) -> Result<(String, Settings)> {
    let text = spec.to_toml()?;
    let table: toml::Table = text.parse().map_err(|e| CoreError::parse(context, e))?;
    let mut settings = of_document("", &toml::Value::Table(table));
    let model = settings.remove("model").unwrap_or_default();
    Ok((model, settings))
}

/// The settings of a table, each under `path`.
pub(crate) fn of_document(path: &str, value: &toml::Value) -> Settings {
    let mut settings = Settings::new();
    flatten(path, value, &mut settings);
    settings
}

fn flatten(path: &str, value: &toml::Value, into: &mut Settings) {
    let toml::Value::Table(table) = value else {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        into.insert(path.to_owned(), text);
        return;
    };
    for (key, value) in table {
        let path = match path {
            "" => key.clone(),
            _ => format!("{path}.{key}"),
        };
        flatten(&path, value, into);
    }
}
