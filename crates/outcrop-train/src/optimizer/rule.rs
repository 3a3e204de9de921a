//! What all optimisers have in common: what they are given of a parameter, and the numbers of an update.

use burn::tensor::Tensor;
use outcrop_arch::{TensorKind, TensorName};
use outcrop_model::Numbers;
use outcrop_vector::vectorised;
use rayon::prelude::*;

use super::decay::WeightDecay;

/// Numbers that are updated, or whose squares are summed, one after another: enough to be worth a task.
pub(super) const PIECE: usize = 1 << 14;
/// Sums of squares side by side, added in order at the end.
const LANES: usize = 16;

/// The numbers of an optimiser, whether or not it reads them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) betas: [f64; 2],
    pub(super) eps: f64,
    pub(super) momentum: f64,
    pub(super) nesterov: bool,
    pub(super) decay: WeightDecay,
    /// Largest global norm of the gradient.
    pub(super) clip: f64,
}

impl Settings {
    /// The decoupled weight decay of a parameter.
    pub(super) fn decay(&self, weight: &TensorName) -> f64 {
        let WeightDecay {
            matrices,
            embeddings,
            vectors,
        } = self.decay;
        match (weight.decays, is_matrix(weight)) {
            (false, _) => vectors,
            (true, true) => matrices,
            (true, false) => embeddings,
        }
    }
}

/// Whether it is a matrix of a block: not the embedding, not the unembedding, not a vector.
pub(super) fn is_matrix(weight: &TensorName) -> bool {
    match weight.kind {
        TensorKind::Matrix => weight.layer.is_some(),
        TensorKind::Embedding
        | TensorKind::Bias
        | TensorKind::Gain
        | TensorKind::Shift
        | TensorKind::Alpha => false,
    }
}

/// What one update of all parameters shares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update<'a> {
    pub(super) settings: &'a Settings,
    /// What the gradient is multiplied by: 1 / parts, and less where it is clipped.
    pub(super) scale: f64,
    /// Learning rate.
    pub(super) rate: f64,
    /// Its number, from 1.
    pub(super) number: u64,
}

/// A parameter in the memory of this process with its gradient and state, all of one size.
pub(super) struct Slot {
    pub(super) weight: TensorName,
    /// As it lies in memory: a matrix is [inputs, outputs].
    pub(super) shape: Vec<usize>,
    pub(super) rule: &'static dyn Rule,
    pub(super) parameter: Numbers,
    /// Of the loss, not clipped.
    pub(super) gradient: Numbers,
    pub(super) state: Vec<Numbers>,
    /// Factor of the parameter: 1 - rate * weight decay.
    pub(super) decay: f32,
}

/// A parameter on any device with its clipped gradient and state, all flat.
pub(super) struct Given {
    pub(super) parameter: Tensor<1>,
    pub(super) gradient: Tensor<1>,
    pub(super) state: Vec<Tensor<1>>,
    /// As in [`Slot`].
    pub(super) shape: Vec<usize>,
    /// How many experts have a matrix in it, one beside another; 1 where it is one matrix.
    pub(super) experts: usize,
    /// As in [`Slot`].
    pub(super) decay: f64,
}

/// How an optimiser changes one parameter, in two forms that compute the same.
pub(super) trait Rule: Sync {
    /// What it keeps of a parameter, a number for each of its own: what stands before `.NAME` in a checkpoint.
    fn state(&self) -> &'static [&'static str];

    /// On the CPU: parameter and state are changed where they lie.
    fn in_place(&self, update: &Update<'_>, slot: &mut Slot);

    /// By operations of a backend: the parameter and the state after it.
    fn composed(&self, update: &Update<'_>, given: Given) -> (Tensor<1>, Vec<Tensor<1>>);
}

/// Updates the pieces of a parameter with one row of state in parallel, as `piece(parameter, gradient, state)`.
pub(super) fn with_one_state(
    slot: &mut Slot,
    piece: impl Fn(&mut [f32], &[f32], &mut [f32], f32) + Sync,
) {
    let decay = slot.decay;
    let Slot {
        parameter,
        gradient,
        state,
        ..
    } = slot;
    let [m] = state.as_mut_slice() else {
        unreachable!("it keeps one number of each")
    };
    let parameter = parameter.as_mut_slice().par_chunks_mut(PIECE);
    let gradient = gradient.as_slice().par_chunks(PIECE);
    let pieces = parameter
        .zip(gradient)
        .zip(m.as_mut_slice().par_chunks_mut(PIECE));
    pieces.for_each(|((p, g), m)| piece(p, g, m, decay));
}

/// The sum of the squares of all gradients, the same on any number of threads.
pub(super) fn sum_of_squares(slots: &[Slot]) -> f64 {
    let pieces = slots
        .par_iter()
        .flat_map(|slot| slot.gradient.as_slice().par_chunks(PIECE));
    let sums: Vec<f64> = pieces.map(squares).collect();
    sums.into_iter().sum()
}

vectorised! {
    /// The sum of the squares of a row.
    pub(super) fn squares<'a>(row: &'a [f32]) -> f64 {
        let mut sums = [0.0; LANES];
        let (rows, rest) = row.as_chunks::<LANES>();
        for row in rows {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += f64::from(*x) * f64::from(*x);
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum += f64::from(*x) * f64::from(*x);
        }
        sums.into_iter().sum()
    }
}
