//! A run on a GPU backend draws the weights and computes the numbers of the run on the CPU.
#![cfg(all(feature = "flex", any(feature = "wgpu", feature = "vulkan")))]

use outcrop_core::table::{measurements, read_rows};
use outcrop_core::{Loss, Measurement};
use outcrop_model::{Backend, Error};
use outcrop_train::{Environment, Outcome, RunSpec, train};

/// How far two backends may lie apart, relative to the number.
const TOLERANCE: f64 = 1e-4;

/// A run of few steps. Adam divides by the root of a mean square, so it lifts a difference of
/// rounding up: many steps later two backends are as far apart as two seeds.
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
    steps = 6
    batch = 4
    warmup = 2
    [schedule]
    measure = '0,every:1'
    save = '0'
    [measure]
    sequences = 4";

#[test]
fn a_gpu_computes_what_the_cpu_computes() {
    let spec = RunSpec::from_toml(SPEC).unwrap();
    let cpu = Run::on(Backend::Flex, &spec);
    for backend in [Backend::Wgpu, Backend::Vulkan] {
        if !backend.is_compiled() {
            continue;
        }
        if let Err(Error::NoDevice { reason, .. }) = backend.device() {
            eprintln!("{backend} was not tested: this machine has no device for it ({reason})");
            continue;
        }
        let gpu = Run::on(backend, &spec);
        assert_eq!(gpu.weights, cpu.weights, "weights of step 0 on {backend}");
        for step in 0..=spec.train.steps {
            let losses = apart(cpu.losses(step), gpu.losses(step));
            let states = apart(cpu.states(step), gpu.states(step));
            eprintln!("{backend}, step {step}: losses {losses:.1e}, hidden states {states:.1e}");
            assert!(
                losses < TOLERANCE,
                "losses at step {step} on {backend}: {losses}"
            );
            assert!(
                states < TOLERANCE,
                "hidden states at step {step} on {backend}: {states}"
            );
        }
    }
}

/// What a run left behind.
struct Run {
    weights: Vec<u8>,
    losses: Vec<Loss>,
    measurements: Vec<Measurement>,
}

impl Run {
    fn on(backend: Backend, spec: &RunSpec) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment {
            backend,
            ..Environment::default()
        };
        let outcome = train(spec, dir.path(), &environment, &mut ()).unwrap();
        assert_eq!(outcome, Outcome::Finished);
        let file = |name: &str| dir.path().join(name);
        Self {
            weights: std::fs::read(file("checkpoints/step-000000/model.safetensors")).unwrap(),
            losses: read_rows(&file("loss.csv")).unwrap().rows,
            measurements: measurements(&file("measurements.csv")).unwrap().rows,
        }
    }

    /// Every number of `loss.csv` at one step.
    fn losses(&self, step: u64) -> Vec<f64> {
        let rows = self.losses.iter().filter(|r| r.step == step);
        rows.flat_map(|r| [r.loss, Some(r.held_out_loss), r.gradient_norm])
            .flatten()
            .collect()
    }

    /// Largest magnitudes, median and their ratio of every sequence and layer at one step.
    fn states(&self, step: u64) -> Vec<f64> {
        let rows = self.measurements.iter().filter(|r| r.step == step);
        rows.flat_map(|r| {
            let top = r.stats.top.map(|t| f64::from(t.unwrap().magnitude));
            let median = f64::from(r.stats.median.unwrap());
            top.into_iter().chain([median, r.stats.ratio().unwrap()])
        })
        .collect()
    }
}

/// The largest relative difference.
fn apart(ours: Vec<f64>, theirs: Vec<f64>) -> f64 {
    assert!(!ours.is_empty() && ours.len() == theirs.len());
    let relative = |(a, b): (f64, f64)| (a - b).abs() / a.abs();
    ours.into_iter()
        .zip(theirs)
        .map(relative)
        .fold(0.0, |largest, d| {
            assert!(!d.is_nan());
            d.max(largest)
        })
}
