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
    let mut r = [[0.0; M]; M];
    product(data.values, data.scales, &mut residuals[0]);
    family.sweep(data.steps, axes, &mut |unchanged, columns| {
        for j in unchanged..M - 1 {
            weigh(&columns[j], data.scales, &mut basis[j]);
            orthogonalise(&mut basis, j, CANCELLED, &mut r);
            let part = dot(&basis[j], &residuals[j]);
            let (before, after) = residuals.split_at_mut(j + 1);
            after[0].clear();
            after[0].extend_from_slice(&before[j]);
            subtract(part, &basis[j], &mut after[0]);
        }
        weigh(&columns[M - 1], data.scales, &mut basis[M - 1]);
        let sse = without(&basis, &residuals[M - 1]);
        squares.push(sse.unwrap_or_else(|| {
            orthogonalise(&mut basis, M - 1, CANCELLED, &mut r);
            let left = &mut residuals[M - 1].clone();
            subtract(dot(&basis[M - 1], left), &basis[M - 1], left);
            dot(left, left)
        }));
    });
    squares
}

/// Differences of squares of which less than this share is left have lost more digits than a grid may lose.
const LOST: f64 = 1e-7;

/// The square that is left of `residuals` without their part along the last column of `basis`, by products alone: the last
/// column is not yet orthogonal to the others, which are unit columns and at right angles to `residuals`. `None` where
/// rounding would show.
fn without<const M: usize>(basis: &[Vec<f64>; M], residuals: &[f64]) -> Option<f64> {
    let (column, before) = basis.split_last()?;
    let whole = dot(column, column);
    let along: f64 = before.iter().map(|q| dot(q, column).powi(2)).sum();
    let (power, part) = (dot(residuals, residuals), dot(residuals, column));
    let left = whole - along;
    let sse = power - part * part / left;
    (left > 0.0 && (left / whole) * (sse / power) > LOST).then_some(sse)
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
    fn squares_by_products_are_those_of_the_projection() {
        let basis = |last: Vec<f64>| [vec![0.6, 0.8, 0.0], last];
        let residuals = [0.8, -0.6, 2.0];
        // orthogonal to the first column: (0.48, -0.36, 1.0)
        let found = without(&basis(vec![1.08, 0.44, 1.0]), &residuals).unwrap();
        let (power, part, left): (f64, f64, f64) = (5.0, 2.6, 1.36);
        assert!((found - (power - part * part / left)).abs() < 1e-14);
        assert_eq!(without(&basis(vec![0.6, 0.8, 1e-4]), &residuals), None);
        assert_eq!(without(&basis(vec![0.8, -0.6, 2.0]), &residuals), None);
    }

    #[test]
    fn an_axis_reaches_both_ends() {
        assert_eq!(axis(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(axis(2.0, 2.0, 5), [2.0]);
    }
}
