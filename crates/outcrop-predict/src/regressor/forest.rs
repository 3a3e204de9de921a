use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::{Matrix, Model};

type Forest = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

struct RandomForest(Forest);

impl Model for RandomForest {
    fn predict(&self, row: &[f64]) -> Result<f64, String> {
        let row = DenseMatrix::new(1, row.len(), row.to_vec(), false).map_err(|e| e.to_string())?;
        let predicted = self.0.predict(&row).map_err(|e| e.to_string())?;
        predicted.first().copied().ok_or("no prediction".into())
    }
}

/// Trees on bootstrap samples, each split over a third of the features (Breiman's choice for
/// regression).
pub(super) fn fit(x: &Matrix, y: &[f64], seed: u64) -> Result<Box<dyn Model>, String> {
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(200)
        .with_m(x.columns.div_ceil(3))
        .with_min_samples_leaf(2)
        .with_min_samples_split(4)
        .with_seed(seed);
    let matrix =
        DenseMatrix::new(x.rows, x.columns, x.values.clone(), false).map_err(|e| e.to_string())?;
    let forest = Forest::fit(&matrix, &y.to_vec(), parameters).map_err(|e| e.to_string())?;
    Ok(Box::new(RandomForest(forest)))
}
