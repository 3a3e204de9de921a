//! A GPU backend draws the weights of the CPU and, from the same weights, computes its numbers.
#![cfg(all(feature = "flex", any(feature = "wgpu", feature = "vulkan")))]

use std::path::Path;

use outcrop_core::LossPoint;
use outcrop_core::table::read_rows;
use outcrop_model::{Backend, Error, StatsTap, Transformer, cross_entropy, ids};
use outcrop_train::{Environment, Outcome, RunSpec, train};

/// How far two backends may lie apart, relative to the number.
const TOLERANCE: f64 = 1e-4;

/// A run with a checkpoint of drawn weights and two of trained ones. Between them the backends part:
/// AdamW divides by the root of a mean square, which makes a whole update of a gradient that is
/// nothing but rounding.
const SPEC: &str = "
    model = 'tiny'
    [arch]
    layers = 2
    d_model = 32
    heads = 2
    context = 32
    [data]
    corpus = 'bigram-backcopy'
    [train]
    steps = 60
    batch = 4
    learning_rate = 1e-2
    warmup = 2
    [schedule]
    measure = '0,1,last'
    save = '0,every:30'";

#[test]
fn a_gpu_computes_what_the_cpu_computes() {
    let spec = RunSpec::from_toml(SPEC).unwrap();
    let on_cpu = tempfile::tempdir().unwrap();
    run(Backend::Flex, &spec, on_cpu.path());
    for backend in [Backend::Wgpu, Backend::Vulkan] {
        if !backend.is_compiled() {
            continue;
        }
        if let Err(Error::NoDevice { reason, .. }) = backend.device() {
            eprintln!("{backend} was not tested: this machine has no device for it ({reason})");
            continue;
        }
        let mut first = spec.clone();
        first.train.steps = 1;
        first.train.warmup = 1;
        first.schedule.measure = "0,1".into();
        first.schedule.save = "0".into();
        let on_gpu = tempfile::tempdir().unwrap();
        run(backend, &first, on_gpu.path());
        assert_eq!(
            drawn_weights(on_gpu.path()),
            drawn_weights(on_cpu.path()),
            "{backend}"
        );
        // Loss and gradients of the first update are those of the weights of step 0.
        let (cpu, gpu) = (update(on_cpu.path()), update(on_gpu.path()));
        check(backend, "first update", &cpu, &gpu);
        for step in [0, 30, 60] {
            let file = on_cpu.path().join(model_file(step));
            let [cpu, gpu] = [Backend::Flex, backend].map(|b| forward(b, &file));
            check(backend, &format!("step {step}, losses"), &cpu.0, &gpu.0);
            check(
                backend,
                &format!("step {step}, hidden states"),
                &cpu.1,
                &gpu.1,
            );
        }
    }
}

fn run(backend: Backend, spec: &RunSpec, dir: &Path) {
    let environment = Environment {
        backend,
        ..Environment::default()
    };
    let outcome = train(spec, dir, &environment, &mut ()).unwrap();
    assert_eq!(outcome, Outcome::Finished);
}

fn model_file(step: u64) -> String {
    format!("checkpoints/step-{step:06}/model.safetensors")
}

fn drawn_weights(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join(model_file(0))).unwrap()
}

/// Loss and gradient norm of the first update.
fn update(dir: &Path) -> Vec<f64> {
    let rows: Vec<LossPoint> = read_rows(&dir.join("loss.csv")).unwrap().rows;
    let first = rows.iter().find(|row| row.step == 1).unwrap();
    vec![first.loss.unwrap(), first.gradient_norm.unwrap()]
}

/// The loss, and top-3 magnitudes, median and ratio of every layer and sequence, of the weights in
/// `file` on four sequences.
fn forward(backend: Backend, file: &Path) -> (Vec<f64>, Vec<f64>) {
    let device = backend.device().unwrap();
    let arch = RunSpec::from_toml(SPEC).unwrap().arch;
    let model = Transformer::load(&arch, file, &device).unwrap();
    // Every symbol, in an order that the corpus does not have.
    let tokens: Vec<u32> = (0..4 * 33).map(|i| 37 * i % 64).collect();
    let rows = || tokens.chunks(33);
    let x: Vec<u32> = rows().flat_map(|row| &row[..32]).copied().collect();
    let y: Vec<u32> = rows().flat_map(|row| &row[1..]).copied().collect();
    let mut tap = StatsTap::new();
    let logits = model.forward(ids(&x, [4, 32], &device), &mut tap);
    let loss = cross_entropy(logits, ids(&y, [4, 32], &device));
    let loss = loss.try_into_scalar::<f32>().unwrap();
    let stats = tap.into_stats().unwrap().into_iter().flatten();
    let states = stats.flat_map(|stats| {
        let top = stats.top.map(|t| f64::from(t.unwrap().magnitude));
        let median = f64::from(stats.median.unwrap());
        top.into_iter().chain([median, stats.ratio().unwrap()])
    });
    (vec![f64::from(loss)], states.collect())
}

fn check(backend: Backend, what: &str, cpu: &[f64], gpu: &[f64]) {
    let apart = apart(cpu, gpu);
    eprintln!("{backend}, {what}: {apart:.1e}");
    assert!(apart < TOLERANCE, "{what} on {backend}: {apart}");
}

/// The largest relative difference.
fn apart(ours: &[f64], theirs: &[f64]) -> f64 {
    assert!(!ours.is_empty() && ours.len() == theirs.len());
    let relative = |(a, b): (&f64, &f64)| (a - b).abs() / a.abs();
    ours.iter()
        .zip(theirs)
        .map(relative)
        .fold(0.0, |largest, d| {
            assert!(!d.is_nan());
            d.max(largest)
        })
}
