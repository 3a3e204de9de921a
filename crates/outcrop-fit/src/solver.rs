//! A Levenberg-Marquardt method with bounds for projected least squares in the plane, as a solver
//! of argmin, whose executor runs it, counts evaluations and can be given observers.

use argmin::core::{
    Error, Executor, IterState, KV, Problem, Solver, TerminationReason, TerminationStatus,
};

use crate::coordinates::Bounds;

/// The squared residuals near one point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linearization {
    /// Sum of squared residuals r.
    pub(crate) sse: f64,
    /// J'J: its entries (0,0), (0,1) and (1,1), J being the Jacobian of r.
    pub(crate) normal: [f64; 3],
    /// J'r.
    pub(crate) gradient: [f64; 2],
}

/// A least-squares problem over the plane, its linear coefficients projected out.
pub(crate) trait Projected {
    /// Residuals and Jacobian at `p`, from one inner solution.
    fn linearize(&self, p: &[f64; 2]) -> Linearization;
}

impl<P: Projected> Projected for &P {
    fn linearize(&self, p: &[f64; 2]) -> Linearization {
        (*self).linearize(p)
    }
}

/// Levenberg-Marquardt with Marquardt's scaling: coordinates on a bound that the gradient pushes
/// against are held, steps are clipped to `STRIDE` and to the bounds.
///
/// ## References
/// Levenberg (1944), Quarterly of Applied Mathematics 2:164; Marquardt (1963), Journal of the
/// Society for Industrial and Applied Mathematics 11:431; Kaufman (1975), BIT 15:49.
#[derive(Clone, Debug)]
pub(crate) struct BoundedLevenbergMarquardt {
    bounds: Bounds,
    damping: f64,
    current: Option<Linearization>,
}

/// Longest step along one coordinate (both are logarithmic at their far ends).
const STRIDE: f64 = 2.0;
/// Converged: the SSE falls by less than this share of it,
const SSE_TOLERANCE: f64 = 1e-13;
/// and neither coordinate moves by more than this.
const STEP_TOLERANCE: f64 = 1e-7;
const MIN_DAMPING: f64 = 1e-12;
const MAX_DAMPING: f64 = 1e12;

type PlaneState = IterState<[f64; 2], (), (), (), (), f64>;

impl BoundedLevenbergMarquardt {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            damping: 1e-3,
            current: None,
        }
    }

    /// Whether coordinate `k` is fixed, or held by a bound at `p`.
    fn held(&self, p: &[f64; 2], gradient: &[f64; 2], k: usize) -> bool {
        let (lower, upper) = (self.bounds.lower[k], self.bounds.upper[k]);
        lower == upper
            || (p[k] <= lower && gradient[k] >= 0.0)
            || (p[k] >= upper && gradient[k] <= 0.0)
    }

    /// The damped Gauss-Newton step, `None` where nothing can move.
    fn step(&self, l: &Linearization, held: [bool; 2]) -> Option<[f64; 2]> {
        let damp = |h: f64| h * (1.0 + self.damping) + f64::MIN_POSITIVE;
        let (a, b, c) = (damp(l.normal[0]), l.normal[1], damp(l.normal[2]));
        let [g0, g1] = l.gradient;
        let step = match held {
            [true, true] => return None,
            [true, false] => [0.0, -g1 / c],
            [false, true] => [-g0 / a, 0.0],
            [false, false] => {
                let determinant = a * c - b * b;
                if determinant <= 0.0 {
                    return Some([0.0, 0.0]);
                }
                [
                    (b * g1 - c * g0) / determinant,
                    (b * g0 - a * g1) / determinant,
                ]
            }
        };
        let longest = step[0].abs().max(step[1].abs());
        let shrink = if longest > STRIDE {
            STRIDE / longest
        } else {
            1.0
        };
        Some(step.map(|d| d * shrink))
    }
}

impl<P: Projected> Solver<P, PlaneState> for BoundedLevenbergMarquardt {
    fn name(&self) -> &str {
        "bounded Levenberg-Marquardt"
    }

    fn init(
        &mut self,
        problem: &mut Problem<P>,
        mut state: PlaneState,
    ) -> Result<(PlaneState, Option<KV>), Error> {
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
        mut state: PlaneState,
    ) -> Result<(PlaneState, Option<KV>), Error> {
        let missing = || Error::msg("the solver was not initialised");
        let p = state.take_param().ok_or_else(missing)?;
        let here = self.current.ok_or_else(missing)?;
        let held = [0, 1].map(|k| self.held(&p, &here.gradient, k));
        while self.damping <= MAX_DAMPING
            && let Some(step) = self.step(&here, held)
        {
            let next = self.bounds.clamp([p[0] + step[0], p[1] + step[1]]);
            let there = problem.problem("linearize_count", |o| Ok(o.linearize(&next)))?;
            if there.sse < here.sse {
                let moved = (next[0] - p[0]).abs().max((next[1] - p[1]).abs());
                let converged =
                    here.sse - there.sse <= SSE_TOLERANCE * here.sse && moved < STEP_TOLERANCE;
                self.damping = (self.damping / 5.0).max(MIN_DAMPING);
                self.current = Some(there);
                let state = state.param(next).cost(there.sse);
                return Ok((if converged { finish(state) } else { state }, None));
            }
            self.damping *= 4.0;
        }
        Ok((finish(state.param(p).cost(here.sse)), None))
    }

    fn terminate(&mut self, _: &PlaneState) -> TerminationStatus {
        TerminationStatus::NotTerminated
    }
}

fn finish(state: PlaneState) -> PlaneState {
    use argmin::core::State;
    state.terminate_with(TerminationReason::SolverConverged)
}

/// Descends from `start` within `bounds` until converged, or until the SSE is at most `enough`.
pub(crate) fn polish(
    problem: &impl Projected,
    bounds: Bounds,
    start: [f64; 2],
    enough: f64,
) -> Result<([f64; 2], f64), Error> {
    let result = Executor::new(problem, BoundedLevenbergMarquardt::new(bounds))
        .configure(|state: PlaneState| state.param(start).max_iters(2000).target_cost(enough))
        .timer(false)
        .run()?;
    let mut state = result.state;
    let sse = state.get_best_cost();
    let best = state.take_best_param();
    Ok((best.ok_or_else(|| Error::msg("no point was found"))?, sse))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley as least squares: r = (10 (y - x^2), 1 - x), minimum at (1, 1).
    struct Rosenbrock;

    impl Projected for Rosenbrock {
        fn linearize(&self, &[x, y]: &[f64; 2]) -> Linearization {
            let r = [10.0 * (y - x * x), 1.0 - x];
            let j = [[-20.0 * x, 10.0], [-1.0, 0.0]];
            Linearization {
                sse: r[0] * r[0] + r[1] * r[1],
                normal: [
                    j[0][0] * j[0][0] + 1.0,
                    j[0][0] * j[0][1],
                    j[0][1] * j[0][1],
                ],
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
}
