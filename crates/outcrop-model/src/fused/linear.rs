//! Linear maps y = x W + b of rows, and their gradients, on this thread and written into place.

use outcrop_gemm::{Aligned, Onto, Packed, Rows, multiply_packing, multiply_serial, panel_width};
use outcrop_vector::add_columns;

use super::memory::{Buffer, Lent};

/// A linear map: W is [inputs, outputs] by rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear<'a> {
    pub(super) weight: &'a [f32],
    pub(super) bias: &'a [f32],
}

/// Its matrix in the order in which products read it.
#[derive(Debug)]
pub(super) struct Forward<'a> {
    weight: Lent<Packed>,
    bias: &'a [f32],
}

/// Its matrix transposed.
#[derive(Debug)]
pub(super) struct Backward {
    weight: Lent<Packed>,
}

/// A matrix of this size, with the strides of its rows and columns.
pub(super) fn packed(
    values: &[f32],
    [k, n]: [usize; 2],
    [row, column]: [usize; 2],
) -> Lent<Packed> {
    let mut packed = Lent::<Packed>::new(k * n.next_multiple_of(panel_width()));
    packed.pack(values, k, n, row, column);
    packed
}

impl<'a> Linear<'a> {
    fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    pub(super) fn forward(self) -> Forward<'a> {
        let (inputs, outputs) = (self.inputs(), self.bias.len());
        Forward {
            weight: packed(self.weight, [inputs, outputs], [outputs, 1]),
            bias: self.bias,
        }
    }

    pub(super) fn backward(self) -> Backward {
        let (inputs, outputs) = (self.inputs(), self.bias.len());
        Backward {
            weight: packed(self.weight, [outputs, inputs], [1, outputs]),
        }
    }
}

impl Forward<'_> {
    /// y = x W + b
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        self.product(x, y, false);
    }

    /// y += x W + b
    pub(super) fn add(&self, x: &[f32], y: &mut [f32]) {
        self.product(x, y, true);
    }

    fn product(&self, x: &[f32], y: &mut [f32], c: bool) {
        let bias = Some(self.bias);
        let (inputs, outputs) = (self.weight.k(), self.weight.n());
        multiply_serial(
            Rows::new(x, inputs),
            &*self.weight,
            y,
            outputs,
            Onto { c, bias },
        );
    }
}

impl Backward {
    /// dx = dy W'
    pub(super) fn apply(&self, dy: &[f32], dx: &mut Aligned) {
        let (outputs, inputs) = (self.weight.k(), self.weight.n());
        dx.resize(dy.len() / outputs * inputs);
        multiply_serial(
            Rows::new(dy, outputs),
            &*self.weight,
            dx,
            inputs,
            Onto::ZERO,
        );
    }
}

/// dW = x' dy, or what is added `onto`, and db += the sum of the rows of dy; `packed` is
/// memory.
pub(super) fn add_gradients(
    x: &[f32],
    dy: &[f32],
    gradients: &mut [Buffer; 2],
    onto: Onto<'_>,
    packed: &mut Packed,
) {
    let [dw, db] = gradients;
    let outputs = db.len();
    let inputs = dw.len() / outputs;
    add_columns(dy, db);
    let x = Rows::transposed(x, inputs);
    multiply_packing(x, dy, outputs, packed, dw, outputs, onto);
}
