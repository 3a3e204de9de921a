//! Linear maps y = x W + b of rows, and their gradients, on this thread and written into place.

use outcrop_gemm::{Aligned, Packed, Rows, multiply_serial};

use super::vector::add_columns;

/// A linear map: W is [inputs, outputs] by rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear<'a> {
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
}

/// Its matrix in the order in which products read it.
#[derive(Debug)]
pub(super) struct Forward<'a> {
    weight: Packed,
    bias: &'a [f32],
}

/// Its matrix transposed.
#[derive(Debug)]
pub(super) struct Backward {
    weight: Packed,
}

impl<'a> Linear<'a> {
    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    pub(super) fn forward(self) -> Forward<'a> {
        Forward {
            weight: Packed::new(self.weight, self.inputs(), self.bias.len()),
            bias: self.bias,
        }
    }

    pub(super) fn backward(self) -> Backward {
        Backward {
            weight: Packed::transposed(self.weight, self.inputs(), self.bias.len()),
        }
    }
}

impl Forward<'_> {
    /// y = x W + b
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        for row in y.chunks_exact_mut(self.bias.len()) {
            row.copy_from_slice(self.bias);
        }
        self.product(x, y);
    }

    /// y += x W + b
    pub(super) fn add(&self, x: &[f32], y: &mut [f32]) {
        for row in y.chunks_exact_mut(self.bias.len()) {
            row.iter_mut().zip(self.bias).for_each(|(y, b)| *y += b);
        }
        self.product(x, y);
    }

    fn product(&self, x: &[f32], y: &mut [f32]) {
        let (inputs, outputs) = (self.weight.k(), self.weight.n());
        multiply_serial(Rows::new(x, inputs), &self.weight, y, outputs, true);
    }
}

impl Backward {
    /// dx = dy W'
    pub(super) fn apply(&self, dy: &[f32], dx: &mut Aligned) {
        let (outputs, inputs) = (self.weight.k(), self.weight.n());
        dx.resize(dy.len() / outputs * inputs);
        multiply_serial(Rows::new(dy, outputs), &self.weight, dx, inputs, false);
    }
}

/// dW += x' dy and db += the sum of the rows of dy; `packed` is memory.
pub(super) fn add_gradients(
    x: &[f32],
    dy: &[f32],
    gradients: &mut [Vec<f32>; 2],
    packed: &mut Packed,
) {
    let [dw, db] = gradients;
    let outputs = db.len();
    let inputs = dw.len() / outputs;
    let rows = dy.len() / outputs;
    add_columns(dy, db);
    packed.pack_serial(dy, rows, outputs, outputs, 1);
    multiply_serial(Rows::transposed(x, inputs), &*packed, dw, outputs, true);
}
