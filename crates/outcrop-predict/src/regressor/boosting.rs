use forust_ml::data;
use forust_ml::gradientbooster::GradientBooster;
use forust_ml::objective::ObjectiveType;

use super::{Matrix, Model};

struct Boosted(GradientBooster);

impl Model for Boosted {
    fn predict(&self, row: &[f64]) -> Result<f64, String> {
        let row = data::Matrix::new(row, 1, row.len());
        let predicted = self.0.predict(&row, false);
        predicted.first().copied().ok_or("no prediction".into())
    }
}

/// Small trees, slowly added, without sampling. For a squared loss every row weighs 1, so that a
/// leaf weight of 2 is two rows.
pub(super) fn fit(x: &Matrix, y: &[f64], seed: u64) -> Result<Box<dyn Model>, String> {
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(200)
        .set_learning_rate(0.05)
        .set_max_depth(3)
        .set_min_leaf_weight(2.0)
        .set_l2(1.0)
        .set_parallel(false)
        .set_seed(seed);
    let columns = x.by_column();
    let matrix = data::Matrix::new(&columns, x.rows, x.columns);
    booster
        .fit_unweighted(&matrix, y, None)
        .map_err(|e| e.to_string())?;
    Ok(Box::new(Boosted(booster)))
}
