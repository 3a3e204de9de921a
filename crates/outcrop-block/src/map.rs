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
        let onto = Onto { c: false, bias };
        if let Some(matrix) = weights.expert(self.weight, expert) {
            let rows = LeftMatrix::new(x, self.inputs);
            multiply_serial(rows, matrix, y, self.outputs, onto);
        }
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
        self.backward_of(weights, None, dy, dx, add);
    }

    /// The same of one expert, or of the only one.
    pub(crate) fn backward_of(
        &self,
        weights: &Transposed,
        expert: Option<usize>,
        dy: &[f32],
        dx: &mut [f32],
        add: bool,
    ) {
        let onto = if add { Onto::C } else { Onto::ZERO };
        if let Some(weight) = weights.of(*self, expert) {
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

    /// The same of one of `count` experts, whose columns `dw` and `db` hold one beside another.
    pub(crate) fn gradients_of(
        &self,
        [expert, count]: [usize; 2],
        [x, dy]: [&[f32]; 2],
        (dw, db): (&mut [f32], Option<&mut [f32]>),
        onto: Onto<'_>,
        packed: &mut Packed,
    ) {
        let (n, first) = (self.outputs, expert * self.outputs);
        if let Some(db) = db {
            add_columns(dy, &mut db[first..first + n]);
        }
        let x = LeftMatrix::transposed(x, self.inputs);
        multiply_packing(x, dy, n, packed, &mut dw[first..], count * n, onto);
    }
}
