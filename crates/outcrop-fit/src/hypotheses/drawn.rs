//! Curves drawn from the posterior of a fit, for the intervals of its quantities.

use std::sync::Arc;

use crate::Curve;
use crate::autocorrelation::{Whitened, shares};
use crate::random::Source;
use crate::separable::{Data, Linearize, Projection, Separable};

use super::identified::Solved;

/// Points of the chain for each curve that is drawn.
const THINNED: usize = 8;
/// Points before the first curve, of which the latter half have a proposal learned from the former.
const BURNED: usize = 4000;
/// The share of proposals that is taken, to which steps are adapted (Roberts, Gelman and Gilks 1997).
const TAKEN: f64 = 0.3;

/// Draws `count` curves of equal probability given the data, by Metropolis' algorithm from the optimum on.
///
/// As for the emergence curve the coordinates of the family are a priori even within their bounds, the coefficients
/// everywhere, and the noise variance is not known: a point has the mass SSE^(-nu / 2) with nu degrees of freedom, and
/// given it coefficients are normal with the variance SSE / chi-squared(nu). Where residuals are autocorrelated all this is
/// of their innovations, for each of several correlations in proportion to its probability. The same draws in every run.
pub(super) fn drawn<F, C, const N: usize, const M: usize>(
    solved: &Solved<'_, N, M>,
    family: &F,
    count: usize,
    curve: impl Fn(&[f64; N], [f64; M]) -> C,
) -> Vec<Arc<dyn Curve>>
where
    F: Separable<N, M>,
    C: Curve + 'static,
{
    let scaled = &solved.scaled;
    let (data, at) = (scaled.data(), solved.solution.optimum.p);
    let shares = shares(&Projection::new(family, data), &at);
    let mut curves = Vec::with_capacity(count);
    let mut take = |p: &[f64; N], coefficients: [f64; M]| {
        let coefficients = coefficients.map(|c| c * scaled.unit);
        curves.push(Arc::new(curve(p, coefficients)) as Arc<dyn Curve>);
    };
    let (mut sum, mut before) = (0.0, 0);
    for (rho, share) in shares {
        sum += share;
        let until = ((sum * count as f64 + 0.5).floor() as usize).min(count);
        let count = until - before;
        before = until;
        if rho == 0.0 {
            draw(family, data, at, count, &mut take);
            continue;
        }
        let scales = data.scales;
        let inner = family;
        let family = Whitened { inner, scales, rho };
        let data = Data {
            values: &family.values(data.values),
            scales: &vec![1.0; scales.len()],
            ..data
        };
        draw(&family, data, at, count, &mut take);
    }
    curves
}

/// Hands `count` points and their coefficients to `take`.
fn draw<F: Separable<N, M>, const N: usize, const M: usize>(
    family: &F,
    data: Data<'_>,
    at: [f64; N],
    count: usize,
    take: &mut impl FnMut(&[f64; N], [f64; M]),
) {
    if count == 0 {
        return;
    }
    let projection = Projection::new(family, data);
    let points = data.scales.iter().filter(|s| **s > 0.0).count();
    let freedom = (points as f64 - (N + M) as f64).max(1.0);
    let mut chain = Chain::new(&projection, at, freedom);
    chain.burn();
    for _ in 0..count {
        (0..THINNED).for_each(|_| {
            chain.step();
        });
        let spread = projection.spread(&chain.at);
        let sigma = (spread.sse / chain.source.chi_squared(freedom)).sqrt();
        let normal = std::array::from_fn(|_| sigma * chain.source.normal());
        take(&chain.at, spread.coefficients(normal));
    }
}

/// A chain of points with the probability of the posterior.
struct Chain<'a, F, const N: usize, const M: usize> {
    projection: &'a Projection<'a, F, N, M>,
    freedom: f64,
    source: Source,
    at: [f64; N],
    log_mass: f64,
    /// The lower triangle whose product with its transpose is the covariance of proposals.
    spread: [[f64; N]; N],
    /// ln of what proposals are multiplied by.
    log_scale: f64,
}

impl<'a, F: Separable<N, M>, const N: usize, const M: usize> Chain<'a, F, N, M> {
    fn new(projection: &'a Projection<'a, F, N, M>, at: [f64; N], freedom: f64) -> Self {
        let bounds = projection.family().bounds();
        let mut normal = projection.linearize(&at).normal;
        let sse = projection.solve(&at).sse;
        let variance = (sse / freedom).max(f64::MIN_POSITIVE);
        for (k, row) in normal.iter_mut().enumerate() {
            row.iter_mut().for_each(|x| *x /= variance);
            let side = bounds.upper[k] - bounds.lower[k];
            // no wider than a quarter of what is allowed
            row[k] += 16.0 / (side * side).max(f64::MIN_POSITIVE);
        }
        let covariance = inverse(&normal);
        let mut chain = Self {
            projection,
            freedom,
            source: Source::new(3),
            at,
            log_mass: 0.0,
            spread: covariance.map_or([[0.0; N]; N], |covariance| triangle(&covariance)),
            log_scale: (2.4 / (N as f64).sqrt()).ln(),
        };
        chain.log_mass = chain.log_mass_of(sse);
        chain
    }

