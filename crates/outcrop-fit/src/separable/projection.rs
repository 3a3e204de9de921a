//! Variable projection: for each p the coefficients are solved exactly.

use std::cell::RefCell;

use super::columns::{dot, orthogonalise, product, subtract, weigh};
use super::levenberg_marquardt::{Linearization, Linearize};
use super::model::{Columns, Separable, Slopes};

/// Weighted observations; the three have the same length.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// Where the curve is observed, such as training steps.
    pub steps: &'a [f64],
    /// The observed values.
    pub values: &'a [f64],
    /// Square roots of the weights: residuals are multiplied by them.
    pub scales: &'a [f64],
}

/// The projected problem: data and a family of curves, a function of the N coordinates alone.
///
/// The Jacobian is Kaufman's (1975, BIT 15:49): the derivative of the curve at fixed coefficients,
/// less its part within the columns. Memory is allocated once and used again.
#[derive(Debug)]
pub struct Projection<'a, F, const N: usize, const M: usize> {
    family: &'a F,
    data: Data<'a>,
    work: RefCell<Work<N, M>>,
}

/// The inner solution at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inner<const M: usize> {
    /// Coefficients of the columns; 0 for one that depends on those before it.
    pub coefficients: [f64; M],
    /// Sum of squared scaled residuals.
    pub sse: f64,
}

/// The coefficients at one point as a normal distribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread<const M: usize> {
    /// Their mean times the triangle of the QR decomposition.
    z: [f64; M],
    r: [[f64; M]; M],
    /// Sum of squared scaled residuals.
    pub(crate) sse: f64,
}

impl<const M: usize> Spread<M> {
    /// The coefficients, off their mean by `normal`, independent of variance s^2 each.
    pub(crate) fn coefficients(&self, normal: [f64; M]) -> [f64; M] {
        back_substitute(&self.r, std::array::from_fn(|j| self.z[j] + normal[j]))
    }
}

#[derive(Debug)]
struct Work<const N: usize, const M: usize> {
    columns: Columns<M>,
    /// Orthonormal scaled columns; a dependent one is 0.
    basis: Columns<M>,
    slopes: Slopes<N, M>,
    jacobian: [Vec<f64>; N],
    /// Scaled residuals.
    residuals: Vec<f64>,
}

impl<'a, F: Separable<N, M>, const N: usize, const M: usize> Projection<'a, F, N, M> {
    /// The problem of fitting `family` to `data`.
    pub fn new(family: &'a F, data: Data<'a>) -> Self {
        let work = Work {
            columns: [const { Vec::new() }; M],
            basis: [const { Vec::new() }; M],
            slopes: [const { [const { Vec::new() }; M] }; N],
            jacobian: [const { Vec::new() }; N],
            residuals: Vec::new(),
        };
        Self {
            family,
            data,
            work: RefCell::new(work),
        }
    }

    /// The coefficients at `p` and the residuals.
    pub fn solve(&self, p: &[f64; N]) -> Inner<M> {
        let spread = self.spread(p);
        Inner {
            coefficients: back_substitute(&spread.r, spread.z),
            sse: spread.sse,
        }
    }

    /// The coefficients at `p` with their uncertainty.
    pub(crate) fn spread(&self, p: &[f64; N]) -> Spread<M> {
        let work = &mut *self.work.borrow_mut();
        self.family
            .evaluate(self.data.steps, p, &mut work.columns, None);
        work.project(&self.data)
    }

