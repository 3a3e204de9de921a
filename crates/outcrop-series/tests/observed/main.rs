//! Observables at every place of a forward pass against transformers with hooks, NumPy and scikit-learn (export.py).
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use outcrop_core::Observation;
use outcrop_forward::{
    Earlier, FirstStep, ObserveOptions, Published, StepChannels, StepKernels, measure,
    observe_checkpoint, observe_step,
};
use outcrop_observe::select;
use serde_json::Value;

fn models() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observed/observed.json");
    let text = std::fs::read_to_string(path).unwrap();
    let mut read: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(read["models"].take()).unwrap()
}

fn fixture(name: &str) -> Published {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    Published::open(&crates.join("outcrop-forward/tests/fixtures").join(name)).unwrap()
}

fn options(list: &str, sequences: bool) -> ObserveOptions {
    ObserveOptions {
        observables: select(list).unwrap(),
        sequences,
        ..ObserveOptions::default()
    }
}

type Key = (u64, Option<u64>, String, String);

fn key(row: &Observation) -> Key {
    let head = row.head.map(u64::from);
    let (place, observable) = (row.place.clone(), row.observable.clone());
    (u64::from(row.layer), head, place, observable)
}

#[test]
fn every_place_agrees_with_transformers() {
    let mut places = BTreeSet::new();
    let mut before: (Option<StepChannels>, Option<StepKernels>) = (None, None);
    for reference in models() {
        let name = reference["model"].as_str().unwrap();
        let ids: Vec<Vec<u32>> = serde_json::from_value(reference["ids"].clone()).unwrap();
        let mut all = options("all", false);
        let labels = ids.iter().map(|ids| ids.iter().map(|id| id % 3).collect());
        all.annotations.position_labels = Some(labels.collect());
        let earlier = Earlier {
            channels: before.0.as_ref(),
            before: before.1.as_ref(),
            first: FirstStep::Unknown,
        };
        let compared = (&all, earlier);
        let step = observe_step(
            &fixture(name),
            &ids,
            (name, 3),
            false,
            compared,
            &mut |_, _| {},
        );
        let step = step.unwrap();
        let rows = step.observations;
        let ours: BTreeMap<Key, &Observation> = rows.iter().map(|row| (key(row), row)).collect();
        assert_eq!(ours.len(), rows.len(), "each row once");
        for theirs in reference["rows"].as_array().unwrap() {
            let text = |at: usize| theirs[at].as_str().unwrap().to_owned();
            let key = (
                theirs[0].as_u64().unwrap(),
                theirs[1].as_u64(),
                text(2),
                text(3),
            );
            let row = ours.get(&key).unwrap_or_else(|| panic!("{name} {key:?}"));
            let [value, sem] = [4, 5].map(|at| theirs[at].as_f64().unwrap());
            // alignments and differences of losses cancel around 0; their unit is 1
            let cancels = key.3.starts_with("cka") || key.3 == "int8_loss_increase";
            let least = if cancels { 1.0 } else { 1e-3 };
            let close = |ours: Option<f64>, theirs: f64, size: f64| {
                ours.is_some_and(|ours| (ours - theirs).abs() <= 1e-5 * size.max(least))
            };
            assert!(
                close(row.value, value, value.abs()),
                "{name} {key:?}: {row:?} {value}"
            );
            assert!(
                close(row.sem, sem, value.abs()),
                "{name} {key:?}: {row:?} {sem}"
            );
            assert_eq!((row.n, row.step, row.sequence), (2, 3, None));
            places.insert(key.2);
        }
        before = (step.channels, step.kernels);
    }
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let expected = [
        "attention-input",
        "attention-weights",
        "attention-write",
        "embedding",
        "final-norm",
        "gate",
        "keys",
        "logits",
        "logits-int8",
        "logits-without-norm",
        "mlp-hidden",
        "mlp-input",
        "mlp-write",
        "queries",
        "residual-stream",
        "values",
    ];
    assert_eq!(places, expected);
}

