//! A Levenberg-Marquardt method with bounds for projected least squares, as a solver of argmin.

use argmin::core::{
    Error, IterState, KV, Problem, Solver, State, TerminationReason, TerminationStatus,
};

use super::model::Bounds;

/// The squared residuals near one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linearization<const N: usize> {
    /// Sum of squared residuals r.
    pub sse: f64,
    /// J'J, J being the Jacobian of r.
    pub normal: [[f64; N]; N],
    /// J'r.
    pub gradient: [f64; N],
}

/// A least-squares problem of N coordinates.
pub trait Linearize<const N: usize> {
    /// Residuals and Jacobian at `p`, from one evaluation.
    fn linearize(&self, p: &[f64; N]) -> Linearization<N>;
}

impl<const N: usize, P: Linearize<N>> Linearize<N> for &P {
    fn linearize(&self, p: &[f64; N]) -> Linearization<N> {
        (*self).linearize(p)
    }
}

/// The state that argmin's executor keeps for this solver.
pub type SearchState<const N: usize> = IterState<[f64; N], (), (), (), (), f64>;

/// Levenberg-Marquardt with Marquardt's scaling and bounds: coordinates on a bound that the
/// gradient pushes against are held, steps are clipped to 2 (the coordinates are meant to be
/// logarithmic) and to the bounds. Where residuals are large J'J is a poor Hessian; a symmetric
/// rank-one secant update learns what it lacks, so that convergence stays fast in curved valleys.
///
/// It has converged when a step lowers the sum of squares by less than 1e-13 of it and moves no
/// coordinate by 1e-7, or when the linearised problem promises less than 1e-14 of it.
///
/// ```
/// use argmin::core::{Executor, State};
/// use outcrop_fit::separable::{Bounds, BoundedLevenbergMarquardt, Linearization, Linearize, SearchState};
///
/// /// Rosenbrock's valley: r = (10 (y - x^2), 1 - x).
/// struct Valley;
///
/// impl Linearize<2> for Valley {
///     fn linearize(&self, &[x, y]: &[f64; 2]) -> Linearization<2> {
///         let r = [10.0 * (y - x * x), 1.0 - x];
///         Linearization {
///             sse: r[0] * r[0] + r[1] * r[1],
///             normal: [[400.0 * x * x + 1.0, -200.0 * x], [-200.0 * x, 100.0]],
///             gradient: [-20.0 * x * r[0] - r[1], 10.0 * r[0]],
///         }
///     }
/// }
///
/// let solver = BoundedLevenbergMarquardt::new(Bounds { lower: [-3.0; 2], upper: [3.0; 2] });
/// let run = Executor::new(Valley, solver)
///     .configure(|state: SearchState<2>| state.param([-1.2, 1.0]).max_iters(100))
///     .run()?;
/// assert!(run.state.get_best_cost() < 1e-20);
/// # Ok::<(), argmin::core::Error>(())
/// ```
///
/// ## References
/// Levenberg (1944), Quarterly of Applied Mathematics 2:164; Marquardt (1963), Journal of the
/// Society for Industrial and Applied Mathematics 11:431; Dennis, Gay and Welsch (1981), ACM
/// Transactions on Mathematical Software 7:348, for the secant update.
#[derive(Clone, Debug)]
pub struct BoundedLevenbergMarquardt<const N: usize> {
    bounds: Bounds<N>,
    damping: f64,
    current: Option<Linearization<N>>,
    /// What J'J leaves out of half the Hessian, learned from the gradients along the way.
    curvature: [[f64; N]; N],
}

/// Longest step along one coordinate.
const STRIDE: f64 = 2.0;
/// Converged: the SSE falls by less than this share of it,
const SSE_TOLERANCE: f64 = 1e-13;
/// and no coordinate moves by more than this.
const STEP_TOLERANCE: f64 = 1e-7;
/// Converged also where no more than this share of the SSE is promised.
const PROMISE_TOLERANCE: f64 = 1e-14;
const MIN_DAMPING: f64 = 1e-12;
const MAX_DAMPING: f64 = 1e12;

impl<const N: usize> BoundedLevenbergMarquardt<N> {
    /// The solver within `bounds`.
    pub fn new(bounds: Bounds<N>) -> Self {
        Self {
            bounds,
            damping: 1e-3,
            current: None,
            curvature: [[0.0; N]; N],
        }
    }

