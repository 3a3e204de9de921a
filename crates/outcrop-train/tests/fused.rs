//! The same run with operations of our own and with Burn's.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_arch::ArchSpec;
use outcrop_model::{Backend, NoTap, Transformer, ids};
use outcrop_train::TrainSpec;

/// Losses of 200 updates on sequences that can be learned.
fn losses(mut model: Transformer) -> Vec<f32> {
    let mut optimizer = TrainSpec::default().new_optimizer();
    let (context, batch) = (model.spec().context, 4);
    let update = |step: usize| {
        let count = batch * context + 1;
        let token = |i: usize| ((step * 7 + i * i / 3) % 16 + i % 5) as u32;
        let tokens: Vec<u32> = (0..count).map(token).collect();
        let x = ids(&tokens[..count - 1], [batch, context], model.device());
        let y = ids(&tokens[1..], [batch, context], model.device());
        let loss = model.loss(x, y, &mut NoTap);
        let gradients = loss.backward();
        model = optimizer.step(model.clone(), gradients, 1e-3).unwrap().0;
        loss.inner().try_into_scalar().unwrap()
    };
    (0..200).map(update).collect()
}

#[test]
fn two_hundred_updates_have_the_losses_of_composed_ones() {
    let mut spec = ArchSpec::new(2, 16, 2);
    (spec.context, spec.vocab) = (16, 20);
    let device = Backend::Flex.device().unwrap().autodiff();
    let model = Transformer::new(&spec, 5, &device).unwrap();
    let (ours, theirs) = (losses(model.clone()), losses(model.composed()));
    assert!(ours[199] < ours[0] - 0.3, "{} {}", ours[0], ours[199]);
    for (step, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() < 1e-4, "step {step}: {a} {b}");
    }
}
