#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor, TensorData};
use outcrop_arch::TensorName;
use outcrop_model::{Numbers, ParameterMap, Slot, Transformer};

use super::{AdamW, GradientSum, composed, in_place};

type Fixture = BTreeMap<String, Vec<f64>>;

/// Six steps of `torch.optim.AdamW` with `clip_grad_norm_`; see `export_adamw.py` beside it.
fn fixture() -> Fixture {
    let bytes = include_bytes!("../../tests/fixtures/adamw.safetensors");
    let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let numbers = |view: &safetensors::tensor::TensorView<'_>| match view.dtype() {
        safetensors::Dtype::F32 => {
            let words = view.data().as_chunks().0.iter();
            words
                .map(|b| f64::from(f32::from_le_bytes(*b)))
                .collect::<Vec<_>>()
        }
        _ => view
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|b| f64::from_le_bytes(*b))
            .collect(),
    };
    file.tensors()
        .iter()
        .map(|(name, view)| (name.clone(), numbers(view)))
        .collect()
}

const NAMES: [&str; 3] = ["matrix", "bias", "gain"];

fn tensor(fixture: &Fixture, name: &str) -> Tensor<1> {
    let values: Vec<f32> = fixture[name].iter().map(|&v| v as f32).collect();
    let shape = [values.len()];
    let device = outcrop_model::Backend::Flex.device().unwrap();
    Tensor::from_data(TensorData::new(values, shape), &device)
}

/// `update` makes an update with these gradients and this learning rate, and returns the parameters.
fn six_updates_are_those_of_pytorch(mut update: impl FnMut([Tensor<1>; 3], f64) -> [Vec<f32>; 3]) {
    let fixture = fixture();
    for step in 1..=6 {
        let gradients = NAMES.map(|n| tensor(&fixture, &format!("g{step}.{n}")));
        let parameters = update(gradients, fixture[&format!("lr{step}")][0]);
        for (name, ours) in NAMES.iter().zip(parameters) {
            let theirs = &fixture[&format!("p{step}.{name}")];
            for (a, b) in ours.iter().zip(theirs) {
                assert!(
                    (f64::from(*a) - b).abs() < 2e-6,
                    "step {step}, {name}: {a}, {b}"
                );
            }
        }
    }
}

fn optimizer() -> AdamW {
    AdamW::new([0.9, 0.95], 1e-8, 0.1, 1.0)
}

#[test]
fn six_composed_updates() {
    let mut parameters = NAMES.map(|n| tensor(&fixture(), &format!("p0.{n}")));
    let mut optimizer = optimizer();
    six_updates_are_those_of_pytorch(|gradients, rate| {
        let norm = composed::norm(gradients.iter()).unwrap();
        let scale = optimizer.begin(norm);
        for ((name, p), g) in NAMES.iter().zip(&mut parameters).zip(gradients) {
            *p = optimizer.updated(name, p.clone(), g * scale, rate, *name == "matrix");
        }
        parameters.clone().map(|p| p.try_into_vec_as().unwrap())
    });
}

#[test]
fn six_updates_in_place() {
    let fixture = fixture();
    let mut optimizer = optimizer();
    let mut slots = NAMES.map(|n| {
        let p = tensor(&fixture, &format!("p0.{n}"));
        let numbers = |t: Tensor<1>| Numbers::of(t).unwrap();
        Slot {
            moments: [numbers(p.zeros_like()), numbers(p.zeros_like())],
            gradient: numbers(p.zeros_like()),
            parameter: numbers(p),
            decay: 1.0,
        }
    });
    let mut step = 0;
    six_updates_are_those_of_pytorch(|gradients, rate| {
        for (slot, gradient) in slots.iter_mut().zip(gradients) {
            slot.gradient = Numbers::of(gradient).unwrap();
        }
        slots[0].decay = (1.0 - rate * 0.1) as f32;
        let norm = outcrop_model::sum_of_squares(&slots).sqrt();
        step += 1;
        let expected = fixture[&format!("norm{step}")][0];
        assert!((norm / expected - 1.0).abs() < 1e-6);
        let scale = optimizer.begin(norm);
        let coefficients = optimizer.coefficients(scale, rate);
        outcrop_model::adamw_in_place(&mut slots, &coefficients);
        slots.each_ref().map(|s| s.parameter.as_slice().to_vec())
    });
}

fn model() -> Transformer {
    let mut spec = outcrop_arch::ArchSpec::new(2, 48, 4);
    (spec.context, spec.vocab) = (12, 500);
    let device = outcrop_model::Backend::Flex.device().unwrap();
    Transformer::new(&spec, 3, &device.autodiff()).unwrap()
}

