//! Linear maps y = x W + b of rows, and their gradients, on this thread and written into place.

use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_beside, multiply_packing, multiply_serial};
use outcrop_vector::add_columns;
use rayon::prelude::*;

use crate::op::Map;
use crate::weight::{Transposed, Weights};

impl Map {
    /// y = x W + b, or y += where it is added.
    pub(crate) fn apply(&self, weights: &Weights<'_>, x: &[f32], y: &mut [f32], add: bool) {
        let mut first = 0;
        for part in weights.matrix(self.weight) {
            let bias = self
                .bias
                .map(|bias| &weights.vector(bias)[first..first + part.n()]);
            let onto = Onto { c: add, bias };
            let rows = LeftMatrix::new(x, self.inputs);
            multiply_serial(rows, part, &mut y[first..], self.outputs, onto);
            first += part.n();
        }
    }

    /// y += x W + b, with the bits of [`Map::apply`], and the product itself in `beside`.
    pub(crate) fn add_beside(
        &self,
        weights: &Weights<'_>,
        x: &[f32],
        y: &mut [f32],
        beside: &mut [f32],
    ) {
        let (rows, mut first) = (LeftMatrix::new(x, self.inputs), 0);
        for part in weights.matrix(self.weight) {
            let bias = self.bias.map(|bias| weights.vector(bias));
            let bias = bias.map(|bias| &bias[first..first + part.n()]);
            let (y, beside) = (&mut y[first..], &mut beside[first..]);
            multiply_beside(rows, part, y, beside, self.outputs, bias);
            first += part.n();
        }
    }

    /// y = x W + b with the matrix of one expert, or the only one.
    pub(crate) fn apply_of(
        &self,
        weights: &Weights<'_>,
        expert: Option<usize>,
        x: &[f32],
        y: &mut [f32],
    ) {
        let Some(expert) = expert else {
            return self.apply(weights, x, y, false);
        };
        let bias = self.bias.map(|bias| weights.vector(bias));
        let bias = bias.map(|bias| &bias[expert * self.outputs..][..self.outputs]);
        let (rows, matrix) = (LeftMatrix::new(x, self.inputs), weights.matrix(self.weight));
        let onto = Onto { c: false, bias };
        multiply_serial(rows, &matrix[expert], y, self.outputs, onto);
    }

    /// y = x W + b of many rows, in parallel on the current rayon pool.
    pub(crate) fn all(&self, weights: &Weights<'_>, x: &[f32]) -> Vec<f32> {
        /// Rows of one task.
        const ROWS: usize = 96;
        let mut y = vec![0.0; x.len() / self.inputs * self.outputs];
        let rows = x.par_chunks(ROWS * self.inputs);
        rows.zip(y.par_chunks_mut(ROWS * self.outputs))
            .for_each(|(x, y)| self.apply(weights, x, y, false));
        y
    }

    /// dx = dy W', or dx += where it is added.
    pub(crate) fn backward(&self, weights: &Transposed, dy: &[f32], dx: &mut [f32], add: bool) {
        let onto = if add { Onto::C } else { Onto::ZERO };
        if let Some(weight) = weights.of(*self) {
            multiply_serial(
                LeftMatrix::new(dy, self.outputs),
                weight,
                dx,
                self.inputs,
                onto,
            );
        }
    }

    /// dW = x' dy, or what is added `onto`, and db += the sum of the rows of dy; `packed` is memory.
    pub(crate) fn gradients(
        &self,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
        onto: Onto<'_>,
        packed: &mut Packed,
    ) {
        if let Some(db) = db {
            add_columns(dy, db);
        }
        let (x, n) = (LeftMatrix::transposed(x, self.inputs), self.outputs);
        multiply_packing(x, dy, n, packed, dw, n, onto);
    }
}
