//! The global search: a grid over the bounds, then a descent from every local minimum of the grid.
//! Most series have several, and in a quarter of them the best cell does not lead to the best fit.

use argmin::core::{Error, Executor};

use super::grid::{axis, squares, starts};
use super::levenberg_marquardt::{BoundedLevenbergMarquardt, Linearize, SearchState};
use super::model::{Bounds, Separable};
use super::projection::{Data, Projection, ROUNDING};

/// The best point found, with its inner solution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum<const N: usize, const M: usize> {
    /// The coordinates.
    pub p: [f64; N],
    /// The coefficients of the columns.
    pub coefficients: [f64; M],
    /// Sum of squared scaled residuals.
    pub sse: f64,
}

/// The global optimum of `family` within its bounds: `cells` grid points along each coordinate,
/// every local minimum of the grid polished. Deterministic.
///
/// # Errors
/// Those of argmin's executor.
pub fn search<F: Separable<N, M>, const N: usize, const M: usize>(
    family: &F,
    data: Data<'_>,
    cells: usize,
) -> Result<Optimum<N, M>, Error> {
    search_within(&Projection::new(family, data), family.bounds(), cells)
}

/// As [`search`], within `bounds`.
pub(crate) fn search_within<F: Separable<N, M>, const N: usize, const M: usize>(
    projection: &Projection<'_, F, N, M>,
    bounds: Bounds<N>,
    cells: usize,
) -> Result<Optimum<N, M>, Error> {
    let shape = projection.family().shape(cells);
    let axes: [Vec<f64>; N] =
        std::array::from_fn(|k| axis(bounds.lower[k], bounds.upper[k], shape[k]));
    let sse = squares(projection.family(), projection.data(), &axes);
    let enough = ROUNDING * projection.power();
    let mut best = (bounds.lower, f64::INFINITY);
    let shape: [usize; N] = std::array::from_fn(|k| axes[k].len());
    let starts = starts(&sse, shape);
    for place in starts.into_iter().take(projection.family().starts()) {
        let start = std::array::from_fn(|k| axes[k][place[k]]);
        let found = polish(projection, bounds, start, enough)?;
        if found.1 < best.1 {
            best = found;
        }
        if best.1 <= enough {
            break;
        }
    }
    Ok(optimum(projection, best.0))
}

/// The local optimum that a single descent from `start` reaches.
pub(crate) fn descend<F: Separable<N, M>, const N: usize, const M: usize>(
    projection: &Projection<'_, F, N, M>,
    start: [f64; N],
) -> Result<Optimum<N, M>, Error> {
    let enough = ROUNDING * projection.power();
    let (p, _) = polish(projection, projection.family().bounds(), start, enough)?;
    Ok(optimum(projection, p))
}

fn optimum<F: Separable<N, M>, const N: usize, const M: usize>(
    projection: &Projection<'_, F, N, M>,
    p: [f64; N],
) -> Optimum<N, M> {
    let inner = projection.solve(&p);
    Optimum {
        p,
        coefficients: inner.coefficients,
        sse: inner.sse,
    }
}

/// Descends from `start` within `bounds` until converged, or until the SSE is at most `enough`.
pub(super) fn polish<const N: usize>(
    problem: &impl Linearize<N>,
    bounds: Bounds<N>,
    start: [f64; N],
    enough: f64,
) -> Result<([f64; N], f64), Error> {
    let result = Executor::new(problem, BoundedLevenbergMarquardt::new(bounds))
        .configure(|state: SearchState<N>| state.param(start).max_iters(2000).target_cost(enough))
        .timer(false)
        .run()?;
    let mut state = result.state;
    let sse = state.get_best_cost();
    let best = state.take_best_param();
    Ok((best.ok_or_else(|| Error::msg("no point was found"))?, sse))
}
