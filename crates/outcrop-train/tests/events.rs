//! What changes in the middle of a run: refused where it is wrong, the same bits however the run went.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;
use std::sync::atomic::Ordering;

use outcrop_core::{Document, EventKind, LossPoint, TrainingEvent, table};
use outcrop_train::{Environment, Event, Outcome, RunSpec, train};

const SPEC: &str = "model = 'tiny'
[arch]
layers = 2
d_model = 16
heads = 2
context = 16
[data]
corpus = 'bigram-backcopy'
[train]
steps = 8
batch = 8
warmup = 2
[schedule]
measure = '0,every:1'
save = '0,4,last'
";

/// One of each, from step 4 on.
const EVENTS: [&str; 5] = [
    "learning_rate_factor = 0.25",
    "weight_decay = 5.0",
    "tail_penalty = 10.0",
    "clamp = 2.0",
    "noise = 0.5\nnoise_above = 3.0",
];

fn with(events: &str, train: &str) -> RunSpec {
    let text = SPEC.replace("[schedule]", &format!("{train}\n[schedule]"));
    RunSpec::from_toml(&format!("{text}{events}")).unwrap()
}

fn from_four(keys: &str) -> String {
    format!("[[events]]\nstep = 4\n{keys}\n")
}

fn weights(dir: &Path, step: u64) -> Vec<u8> {
    std::fs::read(dir.join(format!("checkpoints/step-{step:06}/model.safetensors"))).unwrap()
}

fn run(spec: &RunSpec) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    train(spec, dir.path(), &Environment::default(), &mut ()).unwrap();
    dir
}

fn losses(dir: &Path) -> Vec<LossPoint> {
    table::read_rows(&dir.join("loss.csv")).unwrap().rows
}

#[test]
fn an_event_changes_what_comes_after_its_step_and_nothing_before() {
    let plain = run(&with("", ""));
    for keys in EVENTS {
        let changed = run(&with(&from_four(keys), ""));
        assert!(
            weights(changed.path(), 4) == weights(plain.path(), 4),
            "{keys}"
        );
        assert!(
            weights(changed.path(), 8) != weights(plain.path(), 8),
            "{keys}"
        );
    }
}

#[test]
fn learning_rate_and_decay_are_those_of_a_run_that_has_them_from_the_beginning() {
    let plain = losses(run(&with("", "")).path());
    let halved = losses(run(&with(&from_four("learning_rate_factor = 0.5"), "")).path());
    for (a, b) in plain.iter().zip(&halved) {
        // the row of step s has the rate of the update before
        let factor = if a.step > 4 { 0.5 } else { 1.0 };
        assert_eq!(a.learning_rate.map(|r| r * factor), b.learning_rate);
    }
    let event = "[[events]]\nstep = 0\nweight_decay = 2.0\n";
    let (set, given) = (run(&with(event, "")), run(&with("", "weight_decay = 2.0")));
    assert!(weights(set.path(), 8) == weights(given.path(), 8));
}

#[test]
fn what_is_set_back_leaves_nothing() {
    let on = "[[events]]\nstep = 0\nclamp = 3.0\ntail_penalty = 1.0\nnoise = 0.1\n";
    let off = "[[events]]\nstep = 4\nclamp = inf\ntail_penalty = 0.0\nnoise = 0.0\n";
    let both = with(&format!("{on}{off}"), "");
    let rows = table::read_rows::<TrainingEvent>(&run(&both).path().join("events.csv"))
        .unwrap()
        .rows;
    let found: Vec<_> = rows.iter().map(|e| (e.step, e.event, e.value)).collect();
    assert_eq!(
        found,
        [
            (0, EventKind::SetTailPenalty, Some(1.0)),
            (0, EventKind::SetClamp, Some(3.0)),
            (0, EventKind::SetNoise, Some(0.1)),
            (4, EventKind::SetTailPenalty, Some(0.0)),
            (4, EventKind::SetClamp, None),
            (4, EventKind::SetNoise, Some(0.0)),
        ]
    );
    // an event before the first update is that of a run without it, once it is set back
    let nothing = "[[events]]\nstep = 0\nclamp = inf\ntail_penalty = 0.0\nnoise = 0.0\n";
    let (plain, nothing) = (run(&with("", "")), run(&with(nothing, "")));
    assert!(weights(plain.path(), 8) == weights(nothing.path(), 8));
    assert!(!plain.path().join("events.csv").exists());
}

