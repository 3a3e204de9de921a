//! The method on textbook problems. Places, costs and evaluations are those of
//! `scipy.optimize.least_squares(..., method="trf")`, SciPy 1.17.1, from the same starts.

use nalgebra::{DMatrix, DVector};

use super::bounds::Bounds;
use super::failure::FormFailure;
use super::reflective::{Minimum, Problem, Stop, minimize};
use super::trust_region::Spectrum;

const FREE: f64 = f64::INFINITY;

fn column(values: &[f64]) -> DVector<f64> {
    DVector::from_row_slice(values)
}

struct Rosenbrock;

impl Problem for Rosenbrock {
    fn residuals(&self, x: &DVector<f64>) -> DVector<f64> {
        column(&[10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]])
    }

    fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64> {
        DMatrix::from_row_slice(2, 2, &[-20.0 * x[0], 10.0, -1.0, 0.0])
    }
}

/// a exp(-b t) + c at t = 0, 0.1, ..., 1, without c where there are two variables.
struct Exponential {
    variables: usize,
    data: fn(f64) -> f64,
}

impl Exponential {
    fn steps() -> impl Iterator<Item = f64> {
        (0..11).map(|i| f64::from(i) / 10.0)
    }
}

impl Problem for Exponential {
    fn residuals(&self, x: &DVector<f64>) -> DVector<f64> {
        let c = x.get(2).unwrap_or(&0.0);
        let residual = |t: f64| x[0] * (-x[1] * t).exp() + c - (self.data)(t);
        DVector::from_iterator(11, Self::steps().map(residual))
    }

    fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64> {
        let row = |t: f64| [(-x[1] * t).exp(), -x[0] * t * (-x[1] * t).exp(), 1.0];
        let rows = Self::steps().flat_map(|t| row(t).into_iter().take(self.variables));
        DMatrix::from_row_iterator(11, self.variables, rows)
    }
}

fn rosenbrock(start: [f64; 2], lower: [f64; 2], upper: [f64; 2]) -> Minimum {
    minimize(&Rosenbrock, &start, &Bounds::new(&lower, &upper), 200).unwrap()
}

#[test]
fn rosenbrock_at_bounds_takes_scipys_path() {
    let found = rosenbrock([-1.2, 1.0], [-FREE; 2], [0.5, FREE]);
    assert!((&found.x - column(&[0.5, 0.25])).norm() < 1e-9);
    assert!((found.cost - 0.125).abs() < 1e-12);
    assert_eq!((found.evaluations, found.stop), (17, Stop::Cost));

    let found = rosenbrock([-1.2, 2.0], [-FREE, 1.5], [FREE; 2]);
    assert!((&found.x - column(&[-1.22102625, 1.5])).norm() < 1e-8);
    assert_eq!((found.evaluations, found.stop), (8, Stop::Cost));

    let found = rosenbrock([-1.2, 0.0], [-2.0; 2], [2.0, 0.5]);
    assert!((&found.x - column(&[0.7085595, 0.5])).norm() < 1e-7);
    assert!((found.cost - 0.04268025550836252).abs() < 1e-12);
    assert_eq!((found.evaluations, found.stop), (20, Stop::Gradient));
}

#[test]
fn rosenbrock_far_from_its_bound_takes_scipys_path() {
    let found = rosenbrock([-1.2, 1.0], [-FREE; 2], [3.0, FREE]);
    assert!((&found.x - column(&[1.0, 1.0])).norm() < 1e-12);
    assert_eq!((found.evaluations, found.stop), (24, Stop::Gradient));
}

#[test]
fn an_exponential_is_recovered() {
    let problem = Exponential {
        variables: 3,
        data: |t| 2.0 * (-3.0 * t).exp() + 0.5,
    };
    let bounds = Bounds::at_least_zero(3, 1);
    let found = minimize(&problem, &[1.0, 1.0, 0.0], &bounds, 300).unwrap();
    assert!((&found.x - column(&[2.0, 3.0, 0.5])).norm() < 1e-8);
    assert_eq!(found.evaluations, 10);
}

