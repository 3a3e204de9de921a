//! Between rows of a plan, [outputs, inputs], and the numbers of a tensor in a file.

use outcrop_arch::TensorName;

/// How many numbers each row of the parts has that a tensor holds.
pub(crate) fn width(name: &TensorName) -> usize {
    let rows: usize = name.spans.iter().map(|span| span.rows).sum();
    name.shape.iter().product::<usize>() / (rows + name.skipped)
}

/// The rows, of what a file has.
pub(crate) fn from_file(name: &TensorName, mut values: Vec<f32>) -> Vec<f32> {
    values.drain(..name.skipped * width(name));
    if name.transposed {
        values = turned(&values, name.shape[0]);
    }
    shifted(values, name.offset)
}

/// What a file has of the rows: with 0 in those that mean nothing.
pub(crate) fn to_file(name: &TensorName, values: Vec<f32>) -> Vec<f32> {
    let mut values = shifted(values, -name.offset);
    if name.transposed {
        values = turned(&values, name.shape[1]);
    }
    let skipped = name.skipped * width(name);
    values.splice(..0, std::iter::repeat_n(0.0, skipped));
    values
}

/// As they are where `by` is 0, to the bit.
fn shifted(mut values: Vec<f32>, by: f32) -> Vec<f32> {
    if by != 0.0 {
        values.iter_mut().for_each(|x| *x += by);
    }
    values
}

/// A matrix of so many rows with rows and columns exchanged.
fn turned(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows;
    let at = |i: usize| values[i % rows * columns + i / rows];
    (0..values.len()).map(at).collect()
}