    /// Whether coordinate `k` is fixed, or held by a bound at `p`.
    fn held(&self, p: &[f64; N], gradient: &[f64; N], k: usize) -> bool {
        let (lower, upper) = (self.bounds.lower[k], self.bounds.upper[k]);
        lower == upper
            || (p[k] <= lower && gradient[k] >= 0.0)
            || (p[k] >= upper && gradient[k] <= 0.0)
    }

    /// J'J with what was learned of the rest.
    fn hessian(&self, l: &Linearization<N>) -> [[f64; N]; N] {
        let mut h = l.normal;
        for (row, more) in h.iter_mut().zip(&self.curvature) {
            row.iter_mut().zip(more).for_each(|(a, b)| *a += b);
        }
        h
    }

    /// Learns from the change of the gradient between two points.
    fn learn(&mut self, from: &Linearization<N>, to: &Linearization<N>, step: &[f64; N]) {
        let h = self.hessian(to);
        let mut missing = [0.0; N];
        for k in 0..N {
            let explained: f64 = h[k].iter().zip(step).map(|(a, d)| a * d).sum();
            missing[k] = to.gradient[k] - from.gradient[k] - explained;
        }
        let along: f64 = missing.iter().zip(step).map(|(m, d)| m * d).sum();
        let size = |v: &[f64; N]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if along.abs() <= 1e-8 * size(&missing) * size(step) {
            return;
        }
        for i in 0..N {
            for j in 0..N {
                self.curvature[i][j] += missing[i] * missing[j] / along;
            }
        }
    }

    /// The damped Newton step: all 0 where the damped matrix is not positive definite.
    fn step(&self, l: &Linearization<N>, held: &[bool; N]) -> [f64; N] {
        let mut a = self.hessian(l);
        let mut b = l.gradient.map(|g| -g);
        for k in 0..N {
            if held[k] {
                a[k] = [0.0; N];
                a.iter_mut().for_each(|row| row[k] = 0.0);
                (a[k][k], b[k]) = (1.0, 0.0);
            } else {
                a[k][k] += l.normal[k][k] * self.damping + f64::MIN_POSITIVE;
            }
        }
        let step = solve(a, b).unwrap_or([0.0; N]);
        let longest = step.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        step.map(|d| d * (STRIDE / longest.max(STRIDE)))
    }
}

/// Solves the symmetric positive definite system a x = b by Cholesky's method; `None` where a is
/// not positive definite.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for k in 0..N {
        for i in 0..k {
            let part: f64 = (0..i).map(|j| a[k][j] * a[i][j]).sum();
            a[k][i] = (a[k][i] - part) / a[i][i];
        }
        let square = a[k][k] - (0..k).map(|j| a[k][j] * a[k][j]).sum::<f64>();
        if square <= 0.0 || !square.is_finite() {
            return None;
        }
        a[k][k] = square.sqrt();
        b[k] = (b[k] - (0..k).map(|j| a[k][j] * b[j]).sum::<f64>()) / a[k][k];
    }
    for k in (0..N).rev() {
        b[k] = (b[k] - (k + 1..N).map(|j| a[j][k] * b[j]).sum::<f64>()) / a[k][k];
    }
    Some(b)
}

/// What the linearised problem promises to take off the sum of squares.
fn promise<const N: usize>(hessian: &[[f64; N]; N], gradient: &[f64; N], step: &[f64; N]) -> f64 {
    let mut promise = 0.0;
    for i in 0..N {
        let bent: f64 = (0..N).map(|j| hessian[i][j] * step[j]).sum();
        promise -= step[i] * (2.0 * gradient[i] + bent);
    }
    promise
}

impl<const N: usize, P: Linearize<N>> Solver<P, SearchState<N>> for BoundedLevenbergMarquardt<N> {
    fn name(&self) -> &str {
        "bounded Levenberg-Marquardt"
    }

    fn init(
        &mut self,
        problem: &mut Problem<P>,
        mut state: SearchState<N>,
    ) -> Result<(SearchState<N>, Option<KV>), Error> {
        let start = state.take_param();
        let start = start.ok_or_else(|| Error::msg("an initial point is needed"))?;
        let p = self.bounds.clamp(start);
        let here = problem.problem("linearize_count", |o| Ok(o.linearize(&p)))?;
        self.current = Some(here);
        Ok((state.param(p).cost(here.sse), None))
    }