/// Whatever is observed, the measurements are the same bits; each number is the mean of those of single sequences.
#[test]
fn observing_changes_no_measurement() {
    for reference in models() {
        let name = reference["model"].as_str().unwrap();
        let model = fixture(name);
        let ids: Vec<Vec<u32>> = serde_json::from_value(reference["ids"].clone()).unwrap();
        let plain = measure(&model, &ids, (name, 0), true, &mut |_, _| {}).unwrap();
        let of = |options| observe_checkpoint(&model, &ids, (name, 0), true, &options).unwrap();
        let (measured, rows) = of(options("all", true));
        assert_eq!(measured.rows, plain.rows);
        let heads = |sinks: Option<outcrop_measure::Sinks>| sinks.unwrap().rows(name, 0);
        assert_eq!(heads(measured.sinks), heads(plain.sinks));
        let (means, single): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.sequence.is_none());
        // at `sequences` all are one tensor
        let each = means.iter().filter(|row| row.place != "sequences").count();
        assert_eq!(single.len(), each * ids.len());
        let mut sums: BTreeMap<Key, (f64, u64)> = BTreeMap::new();
        for row in single {
            let sum = sums.entry(key(row)).or_default();
            *sum = (sum.0 + row.value.unwrap_or(0.0), sum.1 + row.n);
            assert_eq!(row.value.is_none(), row.reason.is_some(), "{row:?}");
        }
        for row in means.iter().filter(|row| row.place != "sequences") {
            let (sum, n) = sums[&key(row)];
            assert_eq!(row.n, n, "{row:?}");
            let mean = row.value.unwrap_or(0.0);
            assert!(
                (mean * n as f64 - sum).abs() <= 1e-9 * sum.abs().max(1.0),
                "{row:?} {sum}"
            );
        }
        // what is observed alone is what is observed with the others
        let (measured, alone) = of(options("write,token_similarity,logit_lens", false));
        assert_eq!(measured.rows, plain.rows);
        let all: BTreeMap<Key, &Observation> = rows
            .iter()
            .filter(|row| row.sequence.is_none())
            .map(|row| (key(row), row))
            .collect();
        assert!(alone.iter().all(|row| all[&key(row)] == row));
        // on one thread as on some
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let (_, on_one) = pool.install(|| of(options("all", true)));
        assert!(on_one == rows, "{name}");
    }
}

/// More rows than one task has, on any number of threads.
#[test]
fn observing_many_sequences_changes_no_measurement() {
    let model = fixture("llama-grouped");
    let ids: Vec<Vec<u32>> = (0..60)
        .map(|s| (0..20 + s % 13).map(|t| (7 * s + 3 * t) % 61).collect())
        .collect();
    let plain = measure(&model, &ids, ("m", 0), false, &mut |_, _| {}).unwrap();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let all = options("tails,sublayers,attention", false);
        let pass = || observe_checkpoint(&model, &ids, ("m", 0), false, &all).unwrap();
        let (measured, rows) = pool.unwrap().install(pass);
        assert!(measured.rows == plain.rows, "{threads} threads");
        assert!(rows.iter().all(|row| row.n <= 60) && rows.iter().any(|row| row.n == 60));
    }
}

#[test]
fn what_is_not_defined_has_a_reason() {
    let model = fixture("llama-grouped");
    let reason = |rows: &[Observation], observable: &str| {
        let row = rows
            .iter()
            .find(|row| row.observable == observable)
            .unwrap();
        assert_eq!((row.value, row.n), (None, 0), "{row:?}");
        row.reason.clone().unwrap()
    };
    let all = options("all", false);
    let (_, rows) = observe_checkpoint(&model, &[vec![7]], ("m", 0), false, &all).unwrap();
    assert_eq!(reason(&rows, "norm_first_over_mean"), "one-position");
    assert_eq!(reason(&rows, "prefix_rank"), "too-short");
    assert_eq!(reason(&rows, "lens_rank_target"), "not-given");
    assert_eq!(reason(&rows, "cka_last_layer"), "too-short");
    assert_eq!(reason(&rows, "label_information"), "not-given");
    assert!(
        rows.iter()
            .all(|row| row.value.is_some() != row.reason.is_some())
    );
}

/// A model whose weights hold NaN, as training leaves it when it diverges.
#[test]
fn a_model_of_nan_has_reasons_and_no_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../outcrop-forward/tests/fixtures/gpt2");
    std::fs::copy(from.join("config.json"), dir.path().join("config.json")).unwrap();
    let mut bytes = std::fs::read(from.join("model.safetensors")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for scalar in bytes[8 + header..].chunks_exact_mut(4) {
        scalar.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    std::fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
    let model = Published::open(dir.path()).unwrap();
    let all = options("all", false);
    let (_, rows) =
        observe_checkpoint(&model, &[vec![1, 2, 3, 4, 5]], ("m", 0), false, &all).unwrap();
    assert!(
        rows.iter().all(|row| row.value.is_none() && row.n == 0),
        "no number"
    );
    let reasons: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.reason.as_deref())
        .collect();
    assert!(reasons.contains("not-finite"), "{reasons:?}");
}
