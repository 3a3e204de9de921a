//! Matrices that are packed while they are read: rows that lie in files as [outputs, inputs], a few at a time.

use std::ops::Range;

use outcrop_arch::{TensorPart, TensorRole};
use outcrop_checkpoint::{DType, Weights};
use outcrop_gemm::Packed;

use crate::{Published, Result};

/// A matrix [outputs, inputs] made of rows of tensors.
pub(crate) struct Given<'a> {
    weights: &'a Weights,
    inputs: usize,
    strips: Vec<Strip<'a>>,
    /// Binary digits that numbers have at most.
    digits: u32,
}

/// Rows of a tensor that follow one another, from row `first` of the matrix on.
struct Strip<'a> {
    first: usize,
    tensor: &'a str,
    rows: Range<usize>,
}

impl Published {
    /// The tensor of a role and its type, where it is one [outputs, inputs] whose rows follow one another in the file and need
    /// nothing added.
    fn in_order(
        &self,
        layer: Option<usize>,
        role: TensorRole,
        inputs: usize,
    ) -> Option<(&str, DType)> {
        let mut pieces = self.pieces(layer, role, TensorPart::Weight);
        let place = pieces.next().filter(|_| pieces.next().is_none())?;
        let (dtype, row) = in_order(self.weights(), place.stored())?;
        let plain = !place.tensor.transposed && place.tensor.offset == 0.0;
        (plain && row == inputs).then_some((place.stored(), dtype))
    }
}

/// The type of a tensor whose rows follow one another in its file, and how many numbers each has.
fn in_order(weights: &Weights, tensor: &str) -> Option<(DType, usize)> {
    let info = weights
        .get(tensor)
        .filter(|_| weights.is_in_order(tensor))?;
    Some((info.dtype, info.shape.get(1..)?.iter().product()))
}

impl<'a> Given<'a> {
    /// Some rows of a tensor; none where it has to be read whole first.
    pub(crate) fn rows_of(
        weights: &'a Weights,
        tensor: &'a str,
        rows: Range<usize>,
    ) -> Option<Self> {
        let (dtype, inputs) = in_order(weights, tensor)?;
        let strips = vec![Strip {
            first: 0,
            tensor,
            rows,
        }];
        Some(Self {
            weights,
            inputs,
            strips,
            digits: dtype.digits(),
        })
    }

    /// The matrix of these outputs, one below another; none where a tensor has to be read whole first.
    pub(crate) fn new(
        model: &'a Published,
        layer: Option<usize>,
        inputs: usize,
        outputs: impl Iterator<Item = (TensorRole, Range<usize>)>,
    ) -> Option<Self> {
        let mut given = Self {
            weights: model.weights(),
            inputs,
            strips: Vec::new(),
            digits: 0,
        };
        for (role, rows) in outputs {
            let (tensor, dtype) = model.in_order(layer, role, inputs)?;
            let first = given.outputs();
            given.digits = given.digits.max(dtype.digits());
            given.strips.push(Strip {
                first,
                tensor,
                rows,
            });
        }
        Some(given)
    }

    fn outputs(&self) -> usize {
        self.strips.last().map_or(0, Strip::end)
    }

    /// Packs it into the memory of `packed`.
    pub(crate) fn pack(&self, mut packed: Packed) -> Result<Packed> {
        let rows = |range: Range<usize>, to: &mut Vec<f32>| self.read(range, to);
        packed.pack_given(self.outputs(), self.inputs, self.digits, rows)?;
        Ok(packed)
    }

    /// Appends rows of the matrix to `to`, which is empty.
    fn read(&self, rows: Range<usize>, to: &mut Vec<f32>) -> Result<()> {
        let first = self.strips.partition_point(|s| s.end() <= rows.start);
        let strips = &self.strips[first..];
        let mut strips = strips.iter().take_while(|s| s.first < rows.end);
        let part = |strip: &Strip<'_>| {
            let from = rows.start.max(strip.first) - strip.first;
            let end = rows.end.min(strip.end()) - strip.first;
            strip.rows.start + from..strip.rows.start + end
        };
        if let Some(strip) = strips.next() {
            (self.weights).read_rows_f32(strip.tensor, part(strip), to)?;
        }
        let mut more = Vec::new();
        for strip in strips {
            (self.weights).read_rows_f32(strip.tensor, part(strip), &mut more)?;
            to.extend_from_slice(&more);
        }
        Ok(())
    }
}

/// Packs some rows of a tensor [outputs, inputs] into the memory of `packed`, however they lie in the file.
pub(crate) fn pack_rows(
    weights: &Weights,
    tensor: &str,
    rows: Range<usize>,
    mut packed: Packed,
) -> Result<Packed> {
    if let Some(given) = Given::rows_of(weights, tensor, rows.clone()) {
        return given.pack(packed);
    }
    let (mut values, outputs) = (Vec::new(), rows.len());
    weights.read_rows_f32(tensor, rows, &mut values)?;
    let inputs = values.len() / outputs.max(1);
    packed.pack(&values, inputs, outputs, 1, inputs);
    Ok(packed)
}

impl Strip<'_> {
    fn end(&self) -> usize {
        self.first + self.rows.len()
    }
}
