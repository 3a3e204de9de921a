//! Regression by a Gaussian process whose length scales, variances and noise follow from the training rows.

mod covariance;
mod evidence;
mod search;
#[cfg(test)]
mod tests;

use linfa::traits::{Fit, PredictInplace};
use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use self::covariance::{Covariance, Rows};
use self::evidence::Evidence;
use super::choice::thinned;
use super::moments::weight;
use super::training::{Data, FitError};

/// Rows from which covariances are learned, at most: whole architectures, evenly chosen. Predictions rest on all rows.
const MOST: usize = 100;

/// A Gaussian process; each row with its model and its architecture.
pub(super) struct GaussianProcess<'a> {
    pub(super) models: &'a [usize],
    pub(super) architectures: &'a [usize],
}

/// The different training rows, with the sum of the coefficients of each.
#[derive(Serialize, Deserialize)]
pub(crate) struct Process {
    covariance: Covariance,
    rows: Vec<f64>,
    coefficients: Vec<f64>,
}

impl GaussianProcess<'_> {
    /// The rows at `places` of the data.
    fn rows(&self, data: &Data, places: &[usize]) -> Rows {
        let of = |groups: &[usize]| places.iter().map(|i| groups[*i]).collect();
        Rows {
            x: data.records.select(Axis(0), places),
            y: data.targets.select(Axis(0), places),
            models: of(self.models),
            architectures: of(self.architectures),
            noise: places.iter().map(|i| 1.0 / weight(data, *i)).collect(),
        }
    }
}

impl Fit<Array2<f64>, Array1<f64>, FitError> for GaussianProcess<'_> {
    type Object = Process;

    fn fit(&self, data: &Data) -> Result<Process, FitError> {
        let evidence = Evidence::of(self.rows(data, &thinned(self.architectures, MOST)));
        let start = Covariance::prior(data.records.ncols());
        let found = search::least(start.to_logarithms(), |p| {
            evidence.at(&Covariance::from_logarithms(p))
        });
        let covariance = Covariance::from_logarithms(&found);
        let all: Vec<usize> = (0..data.targets.len()).collect();
        let rows = self.rows(data, &all);
        let right = rows.y.view().insert_axis(Axis(1));
        let coefficients = covariance.of_rows(&rows).total.solvec(&right)?;
        let mut process = Process {
            covariance,
            rows: Vec::new(),
            coefficients: Vec::new(),
        };
        for (row, coefficient) in rows.x.rows().into_iter().zip(coefficients) {
            process.add(&row.to_vec(), coefficient);
        }
        Ok(process)
    }
}

impl Process {
    fn add(&mut self, row: &[f64], coefficient: f64) {
        let mut known = self.rows.chunks_exact(row.len().max(1));
        match known.position(|other| other == row) {
            Some(place) => self.coefficients[place] += coefficient,
            None => {
                self.rows.extend(row);
                self.coefficients.push(coefficient);
            }
        }
    }
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Process {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        for (row, y) in x.rows().into_iter().zip(y) {
            let row = row.to_vec();
            let trained = self.rows.chunks_exact(row.len().max(1));
            let terms = trained.zip(&self.coefficients);
            *y = terms
                .map(|(t, c)| c * self.covariance.between(&row, t))
                .sum();
        }
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
