//! Weights as products and norms read them.

use outcrop_arch::TensorKind;
use outcrop_gemm::Packed;

use crate::Input;
use crate::memory::Lent;
use crate::op::Map;

/// One input of a block whose weights are read from files: matrices are packed as they come.
#[derive(Clone, Debug)]
pub enum Weight {
    /// A bias, gain or shift.
    Vector(Vec<f32>),
    /// A matrix [inputs, outputs], in parts: some of its columns, the next ones, and so on.
    Matrix(Vec<Packed>),
}

/// One input.
#[derive(Debug)]
enum Ready<'a> {
    Vector(&'a [f32]),
    Parts(&'a [Packed]),
    Packed(Lent<Packed>),
    /// The matrix of each expert.
    Experts(Vec<Lent<Packed>>),
}

/// All inputs, for one pass.
#[derive(Debug)]
pub(crate) struct Weights<'a>(Vec<Ready<'a>>);

impl<'a> Weights<'a> {
    /// Of weights that are packed already.
    pub(crate) fn packed(weights: &'a [Weight]) -> Self {
        let ready = |weight: &'a Weight| match weight {
            Weight::Vector(values) => Ready::Vector(values),
            Weight::Matrix(parts) => Ready::Parts(parts),
        };
        Self(weights.iter().map(ready).collect())
    }

    /// Packs those of `inputs` that are matrices.
    ///
    /// # Panics
    /// Where there are not as many numbers as an input has.
    pub(crate) fn pack(inputs: &[Input], weights: &[&'a [f32]]) -> Self {
        Self::pack_some(inputs, weights, &|_| true)
    }

    /// Packs the matrices that are `needed`.
    pub(crate) fn pack_some(
        inputs: &[Input],
        weights: &[&'a [f32]],
        needed: &dyn Fn(usize) -> bool,
    ) -> Self {
        assert_eq!(inputs.len(), weights.len(), "as many weights as inputs");
        let ready = |(i, (input, values)): (usize, (&Input, &&'a [f32]))| {
            let count = input.shape.iter().product::<usize>();
            assert_eq!(values.len(), count, "{:?} of {:?}", input.kind, input.roles);
            match (matrix(input), input.experts) {
                (Some(_), Some(count)) if needed(i) => {
                    let ([k, n], [row, column]) = expert_matrix(input, count);
                    let own = |expert: usize| pack(&values[expert * n..], [k, n], [row, column]);
                    Ready::Experts((0..count).map(own).collect())
                }
                (Some((size, strides)), _) if needed(i) => {
                    Ready::Packed(pack(values, size, strides))
                }
                _ => Ready::Vector(values),
            }
        };
        Self(inputs.iter().zip(weights).enumerate().map(ready).collect())
    }

    /// The numbers of a gain, shift or bias.
    pub(crate) fn vector(&self, input: usize) -> &[f32] {
        match &self.0[input] {
            Ready::Vector(values) => values,
            Ready::Parts(_) | Ready::Packed(_) | Ready::Experts(_) => &[],
        }
    }

    /// The learned numbers of a nonlinearity; 0 where it has none.
    pub(crate) fn alphas(&self, inputs: Option<[usize; 2]>) -> [f32; 2] {
        inputs.map_or([0.0; 2], |inputs| inputs.map(|input| self.vector(input)[0]))
    }

    /// A matrix, in parts.
    pub(crate) fn matrix(&self, input: usize) -> &[Packed] {
        match &self.0[input] {
            Ready::Parts(parts) => parts,
            Ready::Packed(packed) => std::slice::from_ref(packed),
            Ready::Vector(_) | Ready::Experts(_) => &[],
        }
    }

    /// The matrix of one expert.
    pub(crate) fn expert(&self, input: usize, expert: usize) -> Option<&Packed> {
        match &self.0[input] {
            Ready::Experts(list) => list.get(expert).map(|packed| &**packed),
            Ready::Parts(parts) => parts.get(expert),
            Ready::Packed(_) | Ready::Vector(_) => None,
        }
    }
}

/// Matrices transposed, for gradients, one or that of each expert; nothing in the place of vectors.
#[derive(Debug)]
pub(crate) struct Transposed(Vec<Vec<Lent<Packed>>>);

impl Transposed {
    pub(crate) fn pack(inputs: &[Input], weights: &[&[f32]]) -> Self {
        let transposed = |(input, values): (&Input, &&[f32])| match (matrix(input), input.experts) {
            (None, _) => Vec::new(),
            (Some(([k, n], [row, column])), None) => vec![pack(values, [n, k], [column, row])],
            (Some(_), Some(count)) => {
                let ([k, n], [row, column]) = expert_matrix(input, count);
                let own = |expert: usize| pack(&values[expert * n..], [n, k], [column, row]);
                (0..count).map(own).collect()
            }
        };
        Self(inputs.iter().zip(weights).map(transposed).collect())
    }

    /// The matrix of a map; of this expert where it is one of experts.
    pub(crate) fn of(&self, map: Map, expert: Option<usize>) -> Option<&Packed> {
        let packed = self.0[map.weight].get(expert.unwrap_or(0));
        packed.map(|packed| &**packed)
    }
}

/// Size and strides of the matrix of one of `count` experts, whose columns stand one beside another.
fn expert_matrix(input: &Input, count: usize) -> ([usize; 2], [usize; 2]) {
    let [inputs, outputs] = [input.shape[0], input.shape[1]];
    ([inputs, outputs / count], [outputs, 1])
}

/// Size [inputs, outputs] of a matrix and the strides of its rows and columns; of a table of tokens as an
/// unembedding, whose rows are outputs.
fn matrix(input: &Input) -> Option<([usize; 2], [usize; 2])> {
    let [rows, columns] = *input.shape.as_slice() else {
        return None;
    };
    Some(match input.kind == TensorKind::Embedding {
        true => ([columns, rows], [1, columns]),
        false => ([rows, columns], [columns, 1]),
    })
}

/// A matrix of this size, with the strides of its rows and columns.
pub(crate) fn pack(values: &[f32], [k, n]: [usize; 2], [row, column]: [usize; 2]) -> Lent<Packed> {
    let mut packed = Lent::<Packed>::new(Packed::numbers(k, n));
    packed.pack(values, k, n, row, column);
    packed
}