    fn log_mass_of(&self, sse: f64) -> f64 {
        -0.5 * self.freedom * sse.max(f64::MIN_POSITIVE).ln()
    }

    /// Proposes a point; whether it was taken.
    fn step(&mut self) -> bool {
        let normal: [f64; N] = std::array::from_fn(|_| self.source.normal());
        let scale = self.log_scale.exp();
        let to: [f64; N] = std::array::from_fn(|i| {
            let along = self.spread[i].iter().zip(&normal);
            self.at[i] + scale * along.map(|(a, b)| a * b).sum::<f64>()
        });
        let uniform = self.source.uniform();
        if self.projection.family().bounds().clamp(to) != to {
            return false;
        }
        let log_mass = self.log_mass_of(self.projection.solve(&to).sse);
        let taken = log_mass.is_finite() && uniform.ln() < log_mass - self.log_mass;
        if taken {
            (self.at, self.log_mass) = (to, log_mass);
        }
        taken
    }

    /// Adapts length and shape of the steps. What follows is a chain with fixed steps.
    fn burn(&mut self) {
        let mut seen = Vec::with_capacity(BURNED / 2);
        for round in 0..BURNED {
            let taken = f64::from(u8::from(self.step()));
            let rate = 1.0 / (1.0 + (round % (BURNED / 2)) as f64).powf(0.6);
            self.log_scale = (self.log_scale + rate * (taken - TAKEN)).clamp(-20.0, 3.0);
            if round < BURNED / 2 {
                seen.push(self.at);
            }
            if round + 1 == BURNED / 2 {
                let learned = triangle(&covariance(&seen[BURNED / 8..]));
                if (0..N).all(|k| learned[k][k] > 0.0) {
                    self.spread = learned;
                    self.log_scale = (2.4 / (N as f64).sqrt()).ln();
                }
            }
        }
    }
}

fn covariance<const N: usize>(points: &[[f64; N]]) -> [[f64; N]; N] {
    let n = points.len() as f64;
    let mean: [f64; N] = std::array::from_fn(|i| points.iter().map(|p| p[i]).sum::<f64>() / n);
    let entry = |i: usize, j: usize| {
        let products = points.iter().map(|p| (p[i] - mean[i]) * (p[j] - mean[j]));
        products.sum::<f64>() / n
    };
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
}

/// The triangle of Cholesky's decomposition; 0 where the matrix has no more directions.
fn triangle<const N: usize>(matrix: &[[f64; N]; N]) -> [[f64; N]; N] {
    let mut lower = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - known;
            lower[i][j] = match (i == j, lower[j][j]) {
                (true, _) => rest.max(0.0).sqrt(),
                (false, 0.0) => 0.0,
                (false, pivot) => rest / pivot,
            };
        }
    }
    lower
}

/// The inverse of a positive definite matrix; none where it is singular.
fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let lower = triangle(matrix);
    if (0..N).any(|k| !(lower[k][k].is_finite() && lower[k][k] > 0.0)) {
        return None;
    }
    let column = |at: usize| {
        let mut x = [0.0; N];
        for i in 0..N {
            let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == at)) - known) / lower[i][i];
        }
        for i in (0..N).rev() {
            let known: f64 = (i + 1..N).map(|k| lower[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        x
    };
    let columns: [[f64; N]; N] = std::array::from_fn(column);
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangles_and_inverses_by_hand() {
        let matrix = [[4.0, 2.0], [2.0, 10.0]];
        assert_eq!(triangle(&matrix), [[2.0, 0.0], [1.0, 3.0]]);
        let inverse = inverse(&matrix).unwrap();
        let expected = [[10.0, -2.0], [-2.0, 4.0]].map(|row| row.map(|x| x / 36.0));
        for (found, expected) in inverse.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-15);
        }
        assert_eq!(super::inverse(&[[1.0, 1.0], [1.0, 1.0]]), None);
        assert_eq!(
            covariance(&[[1.0, 0.0], [3.0, 4.0]]),
            [[1.0, 2.0], [2.0, 4.0]]
        );
    }
}
