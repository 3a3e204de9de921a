//! The global search: a grid over the plane, then a descent from every local minimum of the grid.
//! Most series have several, and in a quarter of them the best cell does not lead to the best fit.

use crate::basis::Family;
use crate::coordinates::Bounds;
use crate::grid::squares;
use crate::projection::{Inner, Projection};
use crate::solver::polish;

/// The best point found, with its inner solution.
#[derive(Clone, Debug)]
pub(crate) struct Optimum {
    pub(crate) p: [f64; 2],
    pub(crate) inner: Inner,
}

/// A share of the total sum of squares that is rounding alone: a perfect fit, not to be improved.
const ROUNDING: f64 = 1e-31;

/// Searches `bounds` with `cells` grid points along each coordinate that is not fixed.
pub(crate) fn search<F: Family>(
    projection: &Projection<'_, F>,
    bounds: Bounds,
    cells: usize,
) -> Result<Optimum, argmin::core::Error> {
    let axes = [0, 1].map(|k| axis(bounds.lower[k], bounds.upper[k], cells));
    let sse = squares(projection, &axes);
    let enough = perfect(projection);
    let mut best = ([bounds.lower[0], bounds.lower[1]], f64::INFINITY);
    let minima = local_minima(&sse, axes[1].len());
    for (i, j) in minima.into_iter().take(projection.family.starts()) {
        let found = polish(projection, bounds, [axes[0][i], axes[1][j]], enough)?;
        if found.1 < best.1 {
            best = found;
        }
        if best.1 <= enough {
            break;
        }
    }
    let mut inner = Inner::default();
    projection.solve(&best.0, &mut inner);
    Ok(Optimum { p: best.0, inner })
}

/// The local optimum that a single descent from `start` reaches.
pub(crate) fn descend<F: Family>(
    projection: &Projection<'_, F>,
    bounds: Bounds,
    start: [f64; 2],
) -> Result<Optimum, argmin::core::Error> {
    let (p, _) = polish(projection, bounds, start, perfect(projection))?;
    let mut inner = Inner::default();
    projection.solve(&p, &mut inner);
    Ok(Optimum { p, inner })
}

/// The sum of squares of a fit that only rounding keeps from 0.
fn perfect<F: Family>(projection: &Projection<'_, F>) -> f64 {
    let data = projection.data;
    let pairs = data.values.iter().zip(data.scales);
    ROUNDING * pairs.map(|(y, s)| (y * s).powi(2)).sum::<f64>()
}

/// Equally spaced points from `lower` to `upper`, one where they are equal.
fn axis(lower: f64, upper: f64, cells: usize) -> Vec<f64> {
    if lower == upper {
        return vec![lower];
    }
    let width = (upper - lower) / (cells - 1) as f64;
    (0..cells).map(|i| lower + width * i as f64).collect()
}

/// The cells of a grid, stored by rows of `columns`, that none of their eight neighbours
/// undercuts; the lowest first.
fn local_minima(grid: &[f64], columns: usize) -> Vec<(usize, usize)> {
    let rows = grid.len() / columns;
    let around = |i: usize, n: usize| i.saturating_sub(1)..=(i + 1).min(n - 1);
    let mut minima: Vec<usize> = (0..grid.len())
        .filter(|&cell| {
            let (i, j) = (cell / columns, cell % columns);
            around(i, rows).all(|a| around(j, columns).all(|b| grid[a * columns + b] >= grid[cell]))
        })
        .collect();
    minima.sort_by(|&a, &b| grid[a].total_cmp(&grid[b]));
    minima.iter().map(|&c| (c / columns, c % columns)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_are_sorted_and_borders_count() {
        let grid = [5.0, 4.0, 1.0, 6.0, 7.0, 5.0, 0.0, 6.0, 7.0];
        assert_eq!(local_minima(&grid, 3), [(2, 0), (0, 2)]);
    }

    #[test]
    fn an_axis_reaches_both_ends() {
        assert_eq!(axis(-1.0, 1.0, 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(axis(2.0, 2.0, 5), [2.0]);
    }
}
