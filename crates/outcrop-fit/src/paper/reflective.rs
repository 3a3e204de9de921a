//! The Trust Region Reflective method for least squares within a box.

use nalgebra::{DMatrix, DVector};

use super::bounds::Bounds;
use super::failure::FormFailure;
use super::model::{Quadratic, Region, Step};
use super::trust_region::Spectrum;

/// Residuals of a least-squares problem. Their values need not be finite.
pub(super) trait Problem {
    /// Residuals at `x`.
    fn residuals(&self, x: &DVector<f64>) -> DVector<f64>;

    /// Their derivatives at `x`, a row for each residual and a column for each variable.
    fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64>;
}

/// The test that ended a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The scaled gradient is below 1e-8 (`gtol`).
    Gradient,
    /// A step that went as the model said lowered the sum of squares by less than 1e-8 of it
    /// (`ftol`).
    Cost,
    /// A step was shorter than 1e-8 of the parameters (`xtol`).
    Step,
    /// Both of the last two.
    CostAndStep,
}

/// Where a search ended.
#[derive(Debug)]
pub(super) struct Minimum {
    pub(super) x: DVector<f64>,
    /// Half the sum of squared residuals.
    pub(super) cost: f64,
    pub(super) evaluations: usize,
    pub(super) stop: Stop,
}

/// ftol, xtol and gtol of SciPy.
const TOLERANCE: f64 = 1e-8;
/// The start keeps this relative distance from the bounds.
const START_MARGIN: f64 = 1e-10;
/// No step goes further than this share of the way to a bound, far from the optimum.
const SHARE: f64 = 0.995;

/// Searches from `start` for the least sum of squares within `bounds`.
pub(super) fn minimize<P: Problem>(
    problem: &P,
    start: &[f64],
    bounds: &Bounds,
    limit: usize,
) -> Result<Minimum, FormFailure> {
    let start = bounds.inside(DVector::from_row_slice(start), START_MARGIN);
    let residuals = problem.residuals(&start);
    if !finite(&residuals) {
        return Err(FormFailure::Start);
    }
    let mut at = Iterate::new(problem, start, residuals);
    let mut search = Search {
        problem,
        bounds,
        limit,
        evaluations: 1,
        radius: first_radius(&at, bounds),
        damping: 0.0,
    };
    let mut stop = None;
    loop {
        let scaling = bounds.scaling(&at.x, &at.gradient);
        let optimality = largest(&at.gradient.component_mul(&scaling.distance));
        if optimality < TOLERANCE {
            stop = Some(Stop::Gradient);
        }
        if stop.is_none() && search.evaluations == limit {
            return Err(FormFailure::Evaluations { limit });
        }
        let evaluations = search.evaluations;
        // a step onto infinite slopes ends the search, whatever a test says
        if !at.jacobian.iter().all(|d| d.is_finite()) {
            return Err(FormFailure::Jacobian { evaluations });
        }
        if let Some(stop) = stop {
            let (x, cost) = (at.x, at.cost);
            return Ok(Minimum {
                x,
                cost,
                evaluations,
                stop,
            });
        }
        let model = Quadratic::new(&at.jacobian, &at.gradient, &scaling);
        let (next, stopped) = search.descend(&at, &model, (1.0 - optimality).max(SHARE))?;
        stop = stopped;
        at = next.unwrap_or(at);
    }
}

/// A point with everything that is known of it.
struct Iterate {
    x: DVector<f64>,
    residuals: DVector<f64>,
    cost: f64,
    jacobian: DMatrix<f64>,
    gradient: DVector<f64>,
}

impl Iterate {
    fn new<P: Problem>(problem: &P, x: DVector<f64>, residuals: DVector<f64>) -> Self {
        let jacobian = problem.jacobian(&x);
        Self {
            cost: 0.5 * residuals.dot(&residuals),
            gradient: jacobian.tr_mul(&residuals),
            x,
            residuals,
            jacobian,
        }
    }
}

