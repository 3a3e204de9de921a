//! Between rows of a plan, [outputs, inputs], and the numbers of a tensor in a file.

use outcrop_arch::TensorName;

/// Rows and columns that are exchanged together: a line of memory.
const TILE: usize = 16;

/// How many numbers each row of the parts has that a tensor holds.
pub(crate) fn width(name: &TensorName) -> usize {
    let rows: usize = name.spans.iter().map(|span| span.rows).sum();
    name.shape.iter().product::<usize>() / (rows + name.skipped)
}

/// The rows, of what a file has.
pub(crate) fn from_file(name: &TensorName, mut values: Vec<f32>) -> Vec<f32> {
    values.drain(..name.skipped * width(name));
    let rows = |values: &[f32]| {
        let mut rows = values.to_vec();
        if name.transposed {
            rows = turned(&rows, name.shape[name.shape.len() - 2]);
        }
        if name.interleaved {
            rows = turned_rows(&rows, width(name), parts(name), true);
        }
        rows
    };
    shifted(each(name, values, rows), name.offset)
}

/// What a file has of the rows: with 0 in those that mean nothing.
pub(crate) fn to_file(name: &TensorName, values: Vec<f32>) -> Vec<f32> {
    let numbers = |rows: &[f32]| {
        let mut values = rows.to_vec();
        if name.interleaved {
            values = turned_rows(&values, width(name), parts(name), false);
        }
        if name.transposed {
            values = turned(&values, name.shape[name.shape.len() - 1]);
        }
        values
    };
    let mut values = each(name, shifted(values, -name.offset), numbers);
    let skipped = name.skipped * width(name);
    values.splice(..0, std::iter::repeat_n(0.0, skipped));
    values
}

/// Changes the numbers of each expert, or all where there are none.
fn each(name: &TensorName, values: Vec<f32>, change: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
    if !name.transposed && !name.interleaved {
        return values;
    }
    let length = (values.len() / name.stack.unwrap_or(1)).max(1);
    values.chunks(length).flat_map(change).collect()
}

/// How many parts each expert of a tensor has.
fn parts(name: &TensorName) -> usize {
    name.spans.len() / name.stack.unwrap_or(1)
}

/// Rows of `parts` parts: `apart`, those of one part after those of another, of rows that alternate; else the other way.
fn turned_rows(values: &[f32], width: usize, parts: usize, apart: bool) -> Vec<f32> {
    let rows: Vec<&[f32]> = values.chunks(width).collect();
    let of_part = rows.len() / parts;
    let from = |row: usize| match apart {
        true => row % of_part * parts + row / of_part,
        false => row % parts * of_part + row / parts,
    };
    (0..rows.len())
        .flat_map(|row| rows[from(row)])
        .copied()
        .collect()
}

/// As they are where `by` is 0, to the bit.
fn shifted(mut values: Vec<f32>, by: f32) -> Vec<f32> {
    if by != 0.0 {
        values.iter_mut().for_each(|x| *x += by);
    }
    values
}

/// A matrix of so many rows with rows and columns exchanged.
pub(crate) fn turned(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows.max(1);
    let mut turned = vec![0.0; values.len()];
    // in squares, so that lines of memory are read and written while they are in the cache
    for row in (0..rows).step_by(TILE) {
        for column in (0..columns).step_by(TILE) {
            for c in column..columns.min(column + TILE) {
                let to = &mut turned[c * rows..][row..rows.min(row + TILE)];
                let from = values[row * columns + c..].iter().step_by(columns);
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        for [rows, columns] in [
            [1, 1],
            [1, 40],
            [40, 1],
            [16, 16],
            [17, 31],
            [33, 48],
            [100, 3],
        ] {
            let values: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
            let turned = turned(&values, rows);
            for (i, number) in turned.iter().enumerate() {
                assert_eq!(*number, values[i % rows * columns + i / rows]);
            }
        }
        assert!(turned(&[], 3).is_empty());
        assert!(turned(&[], 0).is_empty());
    }
}
