//! Every observable against NumPy, SciPy, scikit-learn and PyTorch (`../fixtures/export.py`).

use std::collections::{BTreeMap, BTreeSet};

use outcrop_observe::{Companion, OBSERVABLES, Observable, Sample, View};
use serde_json::Value;

/// How far a number may be from its reference, as a share of the larger of it and 1.
const TOLERANCE: f64 = 1e-5;

/// What depends on our permutations; `closed_forms.rs` tests it.
const OWN: [&str; 2] = ["label_information_null", "label_information_p"];

fn floats(values: &Value) -> Vec<f32> {
    let values = values.as_array().unwrap().iter();
    values.map(|x| x.as_f64().unwrap() as f32).collect()
}

fn integers<T: TryFrom<u64>>(values: &Value) -> Option<Vec<T>> {
    let values = values.as_array()?.iter();
    Some(
        values
            .map(|x| T::try_from(x.as_u64().unwrap()).ok().unwrap())
            .collect(),
    )
}

/// The companion of this key in the fixtures.
fn companion(key: &str) -> Companion {
    match key {
        "step-before" => Companion::StepBefore,
        "first-step" => Companion::FirstStep,
        "last-step" => Companion::LastStep,
        "last-layer" => Companion::LastLayer,
        "stream" => Companion::Stream,
        "inputs" => Companion::Inputs,
        "targets" => Companion::Targets,
        other => panic!("{other}: no companion"),
    }
}

/// What every observable that `case` expects something of gives for it, by name.
fn found(case: &Value) -> BTreeMap<&'static str, f64> {
    let columns = |tensor: &Value| tensor["columns"].as_u64().unwrap() as usize;
    let values = floats(&case["values"]);
    let given = case["companions"].as_object().unwrap().iter();
    let given: Vec<_> = given
        .map(|(key, t)| (companion(key), floats(&t["values"]), columns(t)))
        .collect();
    let (labels, sinks) = (
        integers::<u32>(&case["labels"]),
        integers::<usize>(&case["sinks"]),
    );
    let mut sample = Sample::new(View::new(&values, columns(case)).unwrap());
    for (companion, values, columns) in &given {
        sample = sample
            .with(*companion, View::new(values, *columns).unwrap())
            .unwrap();
    }
    if let Some(labels) = &labels {
        sample = sample.with_labels(labels).unwrap();
    }
    if let Some(sinks) = &sinks {
        sample = sample.with_sinks(sinks).unwrap();
    }
    let expected = |one: &&Observable| {
        one.columns
            .iter()
            .any(|c| !case["expected"][c.name].is_null())
    };
    let wanted = OBSERVABLES.into_iter().filter(expected);
    let numbers = wanted.flat_map(|one| one.columns.iter().zip(one.observe(&sample)));
    numbers
        .filter_map(|(column, found)| Some((column.name, found.ok()?)))
        .collect()
}

#[test]
fn every_number_is_that_of_the_reference() {
    let fixtures: Value =
        serde_json::from_str(include_str!("../fixtures/observables.json")).unwrap();
    let (mut worst, mut seen) = ((0.0, String::new()), BTreeSet::new());
    for case in fixtures["cases"].as_array().unwrap() {
        let found = found(case);
        for (name, expected) in case["expected"].as_object().unwrap() {
            let expected = expected.as_f64().unwrap();
            let at = format!("{} of {}", name, case["name"]);
            let found = *found
                .get(name.as_str())
                .unwrap_or_else(|| panic!("{at}: missing"));
            let off = (found - expected).abs() / expected.abs().max(1.0);
            assert!(off < TOLERANCE, "{at}: {found}, reference {expected}");
            if off > worst.0 {
                worst = (off, at);
            }
            seen.insert(name.clone());
        }
    }
    println!("worst difference: {:.2e}, {}", worst.0, worst.1);
    let columns = OBSERVABLES.iter().flat_map(|one| one.columns);
    let untested: Vec<_> = columns
        .map(|c| c.name)
        .filter(|name| !seen.contains(*name) && !OWN.contains(name))
        .collect();
    assert!(untested.is_empty(), "without a reference: {untested:?}");
}