/// The state that outlives a point.
struct Search<'a, P> {
    problem: &'a P,
    bounds: &'a Bounds,
    limit: usize,
    evaluations: usize,
    radius: f64,
    damping: f64,
}

impl<P: Problem> Search<'_, P> {
    /// Tries steps from `at`, shrinking the trust region, until one lowers the cost, a test says
    /// stop or the evaluations are used up. Returns the next point, if there is one.
    fn descend(
        &mut self,
        at: &Iterate,
        model: &Quadratic,
        share: f64,
    ) -> Result<(Option<Iterate>, Option<Stop>), FormFailure> {
        let spectrum = Spectrum::new(&model.jacobian, &model.curvature, &at.residuals);
        let spectrum = spectrum.ok_or(FormFailure::Decomposition {
            evaluations: self.evaluations,
        })?;
        while self.evaluations < self.limit {
            let step = self.propose(at, model, &spectrum, share)?;
            let x = self.bounds.inside(&at.x + &step.plain, 0.0);
            let residuals = self.problem.residuals(&x);
            self.evaluations += 1;
            if !finite(&residuals) {
                self.radius = 0.25 * step.scaled.norm();
                continue;
            }
            let reduction = at.cost - 0.5 * residuals.dot(&residuals);
            let stop = self.judge(at, &step, reduction);
            let lower = reduction > 0.0;
            if lower || stop.is_some() || reduction.is_nan() {
                let next = lower.then(|| Iterate::new(self.problem, x, residuals));
                return Ok((next, stop));
            }
        }
        Ok((None, None))
    }

    fn propose(
        &mut self,
        at: &Iterate,
        model: &Quadratic,
        spectrum: &Spectrum,
        share: f64,
    ) -> Result<Step, FormFailure> {
        let (newton, damping) = spectrum.step(self.radius, self.damping);
        self.damping = damping;
        let region = Region {
            x: &at.x,
            bounds: self.bounds,
            radius: self.radius,
            share,
        };
        let evaluations = self.evaluations;
        let step = model.choose(newton, &region);
        step.map_err(|_| FormFailure::Reflection { evaluations })
    }

    /// Tests for convergence, and if the search goes on sets the radius by how well the model
    /// predicted the `reduction` of the cost.
    fn judge(&mut self, at: &Iterate, step: &Step, reduction: f64) -> Option<Stop> {
        let predicted = -step.change;
        let ratio = if predicted > 0.0 {
            reduction / predicted
        } else if predicted == 0.0 && reduction == 0.0 {
            1.0
        } else {
            0.0
        };
        let cost = reduction < TOLERANCE * at.cost && ratio > 0.25;
        let short = step.plain.norm() < TOLERANCE * (TOLERANCE + at.x.norm());
        let stop = match (cost, short) {
            (true, true) => Stop::CostAndStep,
            (true, false) => Stop::Cost,
            (false, true) => Stop::Step,
            (false, false) => {
                let length = step.scaled.norm();
                let radius = if ratio < 0.25 {
                    0.25 * length
                } else if ratio > 0.75 && length > 0.95 * self.radius {
                    2.0 * self.radius
                } else {
                    self.radius
                };
                self.damping *= self.radius / radius;
                self.radius = radius;
                return None;
            }
        };
        Some(stop)
    }
}

/// The length of the scaled start, 1 where that is 0.
fn first_radius(start: &Iterate, bounds: &Bounds) -> f64 {
    let distance = bounds.scaling(&start.x, &start.gradient).distance;
    let length = start.x.component_div(&distance.map(f64::sqrt)).norm();
    if length == 0.0 { 1.0 } else { length }
}

fn finite(values: &DVector<f64>) -> bool {
    values.iter().all(|v| v.is_finite())
}

/// The largest magnitude; not a number if one of them is none.
fn largest(values: &DVector<f64>) -> f64 {
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    values.iter().map(|v| v.abs()).fold(0.0, larger)
}
