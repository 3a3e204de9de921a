use std::collections::BTreeMap;

use outcrop_arch::TensorName;

use crate::Parts;

/// The name of a part that a tensor holds rows of.
fn name_of(tensor: &TensorName, role: outcrop_arch::TensorRole) -> String {
    let place = tensor
        .layer
        .map(|layer| format!("{layer}."))
        .unwrap_or_default();
    format!("{place}{role:?}.{:?}", tensor.kind)
}

/// How many numbers one row of a tensor's parts has.
fn width(tensor: &TensorName) -> usize {
    let rows: usize = tensor.spans.iter().map(|span| span.rows).sum();
    tensor.shape.iter().product::<usize>() / (rows + tensor.skipped)
}

/// A matrix of `rows` rows with rows and columns exchanged.
fn turned(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows;
    let at = |i: usize| values[i % rows * columns + i / rows];
    (0..values.len()).map(at).collect()
}

/// The numbers of a tensor as a file has them, row by row, from the parts that it holds.
///
/// # Panics
/// Where a part is missing or too small.
pub fn to_file(tensor: &TensorName, parts: &Parts) -> Vec<f32> {
    let width = width(tensor);
    let rows = |span: &outcrop_arch::Span| {
        let part = &parts[&name_of(tensor, span.role)];
        part[span.first * width..][..span.rows * width].to_vec()
    };
    let values = tensor.spans.iter().flat_map(rows);
    let values: Vec<f32> = values.map(|x| x - tensor.offset).collect();
    let values = match tensor.transposed {
        true => turned(&values, values.len() / width),
        false => values,
    };
    [vec![0.0; tensor.skipped * width], values].concat()
}

/// The parts that tensors of a file hold, from their numbers by name.
///
/// # Panics
/// Where a tensor is missing.
pub fn from_file(tensors: &[TensorName], values: &BTreeMap<String, Vec<f32>>) -> Parts {
    let mut parts = Parts::new();
    for tensor in tensors.iter().filter(|tensor| tensor.required) {
        let width = width(tensor);
        let values = &values[&tensor.name][tensor.skipped * width..];
        let mut values = match tensor.transposed {
            true => turned(values, width),
            false => values.to_vec(),
        };
        values.iter_mut().for_each(|x| *x += tensor.offset);
        let mut rest = values.chunks_exact(width);
        for span in &tensor.spans {
            let part = parts.entry(name_of(tensor, span.role)).or_default();
            let end = (span.first + span.rows) * width;
            part.resize(part.len().max(end), 0.0);
            let places = part[span.first * width..end].chunks_exact_mut(width);
            places
                .zip(&mut rest)
                .for_each(|(to, from)| to.copy_from_slice(from));
        }
    }
    parts
}
