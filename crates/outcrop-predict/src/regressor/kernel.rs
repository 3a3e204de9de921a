use linfa::traits::{Fit, PredictInplace};
use linfa_linalg::cholesky::{Cholesky, SolveC};
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use serde::{Deserialize, Serialize};

use super::choice::{mean_square, members, smallest, thinned};
use super::moments::weight;
use super::training::{Data, FitError};

/// Squared length scales to choose from, in units of the number of columns, smoothest first.
const SCALES: [f64; 3] = [8.0, 2.0, 0.5];
/// Ridge penalties to choose from, strongest first: variance of noise over that of the function.
const ALPHAS: [f64; 3] = [3.0, 0.3, 0.03];

/// Rows by which settings are chosen, at most: whole architectures, evenly drawn. Predictions rest on all rows.
const MOST: usize = 200;

/// Without a choice.
const DEFAULT: KernelRidge = KernelRidge {
    scale: 2.0,
    alpha: 0.3,
};

/// Kernel ridge regression with k(x, x') = exp(-|x - x'|^2 / (2 l^2)), solved exactly: the mean of
/// a Gaussian process whose noise in row i has variance alpha / u_i, u the row weights.
pub(super) struct KernelRidge {
    /// l^2 over the number of columns.
    pub(super) scale: f64,
    pub(super) alpha: f64,
}

/// The training rows with the coefficient of each.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kernel {
    /// 1 / (2 l^2).
    gamma: f64,
    columns: usize,
    rows: Vec<f64>,
    coefficients: Vec<f64>,
}

impl KernelRidge {
    /// The setting that predicts whole architectures best, each of `groups` left out in turn: the
    /// length scale at the middle penalty, then the penalty, which is half the systems of a grid.
    pub(super) fn chosen(data: &Data, groups: &[usize]) -> Self {
        let places = thinned(groups, MOST);
        let groups: Vec<usize> = places.iter().map(|i| groups[*i]).collect();
        let Some(members) = members(&groups) else {
            return DEFAULT;
        };
        let data = &some(data, &places);
        let best = |settings: [Self; 3]| {
            let error = |s: &Self| s.left_out_error(data, &members).unwrap_or(f64::INFINITY);
            let place = smallest(&settings.each_ref().map(error));
            settings.into_iter().nth(place).unwrap_or(DEFAULT)
        };
        let alpha = DEFAULT.alpha;
        let scale = best(SCALES.map(|scale| Self { scale, alpha })).scale;
        best(ALPHAS.map(|alpha| Self { scale, alpha }))
    }

    fn gamma(&self, data: &Data) -> f64 {
        0.5 / (self.scale * data.records.ncols() as f64)
    }

    /// K + alpha diag(1/u).
    fn system(&self, data: &Data) -> Array2<f64> {
        let gamma = self.gamma(data);
        let n = data.records.nrows();
        let mut system = Array2::zeros((n, n));
        for i in 0..n {
            let row = data.records.row(i);
            for j in 0..i {
                let k = radial(gamma, row, data.records.row(j));
                system[[i, j]] = k;
                system[[j, i]] = k;
            }
            system[[i, i]] = 1.0 + self.alpha / weight(data, i);
        }
        system
    }

    /// With G the inverse of the system, the residuals of group g, predicted without it, are
    /// (G_gg)^-1 (G y)_g: Rasmussen and Williams, "Gaussian processes for machine learning" (2006),
    /// Eq. 5.12, for several rows at a time.
    fn left_out_error(&self, data: &Data, members: &[Vec<usize>]) -> Result<f64, FitError> {
        let inverse = inverse_factor(&self.system(data).cholesky()?);
        let coefficients = inverse.t().dot(&inverse.dot(&data.targets));
        let mut sum = 0.0;
        for rows in members {
            let part = inverse.select(Axis(1), rows);
            let right = coefficients.select(Axis(0), rows).insert_axis(Axis(1));
            let residuals = part.t().dot(&part).solvec(&right)?;
            let residual = |i: usize| residuals[[rows.binary_search(&i).unwrap_or(0), 0]];
            sum += mean_square(data, rows, residual);
        }
        Ok(sum)
    }
}

/// The rows at `places`.
fn some(data: &Data, places: &[usize]) -> Data {
    let weights = places.iter().map(|i| weight(data, *i) as f32);
    let records = data.records.select(Axis(0), places);
    Data::new(records, data.targets.select(Axis(0), places)).with_weights(weights.collect())
}

/// The inverse of a lower triangular matrix.
pub(super) fn inverse_factor(factor: &Array2<f64>) -> Array2<f64> {
    let n = factor.nrows();
    let mut inverse = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        let (above, mut below) = inverse.view_mut().split_at(Axis(0), i);
        let mut row = below.row_mut(0);
        for (j, other) in above.rows().into_iter().enumerate() {
            let other = other.slice(s![..=j]);
            row.slice_mut(s![..=j]).scaled_add(-factor[[i, j]], &other);
        }
        row[i] += 1.0;
        row /= factor[[i, i]];
    }
    inverse
}

fn radial(gamma: f64, a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    (-gamma * square).exp()
}

impl Fit<Array2<f64>, Array1<f64>, FitError> for KernelRidge {
    type Object = Kernel;

    fn fit(&self, data: &Data) -> Result<Kernel, FitError> {
        let right = data.targets.view().insert_axis(Axis(1));
        let coefficients = self.system(data).solvec(&right)?;
        Ok(Kernel {
            gamma: self.gamma(data),
            columns: data.records.ncols(),
            rows: data.records.iter().copied().collect(),
            coefficients: coefficients.into_iter().collect(),
        })
    }
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Kernel {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        for (row, y) in x.rows().into_iter().zip(y) {
            let trained = self.rows.chunks_exact(self.columns.max(1));
            let terms = trained.zip(&self.coefficients);
            *y = terms
                .map(|(t, c)| c * radial(self.gamma, row, t.into()))
                .sum();
        }
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::Dataset;
    use linfa::traits::Predict;

    /// The closed form against training without each architecture.
    #[test]
    fn errors_of_what_is_left_out_are_those_of_training_without_it() {
        let x = Array2::from_shape_fn((24, 3), |(i, j)| ((7 * i + 13 * j) as f64).sin());
        let y = Array1::from_shape_fn(24, |i| (i as f64 * 0.7).cos());
        let weights = Array1::from_shape_fn(24, |i| 0.5 + (i % 4) as f32 / 2.0);
        let data = |rows: &[usize]| {
            Dataset::new(x.select(Axis(0), rows), y.select(Axis(0), rows))
                .with_weights(weights.select(Axis(0), rows))
        };
        let all: Vec<usize> = (0..24).collect();
        let groups: Vec<usize> = all.iter().map(|i| i % 5).collect();
        let members = members(&groups).unwrap();
        let settings = KernelRidge {
            scale: 0.7,
            alpha: 0.2,
        };
        let mut expected = 0.0;
        for rows in &members {
            let others: Vec<usize> = all.iter().copied().filter(|i| !rows.contains(i)).collect();
            let model = settings.fit(&data(&others)).unwrap();
            let predicted: Array1<f64> = model.predict(&x);
            expected += mean_square(&data(&all), rows, |i| y[i] - predicted[i]);
        }
        let error = settings.left_out_error(&data(&all), &members).unwrap();
        assert!((error - expected).abs() < 1e-10, "{error} {expected}");
    }
}
