//! The last norm, the unembedding and the mean cross-entropy, with their gradients: some rows at a time,
//! so that the logits are never whole.

use outcrop_arch::Section;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial, panel_width};
use outcrop_vector::cross_entropy;
use rayon::prelude::*;

use crate::compile::{End, end};
use crate::memory::{Buffer, Lent};
use crate::sums::{Lane, lanes, total};
use crate::weight::{Weights, pack};
use crate::{Input, Result, Weight};

/// Rows whose logits are there together.
const ROWS: usize = 256;

/// The section after the blocks, ready to compute the mean cross-entropy of next tokens.
#[derive(Clone, Debug)]
pub struct Loss {
    end: End,
}

/// Gradients of the mean loss: of the residual stream, and of the inputs in order.
pub type Gradients = (Vec<f32>, Vec<Vec<f32>>);

impl Loss {
    /// Of the section of a plan that stands after the blocks.
    ///
    /// # Errors
    /// [`Error::Lack`](crate::Error::Lack) for other steps than one norm and the unembedding,
    /// [`Error::Part`](crate::Error::Part) for a step without its weight.
    pub fn new(section: &Section) -> Result<Self> {
        Ok(Self { end: end(section)? })
    }

    /// The tensors that it takes, in order: gain and shift of the norm, where there are such, and the
    /// unembedding [d_model, vocab]; its role is the token embedding's where they are tied.
    pub fn inputs(&self) -> &[Input] {
        &self.end.inputs
    }

    /// The mean over rows of ln(sum_j exp(l_j)) - l_target in nats, l = norm(x) W, and its gradients where they
    /// are asked for. `x` is [rows, d_model], with a target below the vocabulary for each row; NaN of no rows.
    /// In parallel on the current rayon pool, the same bits on any number of threads.
    ///
    /// # Panics
    /// Where a weight has another number of numbers, or a target is not in the vocabulary.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan};
    /// use outcrop_block::Loss;
    ///
    /// let arch = ArchSpec { vocab: 16, ..ArchSpec::new(1, 8, 2) };
    /// let loss = Loss::new(&Plan::new(&arch).end)?;
    /// let (gain, shift, unembedding) = (vec![1.0; 8], vec![0.0; 8], vec![0.0; 8 * 16]);
    /// let (nats, _) = loss.compute(&[&gain, &shift, &unembedding], &[0.5; 8], &[3], false);
    /// assert!((nats - 16f32.ln()).abs() < 1e-6); // all tokens are equally likely
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn compute(
        &self,
        weights: &[&[f32]],
        x: &[f32],
        targets: &[usize],
        gradients: bool,
    ) -> (f32, Option<Gradients>) {
        let [d, vocab] = self.shape();
        let matrix = weights[self.end.unembedding];
        let packs = Packs {
            loss: self,
            weights: Weights::pack_some(self.inputs(), weights, &|_| false),
            forward: pack(matrix, [d, vocab], [vocab, 1]),
            backward: gradients.then(|| pack(matrix, [vocab, d], [1, vocab])),
            share: 1.0 / targets.len() as f32,
        };
        let groups = targets.len().div_ceil(ROWS);
        let lane = groups.div_ceil(lanes(groups)).max(1) * ROWS;
        let mut dx = vec![0.0; x.len()];
        let parts = x.par_chunks(lane * d).zip(dx.par_chunks_mut(lane * d));
        let parts = parts.zip(targets.par_chunks(lane));
        let parts = parts.map(|((x, dx), targets)| packs.lane(x, targets, dx));
        let lanes = parts.collect::<Vec<(f64, Lane)>>();
        if lanes.is_empty() {
            return (f32::NAN, None);
        }
        let sum = lanes.iter().map(|(loss, _)| loss).sum::<f64>();
        let total = |i: usize| total(lanes.iter().map(|(_, lane)| &*lane.sums[i]));
        let gradients = gradients.then(|| (dx, (0..self.inputs().len()).map(total).collect()));
        ((sum / targets.len() as f64) as f32, gradients)
    }

    /// The norm of `x` [rows, d_model], where there is one, in place; `weights` are the inputs before the
    /// unembedding. In parallel on the current rayon pool.
    pub fn norm(&self, weights: &[Weight], x: &mut [f32]) {
        let Some(norm) = &self.end.norm else { return };
        let weights = Weights::packed(weights);
        let groups = x.par_chunks_mut(ROWS * norm.width);
        groups.for_each_init(Vec::new, |before: &mut Vec<f32>, rows| {
            before.clear();
            before.extend_from_slice(rows);
            norm.apply(&weights, before, rows);
        });
    }

    fn shape(&self) -> [usize; 2] {
        let shape = &self.inputs()[self.end.unembedding].shape;
        [shape[0], shape[1]]
    }
}

/// What all rows share: the matrix is packed.
struct Packs<'a> {
    loss: &'a Loss,
    weights: Weights<'a>,
    forward: Lent<Packed>,
    /// Where gradients are asked for.
    backward: Option<Lent<Packed>>,
    /// Of one row in the mean.
    share: f32,
}

impl Packs<'_> {
    /// The sum of the losses of some rows, and of their gradients.
    fn lane(&self, x: &[f32], targets: &[usize], dx: &mut [f32]) -> (f64, Lane) {
        let [d, vocab] = self.loss.shape();
        let end = &self.loss.end;
        let inputs = self.loss.inputs();
        let inputs = if self.backward.is_some() { inputs } else { &[] };
        let (mut lane, mut loss) = (Lane::new(inputs), 0.0);
        let (mut normed, mut logits) = (Buffer::of(ROWS * d), Buffer::of(ROWS * vocab));
        let mut packed = Lent::<Packed>::new(ROWS * vocab.next_multiple_of(panel_width()));
        let rows = x.chunks(ROWS * d).zip(dx.chunks_mut(ROWS * d));
        for ((x, dx), targets) in rows.zip(targets.chunks(ROWS)) {
            let normed = &mut normed[..x.len()];
            let logits = &mut logits[..targets.len() * vocab];
            match &end.norm {
                Some(norm) => norm.apply(&self.weights, x, normed),
                None => normed.copy_from_slice(x),
            }
            multiply_serial(
                LeftMatrix::new(normed, d),
                &*self.forward,
                logits,
                vocab,
                Onto::ZERO,
            );
            loss += cross_entropy(logits, targets, self.share);
            let Some(backward) = &self.backward else {
                continue;
            };
            packed.pack_serial(logits, targets.len(), vocab, vocab, 1);
            let from = LeftMatrix::transposed(normed, d);
            let dw = &mut *lane.sums[end.unembedding];
            multiply_serial(from, &*packed, dw, vocab, lane.onto);
            let from = LeftMatrix::new(logits, vocab);
            match &end.norm {
                Some(norm) => {
                    // the rows that were normed are no more needed: their gradients take their place
                    multiply_serial(from, &**backward, normed, d, Onto::ZERO);
                    let sums = lane.norm(norm.gain, norm.shift, norm.width);
                    norm.backward(&self.weights, x, normed, dx, sums);
                }
                None => multiply_serial(from, &**backward, dx, d, Onto::ZERO),
            }
            lane.next();
        }
        (loss, lane)
    }
}
