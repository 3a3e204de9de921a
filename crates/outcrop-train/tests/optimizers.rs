//! Every optimiser against PyTorch, its two forms against each other, and the same bits however a run went.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod model;

use std::path::Path;
use std::sync::atomic::Ordering;

use model::{CASES, Weights, assert_close, expected, model, with_gradients};
use outcrop_train::{
    Environment, Event, OptimizerKind, Outcome, RunSpec, TrainSpec, learning_rate, train,
};

/// The largest difference from f64 of a parameter after twenty updates of at most 0.05.
const TOLERANCE: f64 = 2e-6;

fn steps_are_those_of_the_fixture(composed: bool) {
    let fixture = expected();
    for (case, spec) in CASES {
        let spec = spec();
        let (mut model, mut optimizer) = (model(), spec.new_optimizer());
        if composed {
            optimizer = optimizer.composed();
        }
        for step in 1..=20 {
            let (given, gradients) = with_gradients(model, &Weights::gradients(step));
            let rate = learning_rate(&spec, step - 1);
            let (updated, norm) = optimizer.step(given, gradients, rate).unwrap();
            let expected = fixture["norm"][step as usize - 1];
            assert!(
                (norm / expected - 1.0).abs() < 1e-6,
                "{case}, {step}: {norm}"
            );
            let (same, weights) = Weights::of(updated);
            model = same;
            if let Some(expected) = fixture.get(&format!("{case}.{step}")) {
                assert_close(
                    &weights.flat(),
                    expected,
                    TOLERANCE,
                    &format!("{case}, {step}"),
                );
            }
        }
    }
}

#[test]
fn one_and_twenty_steps_in_place_are_those_of_pytorch() {
    steps_are_those_of_the_fixture(false);
}

#[test]
fn one_and_twenty_composed_steps_are_those_of_pytorch() {
    steps_are_those_of_the_fixture(true);
}

#[test]
fn every_optimiser_is_in_the_fixture() {
    for kind in OptimizerKind::all() {
        assert!(
            CASES.iter().any(|(_, spec)| spec().optimizer == kind),
            "{kind:?}"
        );
    }
    for (case, _) in CASES {
        assert!(expected().contains_key(&format!("{case}.20")), "{case}");
    }
}

#[test]
fn muon_makes_singular_values_nearly_one() {
    let arch = outcrop_arch::ArchSpec::new(1, 64, 2);
    // queries, keys and values; the output; up; down
    assert_eq!(changed_by_muon(arch), 4);
}

/// The matrix of each expert is one of its own.
#[test]
fn muon_takes_experts_one_by_one() {
    let experts = outcrop_arch::Experts {
        count: EXPERTS,
        chosen: 2,
        width: 16,
        layers: vec![1],
        normalised: true,
        limit: None,
        shared: None,
    };
    let arch = outcrop_arch::ArchSpec {
        experts: Some(experts),
        activation: outcrop_arch::Activation::SwiGlu,
        residual: outcrop_arch::Residual::Sequential,
        ..outcrop_arch::ArchSpec::new(1, 64, 2)
    };
    // the router, and both matrices of experts, in the place of up and down
    assert_eq!(changed_by_muon(arch), 5);
}

const EXPERTS: usize = 3;

/// Gradients are rows of a matrix scaled from an orthonormal basis: its singular values are the scales, and those of the
/// update are what five steps make of them, one by one. Gradients of experts differ in size, their updates do not. How many
/// matrices there were.
fn changed_by_muon(mut arch: outcrop_arch::ArchSpec) -> usize {
    let spec = TrainSpec {
        optimizer: OptimizerKind::named("muon").unwrap(),
        momentum: Some(0.0),
        nesterov: Some(false),
        weight_decay: 0.0,
        clip: f64::INFINITY,
        ..TrainSpec::default()
    };
    (arch.vocab, arch.context) = (8, 8);
    let device = outcrop_model::Backend::Flex.device().unwrap().autodiff();
    let step = |x: f64| 3.4445 * x - 4.7750 * x.powi(3) + 2.0315 * x.powi(5);
    // singular values from 1 to 1e-4
    let scales = |count: usize| -> Vec<f64> {
        let exponent = |i: usize| -4.0 * i as f64 / (count - 1).max(1) as f64;
        (0..count).map(|i| 10f64.powf(exponent(i))).collect()
    };
    let after = |count: usize| -> Vec<f64> {
        let scales = scales(count);
        let norm = scales.iter().map(|x| x * x).sum::<f64>().sqrt();
        let after = |x: &f64| (0..5).fold(x / norm, |x, _| step(x));
        scales.iter().map(after).collect()
    };
    // number i of a matrix with these singular values; the shorter side has them
    let number = |[rows, columns]: [usize; 2], i: usize, scales: &[f64]| {
        let (row, column) = (i / columns, i % columns);
        match rows <= columns {
            true => scales[row] * basis(row, column, columns),
            false => scales[column] * basis(column, row, rows),
        }
    };
    let split = |name: &str, [rows, columns]: [usize; 2], i: usize| {
        let own = match name.contains("mlp.experts") && rows > 1 {
            true => rows / EXPERTS,
            false => rows,
        };
        ([own, columns], i % (own * columns), i / (own * columns))
    };
    let mut matrices = 0;
    for composed in [false, true] {
        let model = outcrop_model::Transformer::new(&arch, 1, &device).unwrap();
        let (model, before) = Weights::of(model);
        let gradients = before.map(|name, shape, i| {
            let (shape, i, expert) = split(name, shape, i);
            let least = shape[0].min(shape[1]);
            (expert + 1) as f64 * number(shape, i, &scales(least))
        });
        let (model, gradients) = with_gradients(model, &gradients);
        let mut optimizer = spec.new_optimizer();
        if composed {
            optimizer = optimizer.composed();
        }
        let (model, _) = optimizer.step(model, gradients, 1.0).unwrap();
        let (_, updated) = Weights::of(model);
        matrices = 0;
        for (name, (shape, weights)) in &updated.0 {
            let &[rows, columns] = shape.as_slice() else {
                continue;
            };
            if !name.contains("layers.0") {
                continue;
            }
            matrices += 1;
            for (i, (new, old)) in weights.iter().zip(&before.0[name].1).enumerate() {
                let (shape, i, _) = split(name, [rows, columns], i);
                let size = 0.2 * (shape[0].max(shape[1]) as f64).sqrt();
                let direction = number(shape, i, &after(shape[0].min(shape[1])));
                let change = f64::from(*old) - f64::from(*new);
                assert!(
                    (change - size * direction).abs() < 1e-4 * size,
                    "{name} {i}, composed {composed}: {change}"
                );
            }
        }
    }
    matrices
}

