//! The last norm, the unembedding and the mean cross-entropy, with their gradients: some rows at a time,
//! so that the logits are never whole.

use outcrop_gemm::{Packed, Rows, multiply_serial};
use rayon::prelude::*;

use super::back::LANES;
use super::vector::{cross_entropy, layer_norm, layer_norm_backward};

/// Rows whose logits are there together.
const ROWS: usize = 256;

/// What the loss is computed from besides the residual stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// Gain and shift, d_model each, of the last norm.
    pub(super) norm: [&'a [f32]; 2],
    pub(super) eps: f32,
    /// The unembedding [d_model, vocab].
    pub(super) weight: &'a [f32],
    /// By row.
    pub(super) targets: &'a [usize],
}

/// Gradients of the mean loss.
#[derive(Clone, Debug)]
pub(super) struct Gradients {
    /// Of the residual stream.
    pub(super) x: Vec<f32>,
    pub(super) norm: [Vec<f32>; 2],
    pub(super) weight: Vec<f32>,
}

/// A head with its matrix packed.
struct Packs<'a> {
    head: Head<'a>,
    forward: Packed,
    /// Where gradients are asked for.
    backward: Option<Packed>,
}

/// What some of the rows gave: the sum of their losses and of their gradients.
struct Lane {
    loss: f64,
    norm: [Vec<f32>; 2],
    weight: Vec<f32>,
}

/// The mean over rows of ln(sum_j exp(l_j)) - l_target, l = LN(x) W, and its gradients where they are asked
/// for.
pub(super) fn loss(head: Head<'_>, x: &[f32], gradients: bool) -> (f32, Option<Gradients>) {
    let d = head.norm[0].len();
    let (vocab, rows) = (head.weight.len() / d, head.targets.len());
    let packs = Packs {
        head,
        forward: Packed::new(head.weight, d, vocab),
        backward: gradients.then(|| Packed::transposed(head.weight, d, vocab)),
    };
    let lane = rows.div_ceil(ROWS).div_ceil(LANES).max(1) * ROWS;
    let mut dx = vec![0.0; x.len()];
    let lanes = x.par_chunks(lane * d).zip(dx.par_chunks_mut(lane * d));
    let lanes = lanes.zip(head.targets.par_chunks(lane));
    let lanes = lanes.map(|((x, dx), targets)| packs.lane(x, targets, dx));
    let mut lanes = lanes.collect::<Vec<Lane>>().into_iter();
    let Some(mut sum) = lanes.next() else {
        return (f32::NAN, None);
    };
    for lane in lanes {
        sum.loss += lane.loss;
        add(&mut sum.weight, &lane.weight);
        add(&mut sum.norm[0], &lane.norm[0]);
        add(&mut sum.norm[1], &lane.norm[1]);
    }
    let gradients = gradients.then_some(Gradients {
        x: dx,
        norm: sum.norm,
        weight: sum.weight,
    });
    ((sum.loss / rows as f64) as f32, gradients)
}

fn add(sum: &mut [f32], part: &[f32]) {
    sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
}

impl Packs<'_> {
    fn lane(&self, x: &[f32], targets: &[usize], dx: &mut [f32]) -> Lane {
        let (d, vocab) = (self.forward.k(), self.forward.n());
        let back = self.backward.is_some();
        let zeros = |n: usize| vec![0.0; if back { n } else { 0 }];
        let mut lane = Lane {
            loss: 0.0,
            norm: [zeros(d), zeros(d)],
            weight: zeros(d * vocab),
        };
        let (mut normed, mut logits) = (vec![0.0; ROWS * d], vec![0.0; ROWS * vocab]);
        let mut packed = Packed::default();
        let rows = x.chunks(ROWS * d).zip(dx.chunks_mut(ROWS * d));
        for ((x, dx), targets) in rows.zip(targets.chunks(ROWS)) {
            let normed = &mut normed[..x.len()];
            let logits = &mut logits[..targets.len() * vocab];
            layer_norm(x, self.head.norm, self.head.eps, normed);
            multiply_serial(Rows::new(normed, d), &self.forward, logits, vocab, false);
            let weight = 1.0 / self.head.targets.len() as f32;
            lane.loss += cross_entropy(logits, targets, weight);
            let Some(backward) = &self.backward else {
                continue;
            };
            packed.pack_serial(logits, targets.len(), vocab, vocab, 1);
            let from = Rows::transposed(normed, d);
            multiply_serial(from, &packed, &mut lane.weight, vocab, true);
            // the rows that were normed are no more needed: their gradients take their place
            multiply_serial(Rows::new(logits, vocab), backward, normed, d, false);
            let (gain, eps) = (self.head.norm[0], self.head.eps);
            layer_norm_backward(x, gain, eps, normed, dx, &mut lane.norm);
        }
        lane
    }
}