/// Gradients of rows `from` to `to` of a batch of eight.
fn gradients(model: &Transformer, rows: std::ops::Range<usize>) -> Gradients {
    let token = |i: usize| ((i * i * 7 + i / 3) % 500) as u32;
    let tokens = |first: usize| (12 * rows.start + first..12 * rows.end + first).map(token);
    let ids = |first| {
        let tokens: Vec<u32> = tokens(first).collect();
        outcrop_model::ids(&tokens, [rows.len(), 12], model.device())
    };
    let loss = model.loss(ids(0), ids(1), &mut outcrop_model::NoTap);
    loss.backward()
}

/// What a model consists of, with where it lies.
#[derive(Default)]
struct Look(BTreeMap<String, (Vec<f32>, usize)>);

impl ParameterMap for Look {
    fn map<const D: usize>(&mut self, weight: &TensorName, t: Tensor<D>) -> Tensor<D> {
        let numbers = Numbers::of(t.clone()).unwrap();
        let slice = numbers.as_slice();
        self.0
            .insert(weight.name.clone(), (slice.to_vec(), slice.as_ptr().addr()));
        t
    }
}

fn look(model: Transformer) -> (Transformer, Look) {
    let mut look = Look::default();
    (model.map_parameters(&mut look), look)
}

fn assert_close(a: &Look, b: &Look, tolerance: f32) {
    assert!(!a.0.is_empty());
    for ((name, (a, _)), (b, _)) in a.0.iter().zip(b.0.values()) {
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            assert!((a - b).abs() <= tolerance, "{name} {i}: {a} {b}");
        }
    }
}

#[test]
fn in_place_is_as_composed() {
    let (mut ours, mut theirs) = (model(), model());
    let (mut here, mut there) = (optimizer(), optimizer());
    for _ in 0..5 {
        // of one model for both, since a gradient that is nothing but rounding makes a whole step
        let mut sums = [GradientSum::default(), GradientSum::default()];
        for sum in &mut sums {
            let of = gradients(&ours, 0..8);
            ours = sum.add(ours, of).unwrap();
        }
        let [a, b] = sums;
        let (norm, other);
        (ours, norm) = in_place::step(&mut here, ours, a, 1e-2).unwrap();
        (theirs, other) = composed::step(&mut there, theirs, b, 1e-2).unwrap();
        // ours is summed in f64, the other in f32
        assert!((norm / other - 1.0).abs() < 1e-5, "{norm} {other}");
    }
    let ((_, ours), (_, theirs)) = (look(ours), look(theirs));
    assert_close(&ours, &theirs, 1e-6);
}

#[test]
fn nothing_moves_and_threads_do_not_matter() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let (mut model, before) = look(model());
            let mut optimizer = optimizer();
            for _ in 0..3 {
                let of = gradients(&model, 0..8);
                model = optimizer.step(model, of, 1e-2).unwrap().0;
            }
            let (_, after) = look(model);
            for (name, (_, place)) in &after.0 {
                assert_eq!(*place, before.0[name].1, "{name}");
            }
            after
        })
    };
    assert_close(&run(1), &run(2), 0.0);
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    let (model, before) = look(model());
    let of = gradients(&model, 0..8);
    let mut sum = GradientSum::default();
    let model = sum.add(model, of).unwrap();
    let first = sum.sums.values_mut().next().unwrap();
    *first = first.clone() * f32::NAN;
    let mut optimizer = optimizer();
    let (model, norm) = optimizer.step_with(model, sum, 1e-2).unwrap();
    assert!(norm.is_nan() && optimizer.updates() == 0);
    assert_close(&before, &look(model).1, 0.0);
}

#[test]
fn parts_of_a_batch_make_the_update_of_the_whole() {
    let update = |parts: usize| {
        let mut model = model();
        let mut sum = GradientSum::default();
        for part in 0..parts {
            let rows = 8 / parts * part..8 / parts * (part + 1);
            let of = gradients(&model, rows);
            model = sum.add(model, of).unwrap();
        }
        let (_, norm) = optimizer().step_with(model, sum.clone(), 1e-2).unwrap();
        let parts = parts as f32;
        let mean = |g: &Tensor<1>| (g.clone() / parts).try_into_vec_as::<f32>().unwrap();
        (norm, sum.sums.values().map(mean).collect::<Vec<_>>())
    };
    let ((norm, whole), (other, parts)) = (update(1), update(4));
    assert!((norm / other - 1.0).abs() < 1e-6, "{norm} {other}");
    for (a, b) in whole.iter().zip(&parts) {
        let size = a.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-6 * (1.0 + size), "{a} {b}");
        }
    }
}

#[test]
fn the_schedule_is_the_one_of_the_fixture() {
    let fixture = fixture();
    let spec = crate::TrainSpec {
        steps: 6,
        warmup: 2,
        learning_rate: 0.05,
        ..crate::TrainSpec::default()
    };
    for step in 1..=6 {
        let rate = crate::learning_rate(&spec, step - 1);
        assert!((rate - fixture[&format!("lr{step}")][0]).abs() < 1e-15);
    }
}