/// Row `row` of the orthonormal cosine transform of length `n`.
fn basis(row: usize, column: usize, n: usize) -> f64 {
    let angle = std::f64::consts::PI * (column as f64 + 0.5) * row as f64 / n as f64;
    let size = if row == 0 { 1.0 } else { 2f64.sqrt() };
    size * angle.cos() / (n as f64).sqrt()
}

#[test]
fn threads_do_not_matter() {
    for kind in OptimizerKind::all() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| {
                let dir = tempfile::tempdir().unwrap();
                let spec = spec(kind);
                train(&spec, dir.path(), &Environment::default(), &mut ()).unwrap();
                weights(dir.path())
            })
        };
        let once = run(1);
        for threads in [2, 3, 8, 16] {
            assert!(run(threads) == once, "{kind:?}, {threads} threads");
        }
    }
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    for kind in OptimizerKind::all() {
        let spec = TrainSpec {
            optimizer: kind,
            ..TrainSpec::default()
        };
        let (model, before) = Weights::of(model());
        let gradients = before.map(|_, _, i| if i == 3 { f64::NAN } else { 1.0 });
        let (model, gradients) = with_gradients(model, &gradients);
        let mut optimizer = spec.new_optimizer();
        let (model, norm) = optimizer.step(model, gradients, 1e-2).unwrap();
        assert!(norm.is_nan() && optimizer.updates() == 0, "{kind:?}");
        assert!(Weights::of(model).1.flat() == before.flat(), "{kind:?}");
    }
}

fn spec(kind: OptimizerKind) -> RunSpec {
    let text = format!(
        "model = 'tiny'
         [arch]
         layers = 2
         d_model = 48
         heads = 2
         context = 16
         [data]
         corpus = 'bigram-backcopy:500'
         [train]
         optimizer = '{}'
         steps = 6
         batch = 8
         warmup = 2
         [schedule]
         measure = '0,last'
         save = 'every:5'",
        kind.word()
    );
    RunSpec::from_toml(&text).unwrap()
}

fn weights(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join("checkpoints/step-000006/model.safetensors")).unwrap()
}

#[test]
fn an_interrupted_run_goes_on_with_the_same_bits() {
    for kind in OptimizerKind::all() {
        let (straight, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let spec = spec(kind);
        train(&spec, straight.path(), &Environment::default(), &mut ()).unwrap();
        let environment = Environment::default();
        let mut stop_after_three = |event: &Event<'_>| {
            if let Event::Step { step: 3, .. } = event {
                environment.stop.store(true, Ordering::Relaxed);
            }
        };
        let outcome = train(&spec, stopped.path(), &environment, &mut stop_after_three).unwrap();
        assert_eq!(outcome, Outcome::Interrupted);
        let outcome = train(&spec, stopped.path(), &Environment::default(), &mut ()).unwrap();
        assert_eq!(outcome, Outcome::Finished);
        assert!(
            weights(straight.path()) == weights(stopped.path()),
            "{kind:?}"
        );
        let state = "checkpoints/step-000005/resume/optimizer.safetensors";
        let state = |dir: &Path| std::fs::read(dir.join(state)).unwrap();
        assert!(state(straight.path()) == state(stopped.path()), "{kind:?}");
        // nothing goes on from the last step
        let last = straight.path().join("checkpoints/step-000006/resume");
        assert!(!last.join("optimizer.safetensors").exists(), "{kind:?}");
    }
}

/// `docs/optimizers.md` ends with the reference; with `UPDATE_DOCS=1` it is written.
#[test]
fn the_page_lists_every_optimiser() {
    const HEAD: &str =
        "<!-- written by `UPDATE_DOCS=1 cargo test -p outcrop-train --test optimizers` -->\n";
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/optimizers.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, _) = text.split_once(HEAD).unwrap();
    let written = format!("{before}{HEAD}{}", OptimizerKind::reference());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &written).unwrap();
    }
    let read = std::fs::read_to_string(&page).unwrap();
    assert!(
        read == written,
        "run UPDATE_DOCS=1 cargo test -p outcrop-train --test optimizers"
    );
}