#[test]
fn interrupted_runs_in_parts_and_on_other_threads_end_with_the_same_bits() {
    let noisy = EVENTS.map(from_four);
    for events in noisy.into_iter().chain([String::new()]) {
        let spec = with(&events, "z_loss = 0.01\naccumulate = 2");
        let straight = run(&spec);
        let stopped = tempfile::tempdir().unwrap();
        let environment = Environment::default();
        let mut stop_after_six = |event: &Event<'_>| {
            if let Event::Step { step: 6, .. } = event {
                environment.stop.store(true, Ordering::Relaxed);
            }
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(3)
            .build()
            .unwrap();
        let mut outcome =
            pool.install(|| train(&spec, stopped.path(), &environment, &mut stop_after_six));
        assert_eq!(outcome.unwrap(), Outcome::Interrupted);
        outcome = train(&spec, stopped.path(), &Environment::default(), &mut ());
        assert_eq!(outcome.unwrap(), Outcome::Finished);
        assert!(
            weights(straight.path(), 8) == weights(stopped.path(), 8),
            "{events}"
        );
    }
}

#[test]
fn the_loss_that_is_told_is_the_cross_entropy_with_its_terms_beside_it() {
    let told = |spec: &RunSpec| {
        let dir = tempfile::tempdir().unwrap();
        let mut first = None;
        let mut listen = |event: &Event<'_>| {
            if let Event::Step {
                step: 1,
                loss,
                z,
                tails,
            } = event
            {
                first = Some((*loss, *z, *tails));
            }
        };
        train(spec, dir.path(), &Environment::default(), &mut listen).unwrap();
        first.unwrap()
    };
    let (plain, z, tails) = told(&with("", ""));
    assert_eq!((z, tails), (None, None));
    let event = "[[events]]\nstep = 0\ntail_penalty = 1.0\n";
    let (loss, z, tails) = told(&with(event, "z_loss = 0.5"));
    assert_eq!(loss, plain);
    // 65 tokens that are about equally likely; what a logit strays from the others only adds to it
    let equal = 65f64.ln().powi(2);
    assert!(z.unwrap() > equal && z.unwrap() < 1.3 * equal, "{z:?}");
    assert!(tails.unwrap() > 0.0 && tails.unwrap() < 1.0, "{tails:?}");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (events, parts) in [
        (
            "[[events]]\nstep = 8\nclamp = 2.0",
            vec!["line 17", "events[0].step = 8", "train.steps = 8"],
        ),
        (
            "[[events]]\nstep = 4\nclamp = 2.0\n[[events]]\nstep = 4\nnoise = 1.0",
            vec!["line 20", "events[1].step = 4", "above 4"],
        ),
        (
            "[[events]]\nstep = 4\nclmp = 2.0",
            vec!["line 18", "clmp", "did you mean `clamp`"],
        ),
        (
            "[[events]]\nstep = 4\nclamp = 0.0",
            vec!["line 18", "events[0].clamp", "`inf` for none"],
        ),
        (
            "[[events]]\nstep = 4\ntail_penalty = nan",
            vec!["line 18", "events[0].tail_penalty"],
        ),
        (
            "[[events]]\nstep = 4\nnoise = 'x'",
            vec!["line 18", "noise"],
        ),
        ("[[events]]\nclamp = 2.0", vec!["line 16", "step"]),
        (
            "[[events]]\nstep = 4",
            vec!["line 17", "an event that sets one of", "clamp"],
        ),
        (
            "[[events]]\nstep = -1\nclamp = 2.0",
            vec!["line 17", "step"],
        ),
        ("[events]\nstep = 4", vec!["line 16", "[[events]]"]),
    ] {
        let text = format!("{SPEC}{events}\n");
        let document = Document::parse(&text, "spec.toml").unwrap();
        let error = RunSpec::from_document(&document).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{events}: {error}");
        }
    }
}
