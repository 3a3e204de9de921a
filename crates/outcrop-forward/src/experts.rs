//! The matrices and biases of experts, which files hold one by one or those of a layer in one tensor.

use outcrop_arch::TensorRole;
use outcrop_block::{Columns, Input};
use outcrop_gemm::Packed;
use rayon::prelude::*;

use crate::Result;
use crate::published::StoredTensor;
use crate::weights::Reader;

/// A tensor that has some outputs of one expert, as numbers [outputs, inputs].
struct Read<'a> {
    place: &'a StoredTensor,
    values: Vec<f32>,
}

impl Reader<'_> {
    /// A matrix for each expert. One at a time a thread is in memory twice.
    pub(crate) fn expert_matrices(&self, input: &Input, experts: usize) -> Result<Vec<Packed>> {
        let [inputs, outputs] = [input.shape[0], input.shape[1] / experts];
        let matrix = |expert: usize| {
            let mut rows = Vec::with_capacity(inputs * outputs);
            self.outputs(input, [expert, experts], inputs, &mut rows)?;
            Ok(Packed::transposed(&rows, outputs, inputs))
        };
        (0..experts).into_par_iter().map(matrix).collect()
    }

    /// The outputs of all experts, one below another: biases, or matrices [outputs, inputs].
    pub(crate) fn of_experts(
        &self,
        input: &Input,
        experts: usize,
        inputs: usize,
    ) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(input.shape.iter().product());
        for expert in 0..experts {
            self.outputs(input, [expert, experts], inputs, &mut values)?;
        }
        Ok(values)
    }

    /// Appends the weights of every output of one expert, in the order of the columns of `input`.
    fn outputs(
        &self,
        input: &Input,
        [expert, experts]: [usize; 2],
        inputs: usize,
        rows: &mut Vec<f32>,
    ) -> Result<()> {
        let part = input.kind.part();
        let count = input.columns.len() / experts;
        let columns = &input.columns[expert * count..(expert + 1) * count];
        let mut read: Vec<Read<'_>> = Vec::new();
        for Columns { role, outputs } in columns {
            let place = self.model.expert(self.layer, *role, part, expert)?;
            let known = read.iter().position(|read| std::ptr::eq(read.place, place));
            let at = known.unwrap_or(read.len());
            if known.is_none() {
                read.push(self.expert(place, expert, inputs)?);
            }
            for output in 0..outputs.len() {
                let row = read[at].place(*role, expert, output);
                rows.extend_from_slice(&read[at].values[row * inputs..][..inputs]);
            }
        }
        Ok(())
    }

    /// What a tensor has of one expert.
    fn expert<'p>(
        &self,
        place: &'p StoredTensor,
        expert: usize,
        inputs: usize,
    ) -> Result<Read<'p>> {
        let values = self.model.read_expert(place, expert)?;
        let values = match place.tensor.transposed {
            true => turned(&values, inputs),
            false => values,
        };
        Ok(Read { place, values })
    }
}

impl Read<'_> {
    /// In which of its rows an output of a part of the expert is.
    fn place(&self, role: TensorRole, expert: usize, output: usize) -> usize {
        let tensor = &self.place.tensor;
        let Some(experts) = tensor.stack else {
            return output;
        };
        let count = tensor.spans.len() / experts;
        let spans = &tensor.spans[expert * count..(expert + 1) * count];
        let before = spans.iter().take_while(|span| span.role != role);
        match tensor.interleaved {
            true => output * count + before.count(),
            false => output + before.map(|span| span.rows).sum::<usize>(),
        }
    }
}

/// A matrix [inputs, outputs] as [outputs, inputs].
fn turned(values: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = values.len() / inputs;
    let mut turned = vec![0.0; values.len()];
    outcrop_gemm::transpose(values, outputs, [inputs, outputs], &mut turned, inputs);
    turned
}
