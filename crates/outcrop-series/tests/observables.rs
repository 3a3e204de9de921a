//! The table of observables of a series: written by whole steps, gone on with, repaired, in flat memory.
#![expect(clippy::unwrap_used, reason = "a test")]

mod tiny;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop_checkpoint::CheckpointSeries;
use outcrop_core::{Observation, Stage, table};
use outcrop_forward::{Annotations, ObserveOptions};
use outcrop_series::{
    CheckpointSource, Error, Folder, Result, SeriesEvent, SeriesOptions, SeriesOutcome,
    measure_series,
};
use outcrop_tokens::Sequences;
use tiny::{options, series};

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

    let loaded = table::observations(&whole.file("observables.csv")).unwrap();
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
    let number = |step, name: &str, place: &str| {
        let is = |row: &&Observation| {
            (row.step, row.observable.as_str(), row.place.as_str()) == (step, name, place)
                && row.layer == 2
        };
        rows.iter().find(is).unwrap().value.unwrap()
    };
    // the last step is like itself, and to the one before it as that is to it
    assert_eq!(number(3, "jaccard_last_step", "mlp-write"), 1.0);
    let before = number(3, "jaccard_step_before", "mlp-write");
    assert_eq!(number(2, "jaccard_last_step", "mlp-write"), before);
    // the first step is like itself; at the second it is the step before
    for name in ["cka_first_step", "cka_first_step_biased"] {
        assert!((number(0, name, "residual-stream") - 1.0).abs() < 1e-9);
        let before = name.replace("first_step", "step_before");
        assert_eq!(
            number(1, name, "residual-stream"),
            number(1, &before, "residual-stream")
        );
        assert!(number(3, name, "residual-stream") < 1.0);
    }
    let kept: BTreeSet<_> = std::fs::read_dir(whole.file("compared"))
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    let expected = [
        "step-0.json",
        "step-0.safetensors",
        "step-1.json",
        "step-2.json",
        "step-3.json",
        "step-3.safetensors",
    ];
    assert_eq!(kept, expected.map(Into::into).into());
}

/// A series that is gone on with has another last step; single sequences are compared with it, too.
#[test]
fn a_longer_series_has_another_last_step() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 2);
    let mut chosen = options("channel_turnover");
    chosen.observe.sequences = true;
    let [grown, whole] = ["grown", "whole"].map(|n| Folder::new(dir.path().join(n)));
    measure(&at, &grown, &chosen, 9).unwrap();
    series(&at, 3);
    measure(&at, &grown, &chosen, 9).unwrap();
    measure(&at, &whole, &chosen, 9).unwrap();
    assert!(text(&grown, "observables.csv") == text(&whole, "observables.csv"));
    let rows = table::observations(&whole.file("observables.csv"))
        .unwrap()
        .rows;
    let last = rows
        .iter()
        .filter(|row| row.observable == "jaccard_last_step" && row.layer == 1);
    assert!(
        last.clone().all(|row| row.value.is_some())
            && last.clone().any(|row| row.sequence == Some(1))
    );
}

#[test]
fn rows_of_a_stage_say_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 3);
    let stage = |begins| SeriesOptions {
        stage: Some(Stage {
            name: "stage2".into(),
            begins,
        }),
        ..options("token_norms,channel_turnover")
    };
    let out = Folder::new(dir.path().join("out"));
    measure(&at, &out, &stage(None), 2).unwrap();
    measure(&at, &out, &stage(Some(900)), 9).unwrap();
    let rows = table::observations(&out.file("observables.csv"))
        .unwrap()
        .rows;
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!(
            row.stage,
            Some(Stage {
                name: "stage2".into(),
                begins: Some(900)
            }),
            "{row:?}"
        );
    }
    assert!(
        text(&out, "observables.csv")
            .lines()
            .nth(1)
            .unwrap()
            .ends_with(",stage2,900")
    );
    // the same numbers as without a stage, and damage is repaired
    let plain = Folder::new(dir.path().join("plain"));
    measure(&at, &plain, &options("token_norms,channel_turnover"), 9).unwrap();
    let without: Vec<_> = rows
        .into_iter()
        .map(|row| Observation { stage: None, ..row })
        .collect();
    assert!(
        table::observations(&plain.file("observables.csv"))
            .unwrap()
            .rows
            == without
    );
    let whole = text(&out, "observables.csv");
    std::fs::write(out.file("observables.csv"), &whole[..whole.len() - 30]).unwrap();
    let repaired = SeriesOptions {
        repair: true,
        ..stage(Some(900))
    };
    measure(&at, &out, &repaired, 9).unwrap();
    assert!(text(&out, "observables.csv") == whole);
}

