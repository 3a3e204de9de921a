//! Every step, word and number of an architecture has a case, and every step and case has what PyTorch computes.

use architectures::{STEPS, cases, numbers, pytorch, steps, table, uniform, words};

/// A new step computes what nothing else does: it needs a row of `cases.json`, so that PyTorch computes it too.
#[test]
fn every_step_is_in_the_table() {
    for step in STEPS {
        let has = table().iter().any(|case| steps(&case.arch).contains(step));
        assert!(
            has,
            "no case of tests/architectures/cases.json computes `{step}`: add one"
        );
    }
}

#[test]
fn every_word_of_every_switch_is_in_some_case() {
    let cases = cases();
    for word in words() {
        let has = cases.iter().any(|case| word.is_in(&case.arch));
        assert!(
            has,
            "no case has {word}: add a row to tests/architectures/cases.json"
        );
    }
}

#[test]
fn every_number_differs_between_cases() {
    let table = table();
    let table: Vec<_> = table.iter().map(|case| &case.arch).collect();
    for (key, values) in numbers(&table) {
        assert!(
            values.len() > 1,
            "{key} is {} in every case: add a row to tests/architectures/cases.json",
            values[0]
        );
    }
}

/// A word is an order or a property of steps, which PyTorch computes in other cases: without a row it is compared with
/// finite differences and between engines alone.
#[test]
fn pytorch_computes_the_table() {
    let (table, pytorch) = (table(), pytorch());
    let names = table.iter().map(|case| &case.name);
    assert!(
        pytorch
            .keys()
            .eq(std::collections::BTreeSet::from_iter(names)),
        "run `cargo xtask fixtures architectures --write`"
    );
    let unseen = |word: &architectures::Choice| !table.iter().any(|case| word.is_in(&case.arch));
    for word in words().into_iter().filter(unseen) {
        println!(
            "{word}: not compared with PyTorch, for want of a row in tests/architectures/cases.json"
        );
    }
}

#[test]
fn numbers_by_names_look_random() {
    const COUNT: usize = 4096;
    let numbers = |name: &str| uniform(name, COUNT).collect::<Vec<f64>>();
    let correlation = |a: &[f64], b: &[f64]| {
        let sum: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        12.0 * sum / a.len() as f64
    };
    let (query, key) = (numbers("1.Query.Matrix"), numbers("1.Key.Matrix"));
    let mean = query.iter().sum::<f64>() / COUNT as f64;
    assert!(mean.abs() < 0.02, "{mean}");
    assert!((correlation(&query, &query) - 1.0).abs() < 0.05);
    assert!(correlation(&query, &key).abs() < 0.06);
    for lag in 1..70 {
        let correlation = correlation(&query, &query[lag..]);
        assert!(correlation.abs() < 0.06, "{lag}: {correlation}");
    }
}
