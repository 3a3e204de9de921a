//! The list of model types (`crates/outcrop-arch/data/types.json`) against what was measured and what transformers has.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::{FAMILIES, KnownType, known_types};
use serde_json::{Value, json};

use crate::compare::Worst;

/// How many times a difference may be that of the list: processors add in different orders.
const MOST: f64 = 4.0;

/// Type, class, and class of the configuration, as transformers has them.
fn transformers() -> Vec<(String, String, Option<String>)> {
    let text = include_str!("types.json");
    serde_json::from_str(text).unwrap()
}

/// The number, rounded up to one digit.
fn up(x: f64) -> f64 {
    let power = x.log10().floor();
    let digit = (x / 10f64.powf(power)).ceil();
    format!("{digit}e{power}").parse().unwrap()
}

/// The rows as they should be: what was measured, and a class for every type.
fn expected(measured: &BTreeMap<String, (usize, Worst)>) -> BTreeMap<String, Value> {
    let row = |known: &KnownType| (known.name.clone(), serde_json::to_value(known).unwrap());
    let mut rows: BTreeMap<String, Value> = known_types().iter().map(row).collect();
    for family in FAMILIES {
        let class = family.classes[0];
        let row = json!({ "type": family.model_type, "class": class });
        rows.entry(family.model_type.to_owned()).or_insert(row);
    }
    for (name, class, _) in transformers() {
        let row = rows
            .entry(name.clone())
            .or_insert_with(|| json!({ "type": name }));
        row["class"] = json!(class);
    }
    for (name, (models, worst)) in measured {
        let class = rows[name]["class"].clone();
        let difference = up(worst.state);
        let row =
            json!({ "type": name, "class": class, "models": models, "difference": difference });
        rows.insert(name.clone(), row);
    }
    rows
}

/// Whether two rows say the same, but for differences that are nearly the same.
fn agree(a: &Value, b: &Value) -> bool {
    let of = |row: &Value| row["difference"].as_f64();
    let without = |row: &Value| {
        let mut row = row.clone();
        row["difference"] = Value::Null;
        row
    };
    let near = match (of(a), of(b)) {
        (Some(a), Some(b)) => a <= b * MOST && b <= a * MOST,
        (a, b) => a == b,
    };
    near && without(a) == without(b)
}

/// Compares the list with what was measured; with `UPDATE_DOCS=1` it is written.
pub(crate) fn check(measured: &BTreeMap<String, (usize, Worst)>) {
    let rows = expected(measured);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-arch/data/types.json");
        let lines: Vec<String> = rows.values().map(Value::to_string).collect();
        std::fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
        return;
    }
    let known = known_types()
        .iter()
        .map(|known| serde_json::to_value(known).unwrap());
    let known: Vec<Value> = known.collect();
    let differ = rows.values().zip(&known).find(|(a, b)| !agree(a, b));
    assert!(
        rows.len() == known.len() && differ.is_none(),
        "the list of types is out of date, as of {differ:?}: run \
         UPDATE_DOCS=1 cargo test -p outcrop-forward --test families"
    );
}

/// A name that stands for a type is one to transformers, too: the same classes of model and configuration.
#[test]
fn aliases_are_those_of_transformers() {
    let types = transformers();
    let of = |name: &str| {
        let found = types.iter().find(|(kind, ..)| kind == name);
        found.map(|(_, class, config)| (class, config)).unwrap()
    };
    for family in FAMILIES {
        for alias in family.aliases {
            assert_eq!(of(alias), of(family.model_type), "{alias}");
        }
    }
}
