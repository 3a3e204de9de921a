use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` become null. An object that has a key twice is refused:
/// which of the two counts is not known.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let read = serde_json::from_str::<Distinct>(&without_non_finite(text));
    read.map(|read| read.0).map_err(|e| e.to_string())
}

/// A value whose objects have each key once.
struct Distinct(Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Distinct(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Distinct(value))) = members.next_entry::<String, _>()? {
            if let Some(first) = object.get(&key) {
                let what = match (first, &value) {
                    (Value::Object(_) | Value::Array(_), _)
                    | (_, Value::Object(_) | Value::Array(_)) => String::new(),
                    (first, second) => format!(" = {first} and {second}"),
                };
                return Err(A::Error::custom(format!("`{key}`{what} is there twice")));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

fn without_non_finite(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .iter()
            .find(|w| rest.starts_with(**w));
        if let Some(word) = word.filter(|_| !in_string) {
            clean.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        // A backslash takes the character behind it along.
        let mut length = c.len_utf8();
        if in_string && c == '\\' {
            length += rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        in_string ^= c == '"';
        clean.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_replaced() {
        let text = r#"{"NaN \" Infinity": [NaN, -Infinity, Infinity, -1.5, "λ\\"], "b": NaN}"#;
        let clean = r#"{"NaN \" Infinity": [null, null, null, -1.5, "λ\\"], "b": null}"#;
        assert_eq!(without_non_finite(text), clean);
        assert!(parse("[NaNs]").is_err());
        assert!(parse("[\"\\").is_err());
    }

    #[test]
    fn values_are_those_of_serde_json_and_keys_are_distinct() {
        let text =
            r#"{"a": [null, true, -3, 18446744073709551615, 0.1, 1e300, "λ", {"a": {}}], "b": []}"#;
        assert_eq!(
            parse(text).unwrap(),
            serde_json::from_str::<Value>(text).unwrap()
        );
        for (text, part) in [
            (
                r#"{"a": {"std": 4.0, "std": NaN}}"#,
                "`std` = 4.0 and null is there twice at line 1",
            ),
            (r#"[{"layer": {}, "layer": {}}]"#, "`layer` is there twice"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
