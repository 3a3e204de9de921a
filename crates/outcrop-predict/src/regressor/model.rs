use linfa::traits::{Predict, PredictInplace};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::boosting::Boosted;
use super::forest::Forest;
use super::gaussian::Process;
use super::kernel::Kernel;
use super::linear::Linear;
use super::nearest::Nearest;

/// A regressor after training.
#[derive(Serialize, Deserialize)]
pub(crate) enum FittedRegressor {
    /// Predicts 0, the mean of a standardised target.
    Zero,
    Linear(Linear),
    Nearest(Nearest),
    Kernel(Kernel),
    Process(Process),
    Forest(Box<Forest>),
    Boosted(Box<Boosted>),
}

impl FittedRegressor {
    /// The prediction for one row of scaled features; NaN where a library refuses.
    pub(crate) fn predict_row(&self, row: Vec<f64>) -> f64 {
        match Array2::from_shape_vec((1, row.len()), row) {
            Ok(row) => self.predict(&row)[0],
            Err(_) => f64::NAN,
        }
    }
}

impl PredictInplace<Array2<f64>, Array1<f64>> for FittedRegressor {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        match self {
            Self::Zero => y.fill(0.0),
            Self::Linear(model) => model.predict_inplace(x, y),
            Self::Nearest(model) => model.predict_inplace(x, y),
            Self::Kernel(model) => model.predict_inplace(x, y),
            Self::Process(model) => model.predict_inplace(x, y),
            Self::Forest(model) => model.predict_inplace(x, y),
            Self::Boosted(model) => model.predict_inplace(x, y),
        }
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
