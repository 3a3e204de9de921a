//! One number for each slice of a row.

use outcrop_vector::{add_columns, dot};

use crate::op::Slices;
use crate::weight::Weights;

impl Slices {
    /// y = the products of slices of x with the rows of the table, + b.
    pub(crate) fn apply(&self, weights: &Weights<'_>, x: &[f32], y: &mut [f32]) {
        let (table, bias) = (
            weights.vector(self.table),
            self.bias.map(|bias| weights.vector(bias)),
        );
        let length = table.len() / self.count;
        let rows = x
            .chunks_exact(table.len())
            .zip(y.chunks_exact_mut(self.count));
        for (x, y) in rows {
            let slices = x.chunks_exact(length).zip(table.chunks_exact(length));
            for (k, ((x, w), y)) in slices.zip(y).enumerate() {
                *y = dot(x, w) + bias.map_or(0.0, |bias| bias[k]);
            }
        }
    }

    /// Adds to `dx` the gradients of x, and to those of table and bias what these rows give.
    pub(crate) fn backward(
        &self,
        weights: &Weights<'_>,
        [x, dy]: [&[f32]; 2],
        dx: &mut [f32],
        (table_gradients, bias_gradients): (&mut [f32], Option<&mut [f32]>),
    ) {
        let table = weights.vector(self.table);
        let length = table.len() / self.count;
        let rows = x
            .chunks_exact(table.len())
            .zip(dx.chunks_exact_mut(table.len()));
        for ((x, dx), dy) in rows.zip(dy.chunks_exact(self.count)) {
            let values = x.chunks_exact(length).zip(table.chunks_exact(length));
            let gradients = dx
                .chunks_exact_mut(length)
                .zip(table_gradients.chunks_exact_mut(length));
            for (((x, w), (dx, dw)), dy) in values.zip(gradients).zip(dy) {
                dx.iter_mut().zip(w).for_each(|(dx, w)| *dx += dy * w);
                dw.iter_mut().zip(x).for_each(|(dw, x)| *dw += dy * x);
            }
        }
        if let Some(bias) = bias_gradients {
            add_columns(dy, bias);
        }
    }
}
