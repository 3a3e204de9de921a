//! The operations of our own against those composed of Burn's: losses, hidden states and gradients.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};
use outcrop_arch::{Activation, ArchSpec, Bias, Position, Residual, TensorName};
use outcrop_core::LayerStats;
use outcrop_measure::Meter;
use outcrop_model::{Backend, NoTap, ParameterMap, StatsTap, Tap, TapPoint, Transformer, ids};
use proptest::prelude::*;

/// Moves every parameter away from 0 and 1, so that no gradient vanishes. Not far: attention scores of
/// tens would make much of the roundings on both sides.
struct Stir(u64);

impl ParameterMap for Stir {
    fn map<const D: usize>(&mut self, _: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        self.0 += 1;
        let count: usize = tensor.dims().iter().product();
        let noise = (0..count).map(|i| ((i as u64 * 31 + self.0 * 17) as f32).sin() * 0.05);
        let noise: Vec<f32> = noise.collect();
        let noise = Tensor::<1>::from_floats(noise.as_slice(), &tensor.device().inner());
        let stirred = tensor.clone().inner() + noise.reshape(tensor.dims());
        Tensor::from_inner(stirred).set_require_grad(tensor.is_require_grad())
    }
}

/// Takes the gradients out.
struct Take(Gradients, BTreeMap<String, Vec<f32>>);

impl ParameterMap for Take {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let gradient = tensor.grad_remove(&mut self.0).unwrap();
        assert_eq!(gradient.dims(), tensor.dims(), "{}", weight.name);
        self.1
            .insert(weight.name.clone(), gradient.try_into_vec_as().unwrap());
        tensor
    }
}

/// Keeps the residual stream after every block.
#[derive(Default)]
struct Keep(Vec<Vec<f32>>);

impl Tap for Keep {
    fn tap(&mut self, _: usize, _: TapPoint, hidden: &Tensor<3>) {
        self.0
            .push(hidden.clone().inner().try_into_vec_as().unwrap());
    }
}

/// Loss, hidden states and gradients by name.
fn results(model: &Transformer, sequences: usize) -> BTreeMap<String, Vec<f32>> {
    let (t, vocab) = (model.spec().context - 1, model.spec().vocab);
    let token = |i: usize| ((i * i * 7 + i) % vocab) as u32;
    let tokens: Vec<u32> = (0..=sequences * t).map(token).collect();
    let shape = [sequences, t];
    let x = ids(&tokens[..sequences * t], shape, model.device());
    let y = ids(&tokens[1..], shape, model.device());
    let mut keep = Keep::default();
    let loss = model.loss(x, y, &mut keep);
    let mut take = Take(loss.backward(), BTreeMap::new());
    model.clone().map_parameters(&mut take);
    let mut all = take.1;
    all.insert("loss".into(), loss.inner().try_into_vec_as().unwrap());
    let hidden = keep.0.into_iter().enumerate();
    all.extend(hidden.map(|(i, h)| (format!("hidden {i}"), h)));
    all
}

fn model(spec: &ArchSpec) -> Transformer {
    let device = Backend::Flex.device().unwrap().autodiff();
    Transformer::new(spec, 3, &device)
        .unwrap()
        .map_parameters(&mut Stir(0))
}

/// Largest difference over the largest number, or over `least` where that is more.
fn distance(a: &[f32], b: &[f32], least: f32) -> f32 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(least, |m, x| m.max(x.abs()));
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0f32, |m, x| if x > m || x.is_nan() { x } else { m }) / size
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fused_is_composed(
        layers in 1usize..3, heads in 1usize..4, d_head in 4usize..8, context in 2usize..80,
        d_ff in 1usize..50, vocab in 2usize..80, sequences in 1usize..5,
        tanh in any::<bool>(), flags in 0usize..8,
    ) {
        let mut spec = ArchSpec::new(layers, 4 * heads * d_head, heads);
        (spec.context, spec.d_ff, spec.vocab) = (context, d_ff, vocab);
        // not the rectifier: where its input is 0 but for rounding, its slope is anything
        spec.activation = if tanh { Activation::GeluTanh } else { Activation::Gelu };
        spec.residual = [Residual::Parallel, Residual::Sequential][flags % 2];
        spec.tied = flags / 2 % 2 == 1;
        spec.position = Position::Rotary {
            fraction: 0.5,
            base: 100.0,
        };
        if flags / 4 == 1 {
            spec.position = Position::Learned;
            spec.bias = Bias::from(false);
        }
        let model = model(&spec);
        let fused = results(&model, sequences);
        let composed = results(&model.composed(), sequences);
        prop_assert_eq!(fused.len(), composed.len());
        // terms of the size of other gradients may cancel in one: their roundings do not
        let gradients = composed.iter().filter(|(name, _)| name.contains("gpt_neox"));
        let most = gradients.flat_map(|g| g.1).fold(0.0f32, |m, x| m.max(x.abs()));
        for (name, values) in &composed {
            let distance = distance(&fused[name], values, most / 10.0);
            prop_assert!(distance < 1e-5, "{name}: {distance} {spec:?}");
        }
    }
}

