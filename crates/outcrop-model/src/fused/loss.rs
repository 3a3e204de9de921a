//! The last norm, the unembedding and the mean cross-entropy, with their gradients: some rows at a time,
//! so that the logits are never whole.

use outcrop_gemm::{Onto, Packed, Rows, multiply_serial, panel_width};
use outcrop_vector::{cross_entropy, layer_norm, layer_norm_backward};
use rayon::prelude::*;

use super::back::{lanes, slices, total};
use super::linear::packed;
use super::memory::{Buffer, Lent};

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
    forward: Lent<Packed>,
    /// Where gradients are asked for.
    backward: Option<Lent<Packed>>,
}

/// What some of the rows gave: the sum of their losses and of their gradients.
struct Lane {
    loss: f64,
    norm: [Buffer; 2],
    weight: Buffer,
}

/// The mean over rows of ln(sum_j exp(l_j)) - l_target, l = LN(x) W, and its gradients where they are asked
/// for.
pub(super) fn loss(head: Head<'_>, x: &[f32], gradients: bool) -> (f32, Option<Gradients>) {
    let d = head.norm[0].len();
    let (vocab, rows) = (head.weight.len() / d, head.targets.len());
    let packs = Packs {
        head,
        forward: packed(head.weight, [d, vocab], [vocab, 1]),
        backward: gradients.then(|| packed(head.weight, [vocab, d], [1, vocab])),
    };
    let groups = rows.div_ceil(ROWS);
    let lane = groups.div_ceil(lanes(groups)).max(1) * ROWS;
    let mut dx = vec![0.0; x.len()];
    let lanes = x.par_chunks(lane * d).zip(dx.par_chunks_mut(lane * d));
    let lanes = lanes.zip(head.targets.par_chunks(lane));
    let lanes = lanes.map(|((x, dx), targets)| packs.lane(x, targets, dx));
    let lanes = lanes.collect::<Vec<Lane>>();
    if lanes.is_empty() {
        return (f32::NAN, None);
    }
    let sum = lanes.iter().map(|lane| lane.loss).sum::<f64>();
    let gradients = gradients.then(|| Gradients {
        x: dx,
        norm: [0, 1].map(|i| total(lanes.iter().map(|lane| &*lane.norm[i]))),
        weight: total(lanes.iter().map(|lane| &*lane.weight)),
    });
    ((sum / rows as f64) as f32, gradients)
}

impl Packs<'_> {
    fn lane(&self, x: &[f32], targets: &[usize], dx: &mut [f32]) -> Lane {
        let (d, vocab) = (self.forward.k(), self.forward.n());
        let back = self.backward.is_some();
        let room = |n: usize| Buffer::of(if back { n } else { 0 });
        let mut lane = Lane {
            loss: 0.0,
            norm: [room(d), room(d)],
            weight: room(d * vocab),
        };
        for sums in slices(&mut lane.norm) {
            sums.fill(0.0);
        }
        let (mut normed, mut logits) = (Buffer::of(ROWS * d), Buffer::of(ROWS * vocab));
        let mut packed = Lent::<Packed>::new(ROWS * vocab.next_multiple_of(panel_width()));
        let rows = x.chunks(ROWS * d).zip(dx.chunks_mut(ROWS * d));
        for (i, ((x, dx), targets)) in rows.zip(targets.chunks(ROWS)).enumerate() {
            let normed = &mut normed[..x.len()];
            let logits = &mut logits[..targets.len() * vocab];
            layer_norm(x, self.head.norm, self.head.eps, normed);
            multiply_serial(
                Rows::new(normed, d),
                &*self.forward,
                logits,
                vocab,
                Onto::ZERO,
            );
            let weight = 1.0 / self.head.targets.len() as f32;
            lane.loss += cross_entropy(logits, targets, weight);
            let Some(backward) = &self.backward else {
                continue;
            };
            packed.pack_serial(logits, targets.len(), vocab, vocab, 1);
            let from = Rows::transposed(normed, d);
            multiply_serial(
                from,
                &*packed,
                &mut lane.weight,
                vocab,
                if i > 0 { Onto::C } else { Onto::ZERO },
            );
            // the rows that were normed are no more needed: their gradients take their place
            multiply_serial(Rows::new(logits, vocab), &**backward, normed, d, Onto::ZERO);
            let (gain, eps) = (self.head.norm[0], self.head.eps);
            layer_norm_backward(x, gain, eps, normed, dx, slices(&mut lane.norm));
        }
        lane
    }
}
