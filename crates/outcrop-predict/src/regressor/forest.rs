use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::moments::weight;
use super::training::{Data, FitError};

type SmartcoreForest = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

/// Trees on bootstrap samples, each split over a third of the features (Breiman's choice for
/// regression). Row weights are the chances of a row to be drawn.
pub(super) struct RandomForest {
    pub(super) seed: u64,
}

/// The trees.
#[derive(Serialize, Deserialize)]
pub(crate) struct Forest(SmartcoreForest);

impl Fit<Array2<f64>, Array1<f64>, FitError> for RandomForest {
    type Object = Forest;

    fn fit(&self, data: &Data) -> Result<Forest, FitError> {
        let parameters = RandomForestRegressorParameters::default()
            .with_n_trees(200)
            .with_m(data.records.ncols().div_ceil(3))
            .with_min_samples_leaf(2)
            .with_min_samples_split(4)
            .with_seed(self.seed);
        let (x, y) = (dense(&data.records)?, data.targets.to_vec());
        let weights: Vec<f64> = (0..y.len()).map(|i| weight(data, i)).collect();
        let equal = weights.iter().all(|w| *w == weights[0]);
        let forest = match equal {
            true => SmartcoreForest::fit(&x, &y, parameters),
            false => SmartcoreForest::fit_with_weights(&x, &y, &weights, parameters),
        };
        forest
            .map(Forest)
            .map_err(|e| FitError::Library(e.to_string()))
    }
}

fn dense(x: &Array2<f64>) -> Result<DenseMatrix<f64>, FitError> {
    DenseMatrix::new(x.nrows(), x.ncols(), x.iter().copied().collect(), false)
        .map_err(|e| FitError::Library(e.to_string()))
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Forest {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        let predicted = dense(x).ok().and_then(|x| self.0.predict(&x).ok());
        *y = predicted.map_or_else(|| Array1::from_elem(x.nrows(), f64::NAN), Array1::from);
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
