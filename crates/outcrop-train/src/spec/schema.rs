//! The JSON schema of a run's spec.

use outcrop_core::Error as CoreError;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    DataSpec, EventSpec, MeasureSpec, RunSpec, ScheduleSpec, TrainSpec, data, schedule, train,
};
use crate::Result;

impl RunSpec {
    /// The JSON schema of a spec, for editors that complete and check TOML. Ranges of `[arch]` are in it, those of
    /// other sections are for [`RunSpec::check`].
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core) where a default cannot be written.
    pub fn schema() -> Result<Value> {
        let mut arch = outcrop_arch::schema();
        arch["properties"]["vocab"]["description"] =
            "Number of rows of the embedding. Default: that of the data.".into();
        arch["properties"]["context"]["description"] = "Longest sequence. Default: 128.".into();
        let mut train = section(&TrainSpec::default(), &train::KEYS)?;
        for (key, schema) in crate::optimizer::schema() {
            train["properties"][key] = schema;
        }
        Ok(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "A run of outcrop train",
            "type": "object",
            "required": ["model", "arch"],
            "additionalProperties": false,
            "properties": {
                "model": { "type": "string", "description": "Name of the model, as it stands in tables." },
                "arch": arch,
                "data": section(&DataSpec::default(), &data::KEYS)?,
                "train": train,
                "schedule": section(&ScheduleSpec::default(), &schedule::SCHEDULE_KEYS)?,
                "measure": section(&MeasureSpec::default(), &schedule::MEASURE_KEYS)?,
                "events": EventSpec::schema(),
            },
        }))
    }
}

/// A section with the types of its defaults.
fn section(defaults: &impl Serialize, keys: &[&str]) -> Result<Value> {
    let defaults = serde_json::to_value(defaults).map_err(|e| CoreError::parse("run spec", e))?;
    let property = |key: &&str| ((*key).to_owned(), property(&defaults[*key]));
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    Ok(json!({ "type": "object", "additionalProperties": false, "properties": properties }))
}

fn property(default: &Value) -> Value {
    match default {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean", "default": default }),
        Value::Number(n) if n.is_f64() => json!({ "type": "number", "default": default }),
        Value::Number(_) => json!({ "type": "integer", "default": default }),
        Value::String(_) => json!({ "type": "string", "default": default }),
        Value::Array(_) => json!({ "type": "array", "default": default }),
        Value::Object(_) => json!({ "type": "object", "default": default }),
    }
}
