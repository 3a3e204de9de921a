//! Changes of JSON: values of other kinds and out of range, under names that a reader knows.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::edge;

/// A value that is no list and no object of anything, texts out of `words`.
pub fn leaf(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let floats = [0.0, -0.0, 0.25, 1.0, -1.5, 1e-300, 1e300, f64::MAX];
    prop_oneof![
        2 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        3 => edge().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => select(floats.to_vec()).prop_map(Value::from),
        6 => select(words).prop_map(Value::from),
        1 => Just(json!([])),
        1 => Just(json!({})),
    ]
}

/// A value of up to three levels, its objects with keys out of `names`.
pub fn value(
    words: &'static [&'static str],
    names: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    leaf(words).prop_recursive(3, 12, 3, move |inner| {
        let member = (select(names).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            prop::collection::vec(member, 0..3).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Replaces one of the values of `json`; `at` counts them in depth-first order, round and round.
pub fn replace(json: &mut Value, at: usize, new: &Value) {
    let mut at = at % size(json);
    replace_at(json, &mut at, new);
}

fn replace_at(value: &mut Value, at: &mut usize, new: &Value) {
    if *at == 0 {
        *value = new.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(values) => values.iter_mut().for_each(|v| replace_at(v, at, new)),
        Value::Object(values) => values.values_mut().for_each(|v| replace_at(v, at, new)),
        _ => {}
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(values) => values.values().map(size).sum::<usize>(),
        _ => 0,
    }
}