#[test]
fn a_rate_that_should_be_negative_ends_at_its_bound() {
    let problem = Exponential {
        variables: 2,
        data: |t| 1.0 + t,
    };
    let bounds = Bounds::at_least_zero(2, 1);
    let found = minimize(&problem, &[1.0, 1.0], &bounds, 200).unwrap();
    assert!((found.x[0] - 1.5).abs() < 1e-9);
    assert!(found.x[1] > 0.0 && found.x[1] < 1e-12);
    assert!((found.cost - 0.55).abs() < 1e-12);
    assert_eq!((found.evaluations, found.stop), (9, Stop::Gradient));
}

#[test]
fn a_valley_without_an_end_uses_up_its_evaluations() {
    // the limit b -> 0 with a and c running to infinity is a straight line
    let problem = Exponential {
        variables: 3,
        data: |t| 1.0 + t,
    };
    let bounds = Bounds::at_least_zero(3, 1);
    let failure = minimize(&problem, &[1.0, 1.0, 0.0], &bounds, 300).unwrap_err();
    assert_eq!(failure, FormFailure::Evaluations { limit: 300 });
}

/// A residual without values below 0, and with infinite slope at 0.
struct Root;

impl Problem for Root {
    fn residuals(&self, x: &DVector<f64>) -> DVector<f64> {
        column(&[x[0].sqrt() + 1.0])
    }

    fn jacobian(&self, x: &DVector<f64>) -> DMatrix<f64> {
        DMatrix::from_element(1, 1, 0.5 / x[0].sqrt())
    }
}

#[test]
fn values_and_slopes_that_are_not_finite_are_failures() {
    let bounds = Bounds::new(&[-FREE], &[1e9]);
    let from = |start: f64| minimize(&Root, &[start], &bounds, 100).unwrap_err();
    assert_eq!(from(-1.0), FormFailure::Start);
    assert_eq!(from(0.0), FormFailure::Jacobian { evaluations: 1 });
    // steps into the hole shrink the region until one lands on its edge
    assert!(matches!(
        from(1.0),
        FormFailure::Jacobian { evaluations: 2.. }
    ));
}

#[test]
fn a_step_is_the_shortest_way_down_within_its_radius() {
    let jacobian = DMatrix::from_row_slice(4, 2, &[3.0, 1.0, -1.0, 0.5, 0.2, 2.0, 1.0, 1.0]);
    let residuals = column(&[1.0, -2.0, 0.5, 4.0]);
    let spectrum = Spectrum::new(&jacobian, &DVector::zeros(2), &residuals).unwrap();
    let normal = jacobian.tr_mul(&jacobian);
    let gradient = jacobian.tr_mul(&residuals);
    let newton = -normal.clone().lu().solve(&gradient).unwrap();
    let (step, damping) = spectrum.step(2.0 * newton.norm(), 0.0);
    assert!((step - &newton).norm() < 1e-12 && damping == 0.0);

    let radius = 0.5 * newton.norm();
    let (step, _) = spectrum.step(radius, 0.0);
    assert!((step.norm() / radius - 1.0).abs() < 1e-12);
    let down = |p: &DVector<f64>| 0.5 * p.dot(&(&normal * p)) + gradient.dot(p);
    let round = (0..3600).map(|i| {
        let angle = f64::from(i).to_radians() / 10.0;
        down(&(column(&[angle.cos(), angle.sin()]) * radius))
    });
    let best = round.fold(f64::INFINITY, f64::min);
    assert!(down(&step) <= best + 1e-3 * best.abs(), "{}", down(&step));
}

#[test]
fn without_full_rank_a_step_still_has_its_length() {
    let jacobian = DMatrix::from_row_slice(3, 2, &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    let residuals = column(&[1.0, 1.0, 1.0]);
    let spectrum = Spectrum::new(&jacobian, &DVector::zeros(2), &residuals).unwrap();
    let (step, damping) = spectrum.step(0.1, 0.0);
    assert!((step.norm() - 0.1).abs() < 1e-12 && damping > 0.0);
    assert!((step[0] - step[1]).abs() < 1e-12 && step[0] < 0.0);
}