/// Sequences are measured by whichever thread has them; each ends where it stands in the batch.
#[test]
fn what_the_standard_tap_measures_is_there() {
    for (context, sequences) in [(71, 30), (300, 3), (5, 1), (7, 80)] {
        let mut spec = ArchSpec::new(3, 48, 3);
        (spec.context, spec.vocab) = (context, 60);
        let model = model(&spec).valid();
        let tokens = (0..sequences * context).map(|i| (i * i % 59) as u32);
        let tokens: Vec<u32> = tokens.collect();
        let x = || ids(&tokens, [sequences, context], model.device());
        let mut keep = Keep::default();
        model.forward(x(), &mut keep);
        let measure = |hidden: &Vec<f32>| -> Vec<LayerStats> {
            let each = hidden.chunks_exact(48 * context);
            each.map(|h| Meter::new().measure(h, 48).unwrap()).collect()
        };
        let expected: Vec<_> = keep.0.iter().map(measure).collect();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let mut tap = StatsTap::new();
            pool.build()
                .unwrap()
                .install(|| model.forward(x(), &mut tap));
            assert_eq!(tap.into_stats().unwrap(), expected);
        }
    }
}

/// Statistics with registers are of all positions, without them of the tokens, whose first then is position 0.
#[test]
fn registers_can_be_left_out_of_statistics() {
    let mut spec = ArchSpec::new(2, 24, 3);
    (spec.context, spec.vocab, spec.registers) = (9, 60, 4);
    let model = model(&spec).valid();
    let tokens: Vec<u32> = (0..18).map(|i| i * i % 59).collect();
    let x = || ids(&tokens, [2, 9], model.device());
    for model in [model.clone(), model.clone().composed()] {
        let mut keep = Keep::default();
        let logits = model.forward(x(), &mut keep);
        assert_eq!(logits.dims(), [2, 9, 60]);
        for left_out in [0, 4] {
            let mut tap = StatsTap::without(left_out);
            model.forward(x(), &mut tap);
            for (hidden, stats) in keep.0.iter().zip(tap.into_stats().unwrap()) {
                let each = hidden.chunks_exact(24 * 13).map(|h| &h[24 * left_out..]);
                let expected = each.map(|h| Meter::new().measure(h, 24).unwrap());
                assert_eq!(stats, expected.collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn the_same_bits_again_and_on_any_number_of_threads() {
    for (context, d_model, sequences) in [(71, 48, 30), (8, 24, 3000)] {
        let mut spec = ArchSpec::new(2, d_model, 3);
        (spec.context, spec.vocab) = (context, 60);
        let model = model(&spec);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| results(&model, sequences))
        };
        let once = on(1);
        for threads in [1, 2, 3, 8, 16] {
            assert_eq!(once, on(threads), "{threads} threads");
        }
    }
}

#[test]
fn without_autodiff_the_loss_is_the_same() {
    let mut spec = ArchSpec::new(2, 32, 2);
    (spec.context, spec.vocab) = (40, 50);
    let model = model(&spec);
    let loss = |model: &Transformer| {
        let tokens: Vec<u32> = (0..41).map(|i| i * 3 % 50).collect();
        let x = ids(&tokens[..40], [1, 40], model.device());
        let y = ids(&tokens[1..], [1, 40], model.device());
        let loss: f32 = model
            .loss(x, y, &mut NoTap)
            .inner()
            .try_into_scalar()
            .unwrap();
        loss
    };
    let valid = model.valid();
    assert_eq!(loss(&model), loss(&valid));
    assert!((loss(&valid) - loss(&valid.clone().composed())).abs() < 1e-5);
}
