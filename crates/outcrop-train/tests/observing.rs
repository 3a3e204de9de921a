//! Observables of a run: those of its checkpoints, the same after an interruption, and nothing else changes.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use outcrop_core::{Observation, table};
use outcrop_forward::{ObserveOptions, Published, observe_checkpoint};
use outcrop_train::{Environment, Event, Outcome, RunSpec, open_corpus, train};

fn spec(observe: &str) -> RunSpec {
    let text = format!(
        "model = 'tiny'
         [arch]
         layers = 2
         d_model = 16
         heads = 2
         context = 16
         [data]
         corpus = 'bigram-backcopy'
         [train]
         steps = 6
         batch = 8
         warmup = 2
         [schedule]
         measure = '0,2,4,last'
         [measure]
         sequences = 3
         {observe}"
    );
    RunSpec::from_toml(&text).unwrap()
}

fn rows(dir: &Path) -> Vec<Observation> {
    let loaded = table::read_rows(&dir.join("observables.csv")).unwrap();
    assert_eq!(loaded.problems, []);
    loaded.rows
}

#[test]
fn what_is_observed_last_is_what_the_last_checkpoint_gives() {
    let (spec, dir) = (spec("observe = 'all'"), tempfile::tempdir().unwrap());
    train(&spec, dir.path(), &Environment::default(), &mut ()).unwrap();
    let mut last = rows(dir.path());
    last.retain(|row| row.step == 6);
    let corpus = open_corpus(&spec, &Environment::default()).unwrap();
    let held_out = corpus.held_out(3).unwrap();
    let sequences: Vec<Vec<u32>> = held_out.inputs.chunks(16).map(<[u32]>::to_vec).collect();
    let model = Published::open(&dir.path().join("checkpoints/step-000006")).unwrap();
    let options = ObserveOptions {
        observables: outcrop_observe::select("all").unwrap(),
        ..ObserveOptions::default()
    };
    let (_, mut alone) =
        observe_checkpoint(&model, &sequences, ("tiny", 6), false, &options).unwrap();
    assert_eq!(last.len(), alone.len());
    // a run compares with other steps, a checkpoint alone has none
    for rows in [&mut last, &mut alone] {
        rows.retain(|row| !row.observable.contains("_step"));
    }
    assert!(last.len() > 100);
    assert_eq!(last, alone);
}

#[test]
fn an_interrupted_run_has_the_same_rows_and_observing_changes_no_other() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [straight, stopped, without] = dirs.each_ref().map(tempfile::TempDir::path);
    let observing = spec("observe = 'channels,tokens,cka_steps'\nobserve_per_sequence = true");
    train(&observing, straight, &Environment::default(), &mut ()).unwrap();
    let environment = Environment::default();
    let mut listen = |event: &Event<'_>| {
        if matches!(event, Event::Step { step: 3, .. }) {
            environment.stop.store(true, Ordering::Relaxed);
        }
    };
    let outcome = train(&observing, stopped, &environment, &mut listen).unwrap();
    assert_eq!(outcome, Outcome::Interrupted);
    train(&observing, stopped, &Environment::default(), &mut ()).unwrap();
    train(&spec(""), without, &Environment::default(), &mut ()).unwrap();
    let read = |dir: &Path, name: &str| std::fs::read(dir.join(name)).unwrap();
    assert!(read(straight, "observables.csv") == read(stopped, "observables.csv"));
    for name in [
        "measurements.csv",
        "loss.csv",
        "checkpoints/step-000006/model.safetensors",
    ] {
        assert!(read(straight, name) == read(without, name), "{name}");
    }
    assert!(!without.join("observables.csv").exists());
    assert!(
        !read(without, "run.toml")
            .windows(7)
            .any(|w| w == b"observe")
    );
    let compared = rows(straight).into_iter();
    let compared = compared.filter(|row| row.observable == "jaccard_step_before");
    let (first, later): (Vec<_>, Vec<_>) = compared.partition(|row| row.step == 0);
    assert!(!first.is_empty() && first.iter().all(|row| row.value.is_none()));
    assert!(!later.is_empty() && later.iter().all(|row| row.value.is_some()));
    // the last step is known at the end
    let rows = rows(straight);
    let last = rows
        .iter()
        .filter(|row| row.observable == "jaccard_last_step");
    let steps: BTreeSet<u64> = last.clone().map(|row| row.step).collect();
    assert_eq!(steps, BTreeSet::from([0, 2, 4, 6]));
    assert!(last.clone().all(|row| row.value.is_some()));
    assert!(last.clone().any(|row| row.sequence == Some(2)));
    let own = last.filter(|row| row.step == 6);
    assert!(own.clone().count() > 0 && own.clone().all(|row| row.value == Some(1.0)));
    let first = rows.iter().filter(|row| row.observable == "cka_first_step");
    assert!(first.clone().all(|row| row.value.is_some()));
    let at_first = first.filter(|row| row.step == 0);
    assert!(
        at_first
            .clone()
            .all(|row| (row.value.unwrap() - 1.0).abs() < 1e-9)
    );
}

#[test]
fn labels_of_held_out_sequences() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("labels.csv");
    let write = |last: &str| {
        std::fs::write(&table, format!("sequence,label\n0,a\n1,b\n2,{last}\n")).unwrap()
    };
    write("a");
    let out = dir.path().join("run");
    let keys = |path: &Path| {
        format!(
            "observe = 'kernel_alignment'\nlabels = '{}'",
            path.display()
        )
    };
    let spec_of = spec(&keys(&table));
    train(&spec_of, &out, &Environment::default(), &mut ()).unwrap();
    let rows = rows(&out);
    let labelled = |place: &str| {
        rows.iter()
            .filter(|row| row.observable == "alignment_labels" && row.place == place)
            .all(|row| row.value.is_some())
    };
    assert!(labelled("sequences") && !labelled("residual-stream"));
    // what is no table of these sequences is refused before training
    write("a\n3,b");
    let other = dir.path().join("other");
    let error = train(&spec_of, &other, &Environment::default(), &mut ())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 5") && error.contains("sequence = 3"),
        "{error}"
    );
    assert!(!other.join("measurements.csv").exists());
    let text =
        "model = 'm'\n[arch]\nlayers = 1\nd_model = 8\nheads = 1\n[measure]\nlabels = 'x.csv'\n";
    let error = RunSpec::from_toml(text).unwrap_err().to_string();
    assert!(
        error.contains("measure.labels") && error.contains("measure.observe"),
        "{error}"
    );
}
