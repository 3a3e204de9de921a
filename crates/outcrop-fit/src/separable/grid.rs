//! The sum of squares at every point of a grid: as the projection computes it, but columns that
//! do not change from point to point are orthogonalised once.

use super::columns::{dot, orthogonalise, product, subtract, weigh};
use super::model::Separable;
use super::projection::Data;

/// Below this share of a column left it is orthogonalised again. A grid needs fewer digits than
/// the projection.
const CANCELLED: f64 = 1e-4;

/// Equally spaced points from `lower` to `upper`, one where they are equal.
pub(crate) fn axis(lower: f64, upper: f64, cells: usize) -> Vec<f64> {
    if lower == upper {
        return vec![lower];
    }
    let width = (upper - lower) / (cells - 1) as f64;
    let mut axis: Vec<f64> = (0..cells).map(|i| lower + width * i as f64).collect();
    axis[cells - 1] = upper;
    axis
}

/// The sums of squared scaled residuals over the grid `axes`, the last axis fastest.
pub(crate) fn squares<F: Separable<N, M>, const N: usize, const M: usize>(
    family: &F,
    data: Data<'_>,
    axes: &[Vec<f64>; N],
) -> Vec<f64> {
    let mut squares = Vec::with_capacity(axes.iter().map(Vec::len).product());
    let mut basis = [const { Vec::new() }; M];
    // residuals[j] is what the columns before j leave
    let mut residuals = [const { Vec::new() }; M];
    let (mut r, mut last) = ([[0.0; M]; M], Vec::new());
    product(data.values, data.scales, &mut residuals[0]);
    family.sweep(data.steps, axes, &mut |unchanged, columns| {
        for j in unchanged..M {
            weigh(&columns[j], data.scales, &mut basis[j]);
            orthogonalise(&mut basis, j, CANCELLED, &mut r);
            let part = dot(&basis[j], &residuals[j]);
            let (before, after) = residuals.split_at_mut(j + 1);
            let target = after.first_mut().unwrap_or(&mut last);
            target.clear();
            target.extend_from_slice(&before[j]);
            subtract(part, &basis[j], target);
        }
        squares.push(dot(&last, &last));
    });
    squares
}

/// Where to descend from, the lowest first: the cells of a grid of the given shape (the last axis
/// fastest) that none of their neighbours undercuts, diagonal ones included, and the lowest cell of
/// each face. A narrow valley that slants between the points can end at a face without a local
/// minimum of the grid.
pub(super) fn starts<const N: usize>(grid: &[f64], shape: [usize; N]) -> Vec<[usize; N]> {
    let mut starts: Vec<usize> = (0..grid.len())
        .filter(|&cell| {
            let mut neighbours = (0..3usize.pow(N as u32)).filter_map(|n| beside(cell, n, shape));
            neighbours.all(|other| grid[other] >= grid[cell])
        })
        .collect();
    for k in 0..N {
        for end in [0, shape[k] - 1] {
            let face = (0..grid.len()).filter(|&cell| place(cell, shape)[k] == end);
            starts.extend(face.min_by(|&a, &b| grid[a].total_cmp(&grid[b])));
        }
    }
    starts.sort_by(|&a, &b| grid[a].total_cmp(&grid[b]).then(a.cmp(&b)));
    starts.dedup();
    starts.iter().map(|&cell| place(cell, shape)).collect()
}

fn place<const N: usize>(mut cell: usize, shape: [usize; N]) -> [usize; N] {
    let mut place = [0; N];
    for k in (0..N).rev() {
        place[k] = cell % shape[k];
        cell /= shape[k];
    }
    place
}

/// The n-th of the 3^N cells around `cell`, itself among them, if it lies on the grid.
fn beside<const N: usize>(cell: usize, mut n: usize, shape: [usize; N]) -> Option<usize> {
    let place = place(cell, shape);
    let mut index = 0;
    for k in 0..N {
        let moved = (place[k] + n % 3).checked_sub(1)?;
        if moved >= shape[k] {
            return None;
        }
        index = index * shape[k] + moved;
        n /= 3;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_sorted_minima_and_faces() {
        let grid = [5.0, 4.0, 1.0, 6.0, 7.0, 5.0, 0.0, 6.0, 7.0];
        assert_eq!(starts(&grid, [3, 3]), [[2, 0], [0, 2]]);
        assert_eq!(starts(&[3.0, 1.0, 2.0, 0.0], [4]), [[3], [1], [0]]);
    }

    #[test]
    fn an_axis_reaches_both_ends() {
        assert_eq!(axis(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(axis(2.0, 2.0, 5), [2.0]);
    }
}
