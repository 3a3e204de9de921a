//! The part of YAML in which trainers write settings: one `name: value` a line, more of it indented.

use serde_json::{Map, Value};

/// The settings of a text. What stands deeper than two levels is left out.
pub(super) fn settings(text: &str) -> Value {
    let mut all = Map::new();
    let mut last = String::new();
    for line in text.lines() {
        let content = line.trim();
        let Some((name, value)) = content
            .split_once(':')
            .filter(|_| !content.starts_with(['#', '-']))
        else {
            continue;
        };
        let value = scalar(value.trim());
        match line.starts_with(' ') {
            false => {
                last = name.to_owned();
                all.insert(last.clone(), value);
            }
            true => {
                let outer = all.entry(last.clone()).or_insert(Value::Null);
                if outer.is_null() {
                    *outer = Value::Object(Map::new());
                }
                if let Some(object) = outer.as_object_mut() {
                    object.insert(name.to_owned(), value);
                }
            }
        }
    }
    Value::Object(all)
}

fn scalar(text: &str) -> Value {
    match text {
        "" | "null" | "~" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => {
            let number = text.parse::<i64>().map(Value::from);
            let number = number.or_else(|_| text.parse::<f64>().map(Value::from));
            number.unwrap_or_else(|_| text.trim_matches(['"', '\'']).into())
        }
    }
}