    fn next_iter(
        &mut self,
        problem: &mut Problem<P>,
        mut state: SearchState<N>,
    ) -> Result<(SearchState<N>, Option<KV>), Error> {
        let missing = || Error::msg("the solver was not initialised");
        let p = state.take_param().ok_or_else(missing)?;
        let here = self.current.ok_or_else(missing)?;
        let mut held = [false; N];
        for (k, held) in held.iter_mut().enumerate() {
            *held = self.held(&p, &here.gradient, k);
        }
        while self.damping <= MAX_DAMPING && held != [true; N] {
            let step = self.step(&here, &held);
            let promised = promise(&self.hessian(&here), &here.gradient, &step);
            if promised <= PROMISE_TOLERANCE * here.sse && step != [0.0; N] {
                break;
            }
            let mut next = p;
            next.iter_mut().zip(step).for_each(|(x, d)| *x += d);
            let next = self.bounds.clamp(next);
            let taken: [f64; N] = std::array::from_fn(|k| next[k] - p[k]);
            let there = problem.problem("linearize_count", |o| Ok(o.linearize(&next)))?;
            if there.sse < here.sse {
                let moved = taken.iter().map(|d| d.abs());
                let converged = here.sse - there.sse <= SSE_TOLERANCE * here.sse
                    && moved.fold(0.0, f64::max) < STEP_TOLERANCE;
                self.learn(&here, &there, &taken);
                self.damping = (self.damping / 5.0).max(MIN_DAMPING);
                self.current = Some(there);
                let state = state.param(next).cost(there.sse);
                return Ok((if converged { finish(state) } else { state }, None));
            }
            self.damping *= 4.0;
        }
        Ok((finish(state.param(p).cost(here.sse)), None))
    }

    fn terminate(&mut self, _: &SearchState<N>) -> TerminationStatus {
        TerminationStatus::NotTerminated
    }
}

fn finish<const N: usize>(state: SearchState<N>) -> SearchState<N> {
    state.terminate_with(TerminationReason::SolverConverged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::separable::search::polish;

    /// Rosenbrock's valley as least squares: r = (10 (y - x^2), 1 - x), minimum at (1, 1).
    struct Rosenbrock;

    impl Linearize<2> for Rosenbrock {
        fn linearize(&self, &[x, y]: &[f64; 2]) -> Linearization<2> {
            let r = [10.0 * (y - x * x), 1.0 - x];
            let j = [[-20.0 * x, 10.0], [-1.0, 0.0]];
            let cross = j[0][0] * j[0][1];
            Linearization {
                sse: r[0] * r[0] + r[1] * r[1],
                normal: [[j[0][0] * j[0][0] + 1.0, cross], [cross, 100.0]],
                gradient: [j[0][0] * r[0] + j[1][0] * r[1], j[0][1] * r[0]],
            }
        }
    }

    #[test]
    fn the_valley_is_followed_to_its_minimum() {
        let bounds = Bounds {
            lower: [-3.0; 2],
            upper: [3.0; 2],
        };
        let (p, sse) = polish(&Rosenbrock, bounds, [-1.2, 1.0], 0.0).unwrap();
        assert!(sse < 1e-20 && (p[0] - 1.0).abs() < 1e-9, "{p:?} {sse}");
    }

    #[test]
    fn a_bound_holds_and_the_rest_is_still_minimised() {
        let bounds = Bounds {
            lower: [-3.0; 2],
            upper: [0.5, 3.0],
        };
        let (p, sse) = polish(&Rosenbrock, bounds, [-1.2, 1.0], 0.0).unwrap();
        assert_eq!(p[0], 0.5);
        assert!((p[1] - 0.25).abs() < 1e-7 && (sse - 0.25).abs() < 1e-12);
    }

    #[test]
    fn three_equations() {
        let a = [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]];
        let x = solve(a, [11.0, 21.0, 25.0]).unwrap();
        for (x, expected) in x.iter().zip([1.0, 2.0, 3.0]) {
            assert!((x - expected).abs() < 1e-14);
        }
        assert_eq!(solve([[1.0, 2.0], [2.0, 1.0]], [0.0; 2]), None);
    }
}
