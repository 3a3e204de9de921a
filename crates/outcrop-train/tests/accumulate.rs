//! Updates in parts: the numbers of whole batches, and the same bits however a run went.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::atomic::Ordering;

use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

fn spec(accumulate: usize) -> RunSpec {
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
         accumulate = {accumulate}
         warmup = 2
         [schedule]
         measure = '0,last'
         save = 'last'"
    );
    RunSpec::from_toml(&text).unwrap()
}

fn weights(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join("checkpoints/step-000006/model.safetensors")).unwrap()
}

/// The losses of all updates, and the weights at the end.
fn run(spec: &RunSpec) -> (Vec<f64>, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let mut losses = Vec::new();
    let mut listen = |event: &Event<'_>| {
        if let Event::Step { loss, .. } = event {
            losses.push(*loss);
        }
    };
    train(spec, dir.path(), &Environment::default(), &mut listen).unwrap();
    (losses, weights(dir.path()))
}

#[test]
fn four_parts_learn_as_one() {
    let ((whole, _), (parts, bits)) = (run(&spec(1)), run(&spec(4)));
    assert_eq!(whole.len(), 6);
    for (a, b) in whole.iter().zip(&parts) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    assert!(run(&spec(4)).1 == bits);
}

#[test]
fn a_run_in_parts_goes_on_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let environment = Environment::default();
    let mut stop_after_three = |event: &Event<'_>| {
        if let Event::Step { step: 3, .. } = event {
            environment.stop.store(true, Ordering::Relaxed);
        }
    };
    let outcome = train(&spec(4), dir.path(), &environment, &mut stop_after_three).unwrap();
    assert_eq!(outcome, Outcome::Interrupted);
    let outcome = train(&spec(4), dir.path(), &Environment::default(), &mut ()).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    assert!(weights(dir.path()) == run(&spec(4)).1);
}