    /// The data.
    pub(crate) fn data(&self) -> Data<'a> {
        self.data
    }

    /// The family.
    pub(crate) fn family(&self) -> &'a F {
        self.family
    }

    /// Sum of the squared scaled values.
    pub(crate) fn power(&self) -> f64 {
        let pairs = self.data.values.iter().zip(self.data.scales);
        pairs.map(|(y, s)| (y * s).powi(2)).sum()
    }

    /// The fitted value at each step, unscaled.
    pub fn fitted(&self, p: &[f64; N]) -> Vec<f64> {
        let c = self.solve(p).coefficients;
        let work = self.work.borrow();
        let value = |i: usize| (0..M).map(|j| c[j] * work.columns[j][i]).sum();
        (0..self.data.steps.len()).map(value).collect()
    }

    /// The leverage of each point at `p`: the diagonal of the hat matrix over the coefficients
    /// and the coordinates, in 0 to 1.
    pub fn leverage(&self, p: &[f64; N]) -> Vec<f64> {
        let tangent = self.outer(p);
        let work = self.work.borrow();
        let square = |columns: &[Vec<f64>], i: usize| columns.iter().map(|q| q[i] * q[i]).sum();
        let at = |i: usize| -> f64 {
            let (inner, outer): (f64, f64) = (square(&work.basis, i), square(&tangent, i));
            inner + outer
        };
        (0..self.data.steps.len()).map(at).collect()
    }

    /// Orthonormal directions in which coefficients and coordinates move the scaled curve at `p`, those that are
    /// independent, and the scaled residuals.
    pub(crate) fn tangent(&self, p: &[f64; N]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let outer = self.outer(p);
        let work = self.work.borrow();
        let all = work.basis.iter().chain(&outer);
        let directions = all.filter(|q| q.iter().any(|x| *x != 0.0));
        (directions.cloned().collect(), work.residuals.clone())
    }

    /// Those of the coordinates, beyond those of the coefficients, which are left in the workspace.
    fn outer(&self, p: &[f64; N]) -> [Vec<f64>; N] {
        self.linearize(p);
        let work = self.work.borrow();
        let mut tangent = work.jacobian.clone();
        let mut r = [[0.0; N]; N];
        for m in 0..N {
            orthogonalise(&mut tangent, m, CANCELLED, &mut r);
        }
        tangent
    }
}

impl<F: Separable<N, M>, const N: usize, const M: usize> Linearize<N> for Projection<'_, F, N, M> {
    fn linearize(&self, p: &[f64; N]) -> Linearization<N> {
        let work = &mut *self.work.borrow_mut();
        let (columns, slopes) = (&mut work.columns, Some(&mut work.slopes));
        self.family.evaluate(self.data.steps, p, columns, slopes);
        let inner = work.project(&self.data);
        let coefficients = back_substitute(&inner.r, inner.z);
        work.differentiate(&coefficients, self.data.scales);
        let mut linear = Linearization {
            sse: inner.sse,
            normal: [[0.0; N]; N],
            gradient: [0.0; N],
        };
        for m in 0..N {
            linear.gradient[m] = dot(&work.jacobian[m], &work.residuals);
            for l in 0..=m {
                let product = dot(&work.jacobian[m], &work.jacobian[l]);
                linear.normal[m][l] = product;
                linear.normal[l][m] = product;
            }
        }
        linear
    }
}

impl<const N: usize, const M: usize> Work<N, M> {
    /// QR of the scaled columns and the residuals that they leave.
    fn project(&mut self, data: &Data<'_>) -> Spread<M> {
        product(data.values, data.scales, &mut self.residuals);
        let (mut r, mut z) = ([[0.0; M]; M], [0.0; M]);
        for (j, z) in z.iter_mut().enumerate() {
            weigh(&self.columns[j], data.scales, &mut self.basis[j]);
            orthogonalise(&mut self.basis, j, CANCELLED, &mut r);
            *z = dot(&self.basis[j], &self.residuals);
            subtract(*z, &self.basis[j], &mut self.residuals);
        }
        Spread {
            z,
            r,
            sse: dot(&self.residuals, &self.residuals),
        }
    }

    /// The Kaufman Jacobian of the scaled residuals.
    fn differentiate(&mut self, coefficients: &[f64; M], scales: &[f64]) {
        for (jacobian, slopes) in self.jacobian.iter_mut().zip(&self.slopes) {
            jacobian.clear();
            jacobian.resize(scales.len(), 0.0);
            for (c, slope) in coefficients.iter().zip(slopes) {
                subtract(*c, slope, jacobian);
            }
            for (j, s) in jacobian.iter_mut().zip(scales) {
                *j *= s;
            }
            for q in &self.basis {
                subtract(dot(q, jacobian), q, jacobian);
            }
        }
    }
}

fn back_substitute<const M: usize>(r: &[[f64; M]; M], z: [f64; M]) -> [f64; M] {
    let mut c = [0.0; M];
    for j in (0..M).rev().filter(|&j| r[j][j] != 0.0) {
        let known: f64 = (j + 1..M).map(|k| r[j][k] * c[k]).sum();
        c[j] = (z[j] - known) / r[j][j];
    }
    c
}

/// Below this share of a column left, orthogonalising again restores the lost digits.
const CANCELLED: f64 = 0.5;
/// Residuals that only rounding keeps from 0, as a share of the values.
pub(super) const ROUNDING: f64 = 1e-31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_substitution_skips_dependent_columns() {
        let r = [[2.0, 1.0, 4.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.5]];
        assert_eq!(back_substitute(&r, [10.0, 3.0, 1.0]), [1.0, 0.0, 2.0]);
    }
}
