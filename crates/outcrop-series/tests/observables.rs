//! The table of observables of a series: written by whole steps, gone on with, repaired, in flat memory.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_arch::HuggingFace;
use outcrop_checkpoint::{CheckpointSeries, Tensor, write_tensors};
use outcrop_core::{Observation, table};
use outcrop_forward::ObserveOptions;
use outcrop_observe::select;
use outcrop_series::{
    CheckpointSource, Error, Folder, Result, SeriesEvent, SeriesOptions, SeriesOutcome,
    measure_series,
};
use outcrop_tokens::Sequences;

const CONFIG: &str = r#"{"model_type": "gpt_neox", "vocab_size": 61, "hidden_size": 16, "intermediate_size": 24,
    "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 32, "rotary_pct": 0.25,
    "hidden_act": "gelu", "use_parallel_residual": true, "tie_word_embeddings": false}"#;

/// A checkpoint whose weights depend on its step.
fn write(folder: &Path, step: u32) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), CONFIG).unwrap();
    let read = HuggingFace::parse(CONFIG, "config.json").unwrap();
    let tensor = |t: outcrop_arch::TensorName| {
        let seed = t.name.len() as f32 + step as f32 / 7.0;
        let value = |i: usize| match t.shape.len() {
            1 => 1.0,
            _ => 0.4 * ((i as f32 + seed) * 12.9898).sin(),
        };
        Tensor {
            data: (0..t.shape.iter().product()).map(value).collect(),
            name: t.name.clone(),
            shape: t.shape.clone(),
        }
    };
    let tensors = read.family.tensors(&read.arch).unwrap();
    let tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect();
    write_tensors(
        &folder.join("model.safetensors"),
        &tensors,
        &BTreeMap::new(),
    )
    .unwrap();
}

fn series(at: &Path, steps: u32) {
    for step in 0..steps {
        write(&at.join(format!("step{step}")), step);
    }
}

fn options(list: &str) -> SeriesOptions {
    let mut options = SeriesOptions::new("tiny");
    options.observe = ObserveOptions {
        observables: select(list).unwrap(),
        sequences: false,
    };
    options
}

/// Measures, and stops after so many steps.
fn measure(at: &Path, out: &Folder, options: &SeriesOptions, most: usize) -> Result<SeriesOutcome> {
    let source = CheckpointSource::Local(CheckpointSeries::open(at)?);
    let tokens = Sequences::of(
        vec![(0..20).collect(), (16..32).collect()],
        None,
        "two".into(),
    );
    let (stop, mut done) = (AtomicBool::new(false), 0);
    let mut count = |event: SeriesEvent<'_>| {
        if matches!(event, SeriesEvent::Measured { .. }) {
            done += 1;
            stop.store(done >= most, Ordering::Relaxed);
        }
    };
    measure_series(&source, &tokens, out, options, &stop, &mut count)
}

fn text(out: &Folder, name: &str) -> String {
    std::fs::read_to_string(out.file(name)).unwrap()
}

#[test]
fn a_series_is_the_same_whether_it_was_interrupted_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 4);
    let [whole, parts, plain] =
        ["whole", "parts", "plain"].map(|n| Folder::new(dir.path().join(n)));
    let all = options("all");
    assert_eq!(measure(&at, &whole, &all, 9).unwrap().measured, 4);
    for most in 1..=3 {
        measure(&at, &parts, &all, if most < 3 { 1 } else { 9 }).unwrap();
    }
    for name in ["observables.csv", "measurements.csv"] {
        assert!(text(&whole, name) == text(&parts, name), "{name}");
    }
    measure(&at, &plain, &options("all").without(), 9).unwrap();
    assert!(text(&whole, "measurements.csv") == text(&plain, "measurements.csv"));
    assert!(!plain.file("observables.csv").exists());

    let loaded = table::read_rows::<Observation>(&whole.file("observables.csv")).unwrap();
    assert_eq!(loaded.problems, []);
    let rows = loaded.rows;
    assert!(rows.is_sorted_by_key(|row| row.step));
    let steps: BTreeSet<u64> = rows.iter().map(|row| row.step).collect();
    assert_eq!(steps, BTreeSet::from([0, 1, 2, 3]));
    // the first step has none before it
    for row in rows
        .iter()
        .filter(|row| row.observable == "jaccard_step_before")
    {
        assert_eq!(row.value.is_none(), row.step == 0, "{row:?}");
        assert!(row.step > 0 || row.reason.as_deref() == Some("not-given"));
    }
}

/// The same options without observables.
trait Without {
    fn without(self) -> Self;
}

impl Without for SeriesOptions {
    fn without(mut self) -> Self {
        self.observe = ObserveOptions::default();
        self
    }
}

#[test]
fn other_observables_are_another_series() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 2);
    let out = Folder::new(dir.path().join("out"));
    measure(&at, &out, &options("write"), 1).unwrap();
    for other in [options("write,beyond"), options("write").without()] {
        let error = measure(&at, &out, &other, 9).unwrap_err();
        assert!(matches!(error, Error::OtherSeries { .. }), "{error}");
        assert!(error.to_string().contains("--observe"), "{error}");
    }
    let mut single = options("write");
    single.observe.sequences = true;
    let error = measure(&at, &out, &single, 9).unwrap_err().to_string();
    assert!(error.contains("--observe-per-sequence"), "{error}");
    assert_eq!(measure(&at, &out, &options("write"), 9).unwrap().before, 1);
}

#[test]
fn a_damaged_table_is_named_and_measured_again_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 3);
    let out = Folder::new(dir.path().join("out"));
    let chosen = options("tails,channel_turnover");
    measure(&at, &out, &chosen, 9).unwrap();
    let whole = text(&out, "observables.csv");
    let path = out.file("observables.csv");
    let middle = whole.len() * 2 / 3 + 40;
    let altered = format!("{}7{}", &whole[..middle], &whole[middle + 1..]);
    for damaged in [&whole[..whole.len() - 30], &altered] {
        std::fs::write(&path, damaged).unwrap();
        let error = measure(&at, &out, &chosen, 9).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("observables.csv"), "{error}");
        let repaired = SeriesOptions {
            repair: true,
            ..chosen.clone()
        };
        let outcome = measure(&at, &out, &repaired, 9).unwrap();
        assert_eq!((outcome.before, outcome.measured), (2, 3));
        // what the step before had is known no more
        let again = text(&out, "observables.csv");
        let same = whole.lines().zip(again.lines());
        let differ = same.filter(|(a, b)| a != b && !a.contains("jaccard"));
        assert_eq!(
            (differ.count(), whole.lines().count()),
            (0, again.lines().count())
        );
        std::fs::remove_dir_all(out.path()).unwrap();
        measure(&at, &out, &chosen, 9).unwrap();
    }
}
