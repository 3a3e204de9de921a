use forust_ml::data::Matrix;
use forust_ml::gradientbooster::GradientBooster;
use forust_ml::objective::ObjectiveType;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::moments::weight;
use super::training::{Data, FitError};

/// Trees added one by one, each on what is left of a squared loss, without sampling.
pub(super) struct Boosting {
    pub(super) rate: f32,
    /// A leaf weighs at least this, in rows.
    pub(super) leaf: f32,
    /// Penalty of squared leaf values, in rows.
    pub(super) l2: f32,
    pub(super) seed: u64,
}

impl Boosting {
    /// Friedman's: leaves are means.
    pub(super) fn friedman(seed: u64) -> Self {
        Self {
            rate: 0.05,
            leaf: 2.0,
            l2: 0.0,
            seed,
        }
    }

    /// XGBoost's: leaves are shrunk, as if they held one more row of value 0.
    pub(super) fn xgboost(seed: u64) -> Self {
        Self {
            rate: 0.1,
            leaf: 1.0,
            l2: 1.0,
            seed,
        }
    }
}

/// The trees.
#[derive(Serialize, Deserialize)]
pub(crate) struct Boosted(GradientBooster);

impl Fit<Array2<f64>, Array1<f64>, FitError> for Boosting {
    type Object = Boosted;

    fn fit(&self, data: &Data) -> Result<Boosted, FitError> {
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::SquaredLoss)
            .set_iterations(200)
            .set_learning_rate(self.rate)
            .set_max_depth(3)
            .set_min_leaf_weight(self.leaf)
            .set_l2(self.l2)
            .set_parallel(false)
            .set_seed(self.seed);
        let columns = by_column(&data.records);
        let matrix = Matrix::new(&columns, data.records.nrows(), data.records.ncols());
        let weights: Vec<f64> = (0..data.targets.len()).map(|i| weight(data, i)).collect();
        booster
            .fit(&matrix, &data.targets.to_vec(), &weights, None)
            .map_err(|e| FitError::Library(e.to_string()))?;
        Ok(Boosted(booster))
    }
}

fn by_column(x: &Array2<f64>) -> Vec<f64> {
    x.t().iter().copied().collect()
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Boosted {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        let columns = by_column(x);
        let matrix = Matrix::new(&columns, x.nrows(), x.ncols());
        *y = Array1::from(self.0.predict(&matrix, false));
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