/// Labels of positions and of sequences, at their places.
#[test]
fn labels_are_used_where_they_belong() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("tiny");
    series(&at, 1);
    let labels =
        |sequence: usize, length: usize| (0..length).map(|p| ((p + sequence) % 2) as u32).collect();
    let mut chosen = options("cka,kernel_alignment,information,concepts");
    chosen.observe.annotations = Annotations {
        position_labels: Some(vec![labels(0, 20), labels(1, 16)]),
        ..Annotations::default()
    };
    let out = Folder::new(dir.path().join("out"));
    measure(&at, &out, &chosen, 9).unwrap();
    let rows = table::observations(&out.file("observables.csv"))
        .unwrap()
        .rows;
    let of = |name: &str, place: &str| {
        let is =
            |row: &&Observation| row.observable == name && row.place == place && row.layer == 2;
        let row = rows.iter().find(is).unwrap();
        (
            row.value.is_some(),
            row.n,
            row.reason.clone().unwrap_or_default(),
        )
    };
    for name in [
        "cka_labels",
        "alignment_labels",
        "label_information",
        "concept_signal",
    ] {
        assert_eq!(
            of(name, "residual-stream"),
            (true, 2, String::new()),
            "{name}"
        );
        assert!(!of(name, "sequences").0, "{name}");
    }
    assert_eq!(of("concept_signal", "sequences").2, "not-given");
    // other labels are another series, and labels of other sequences none
    chosen.observe.annotations.position_labels = Some(vec![labels(1, 20), labels(1, 16)]);
    let error = measure(&at, &out, &chosen, 9).unwrap_err().to_string();
    assert!(error.contains("--labels"), "{error}");
    chosen.observe.annotations.position_labels = Some(vec![labels(1, 20), labels(1, 15)]);
    let other = Folder::new(dir.path().join("other"));
    let outcome = measure(&at, &other, &chosen, 9).unwrap();
    let said = outcome.failures[0].error.to_string();
    assert!(
        said.contains("sequence 1") && said.contains("15") && said.contains("16"),
        "{said}"
    );
    chosen.observe.annotations = Annotations {
        sequence_labels: Some(vec![0, 1]),
        ..Annotations::default()
    };
    let by_sequence = Folder::new(dir.path().join("by-sequence"));
    measure(&at, &by_sequence, &chosen, 9).unwrap();
    let rows = table::observations(&by_sequence.file("observables.csv"))
        .unwrap()
        .rows;
    let row = rows
        .iter()
        .find(|row| row.observable == "alignment_labels" && row.place == "sequences")
        .unwrap();
    // two sequences of two classes
    assert!(
        (row.value.unwrap() - 1.0).abs() < 1e-9 && row.n == 1,
        "{row:?}"
    );
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
    let chosen = options("tails,channel_turnover,cka_steps");
    measure(&at, &out, &chosen, 9).unwrap();
    let whole = text(&out, "observables.csv");
    let path = out.file("observables.csv");
    let middle = whole.len() * 5 / 6; // of the third checkpoint
    let other = if whole[middle..].starts_with('7') {
        8
    } else {
        7
    };
    let altered = format!("{}{other}{}", &whole[..middle], &whole[middle + 1..]);
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
        // the kernels of the step before the damage are gone; top channels are kept
        let again = text(&out, "observables.csv");
        let same = whole.lines().zip(again.lines());
        let differ = same.filter(|(a, b)| a != b && !a.contains("cka_step_before"));
        assert_eq!(
            (differ.count(), whole.lines().count()),
            (0, again.lines().count())
        );
        std::fs::remove_dir_all(out.path()).unwrap();
        measure(&at, &out, &chosen, 9).unwrap();
    }
}
