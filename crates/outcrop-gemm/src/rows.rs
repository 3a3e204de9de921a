use crate::kernel::Left;

/// The left-hand matrix A: rows of k numbers, `stride` apart.
#[derive(Clone, Copy, Debug)]
pub struct LeftMatrix<'a> {
    pub(crate) values: &'a [f32],
    /// From one row to the next, and from one column to the next; one of them is 1.
    pub(crate) stride: usize,
    pub(crate) step: usize,
}

impl<'a> LeftMatrix<'a> {
    /// Rows that begin every `stride` numbers; a part of a wider matrix begins at its first column.
    pub fn new(values: &'a [f32], stride: usize) -> Self {
        let step = 1;
        Self {
            values,
            stride,
            step,
        }
    }

    /// The rows of A = X', X given by rows that begin every `stride` numbers, as the gradient of a weight
    /// needs what came in.
    pub fn transposed(values: &'a [f32], stride: usize) -> Self {
        Self {
            values,
            stride: 1,
            step: stride,
        }
    }

    /// Where they lie, from a column on.
    pub(crate) fn left(&self, column: usize) -> Left<'a> {
        let values = &self.values[column * self.step..];
        match self.step {
            1 => Left::Rows {
                values,
                stride: self.stride,
            },
            stride => Left::Columns { values, stride },
        }
    }

    pub(crate) fn from(&self, row: usize) -> Self {
        Self {
            values: &self.values[(row * self.stride).min(self.values.len())..],
            ..*self
        }
    }

    pub(crate) fn skip_columns(&self, column: usize) -> Self {
        Self {
            values: &self.values[(column * self.step).min(self.values.len())..],
            ..*self
        }
    }
}
