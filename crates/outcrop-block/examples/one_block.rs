//! Steps down the gradient of one block: `cargo run -p outcrop-block --example one_block`
//!
//! The block, with grouped heads and a gated MLP, learns to give back zeros for some rows.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use outcrop_arch::{Activation, ArchSpec, Bias, Norm, Plan, Residual};
use outcrop_block::Block;

fn main() -> Result<(), outcrop_block::Error> {
    let arch = ArchSpec {
        kv_heads: 2,
        norm: Norm::RmsNorm,
        residual: Residual::Sequential,
        activation: Activation::SwiGlu,
        bias: Bias::None,
        ..ArchSpec::new(1, 64, 8)
    };
    let block = Block::new(Plan::new(&arch).block(1))?;
    let wave = |n: usize, size: f32| (0..n).map(|i| size * (1.7 * i as f32).sin()).collect();
    let counts = block
        .inputs()
        .iter()
        .map(|input| input.shape.iter().product());
    let mut weights: Vec<Vec<f32>> = counts.map(|n| wave(n, 0.1)).collect();
    for input in block.inputs() {
        println!("{:?} {:?} {:?}", input.roles, input.kind, input.shape);
    }
    let (tokens, x): (usize, Vec<f32>) = (16, wave(4 * 16 * arch.d_model, 1.0));
    let mut losses = Vec::new();
    for _ in 0..20 {
        let slices: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
        let (y, tape) = block.forward(&slices, &x, tokens, true, None);
        let Some(tape) = tape else { break };
        losses.push(y.iter().map(|y| y * y).sum::<f32>() / 2.0); // its gradient is y
        let (_, gradients) = block.backward(&slices, &x, tokens, &tape, &y);
        for (weights, gradients) in weights.iter_mut().zip(gradients) {
            weights
                .iter_mut()
                .zip(gradients)
                .for_each(|(w, g)| *w -= 1e-4 * g);
        }
    }
    println!("losses: {losses:?}");
    assert!(losses.is_sorted_by(|before, after| after < before));
    Ok(())
}
