//! Variable projection: for each point of the plane the coefficients are solved exactly, so that
//! only two coordinates are left to search.

use crate::basis::{Family, Row, Slopes};
use crate::solver::{Linearization, Projected};

/// A column whose part orthogonal to those before it is smaller than this share of it is left out.
pub(crate) const RANK_CUT: f64 = 1e-12;

/// Weighted observations, as the inner least squares sees them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a> {
    pub(crate) steps: &'a [f64],
    pub(crate) values: &'a [f64],
    /// Square roots of the weights: residuals are multiplied by them.
    pub(crate) scales: &'a [f64],
}

/// The projected problem: data and a family of curves.
pub(crate) struct Projection<'a, F> {
    pub(crate) data: Data<'a>,
    pub(crate) family: &'a F,
}

/// The inner solution at one point of the plane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inner {
    /// Orthonormal columns of the scaled basis; a dependent column is 0.
    basis: Vec<Row>,
    /// Scaled residuals.
    residuals: Vec<f64>,
    /// Coefficients of the family's columns; 0 for a dependent one.
    pub(crate) coefficients: [f64; 3],
    /// Sum of squared scaled residuals.
    pub(crate) sse: f64,
}

impl<F: Family> Projection<'_, F> {
    /// Solves for the coefficients at `p` into `inner`, whose memory is used again.
    pub(crate) fn solve(&self, p: &[f64; 2], inner: &mut Inner) {
        let Data {
            steps,
            values,
            scales,
        } = self.data;
        self.family.columns(steps, p, &mut inner.basis);
        for (row, scale) in inner.basis.iter_mut().zip(scales) {
            *row = row.map(|column| column * scale);
        }
        inner.residuals.clear();
        inner
            .residuals
            .extend(values.iter().zip(scales).map(|(y, s)| y * s));
        inner.orthogonalise();
    }

    /// The Kaufman Jacobian of the scaled residuals at the solved point `p`: the derivative of the
    /// curve at fixed coefficients, less its part within the columns.
    fn jacobian(&self, p: &[f64; 2], inner: &Inner) -> Vec<[f64; 2]> {
        let mut slopes: Vec<Slopes> = Vec::with_capacity(inner.basis.len());
        self.family.slopes(self.data.steps, p, &mut slopes);
        let c = &inner.coefficients;
        let mut jacobian: Vec<[f64; 2]> = slopes
            .iter()
            .zip(self.data.scales)
            .map(|(slope, s)| slope.map(|by| -s * (c[0] * by[0] + c[1] * by[1] + c[2] * by[2])))
            .collect();
        for k in 0..3 {
            for m in 0..2 {
                let pairs = || inner.basis.iter().zip(&jacobian);
                let part: f64 = pairs().map(|(q, j)| q[k] * j[m]).sum();
                for (q, j) in inner.basis.iter().zip(&mut jacobian) {
                    j[m] -= part * q[k];
                }
            }
        }
        jacobian
    }

    /// The fitted value at each step.
    pub(crate) fn fitted(&self, inner: &Inner) -> Vec<f64> {
        let Data { values, scales, .. } = self.data;
        let residuals = inner.residuals.iter().zip(scales);
        let fitted = values.iter().zip(residuals);
        fitted.map(|(y, (r, s))| y - r / s).collect()
    }

    /// The leverage of each point at the solved point `p`: the diagonal of the hat matrix over the
    /// coefficients and the coordinates, in 0 to 1.
    pub(crate) fn leverage(&self, p: &[f64; 2], inner: &Inner) -> Vec<f64> {
        let tangent = self.jacobian(p, inner);
        let mut directions = Inner {
            basis: tangent.iter().map(|j| [j[0], j[1], 0.0]).collect(),
            residuals: vec![0.0; tangent.len()],
            ..Inner::default()
        };
        directions.orthogonalise();
        let square = |row: &Row| row.iter().map(|q| q * q).sum::<f64>();
        let rows = inner.basis.iter().zip(&directions.basis);
        rows.map(|(q, d)| square(q) + square(d)).collect()
    }
}

impl<F: Family> Projected for Projection<'_, F> {
    fn linearize(&self, p: &[f64; 2]) -> Linearization {
        let mut inner = Inner::default();
        self.solve(p, &mut inner);
        let jacobian = self.jacobian(p, &inner);
        let (mut normal, mut gradient) = ([0.0; 3], [0.0; 2]);
        for (j, r) in jacobian.iter().zip(&inner.residuals) {
            normal[0] += j[0] * j[0];
            normal[1] += j[0] * j[1];
            normal[2] += j[1] * j[1];
            gradient[0] += j[0] * r;
            gradient[1] += j[1] * r;
        }
        Linearization {
            sse: inner.sse,
            normal,
            gradient,
        }
    }
}

impl Inner {
    /// QR by modified Gram-Schmidt, a second time where the first one cancelled, then back
    /// substitution.
    fn orthogonalise(&mut self) {
        let mut r = [[0.0; 3]; 3];
        let mut z = [0.0; 3];
        for j in 0..3 {
            let before = self.norm(j);
            if before == 0.0 {
                continue;
            }
            let mut left = before;
            for _ in 0..2 {
                for k in 0..j {
                    let part: f64 = self.basis.iter().map(|q| q[k] * q[j]).sum();
                    r[k][j] += part;
                    self.basis.iter_mut().for_each(|q| q[j] -= part * q[k]);
                }
                let cancelled = std::mem::replace(&mut left, self.norm(j)) > 2.0 * left;
                if !cancelled {
                    break;
                }
            }
            let norm = left;
            if norm <= RANK_CUT * before {
                self.basis.iter_mut().for_each(|q| q[j] = 0.0);
                continue;
            }
            r[j][j] = norm;
            self.basis.iter_mut().for_each(|q| q[j] /= norm);
            let pairs = self.basis.iter().zip(&self.residuals);
            z[j] = pairs.map(|(q, y)| q[j] * y).sum();
            for (q, y) in self.basis.iter().zip(&mut self.residuals) {
                *y -= z[j] * q[j];
            }
        }
        self.sse = self.residuals.iter().map(|y| y * y).sum();
        self.coefficients = back_substitute(&r, z);
    }

    fn norm(&self, j: usize) -> f64 {
        self.basis.iter().map(|q| q[j] * q[j]).sum::<f64>().sqrt()
    }
}

fn back_substitute(r: &[[f64; 3]; 3], z: [f64; 3]) -> [f64; 3] {
    let mut c = [0.0; 3];
    for j in (0..3).rev().filter(|&j| r[j][j] != 0.0) {
        let known: f64 = (j + 1..3).map(|k| r[j][k] * c[k]).sum();
        c[j] = (z[j] - known) / r[j][j];
    }
    c
}
