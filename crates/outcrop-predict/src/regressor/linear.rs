use linfa::Dataset;
use linfa::traits::Fit;
use linfa_elasticnet::ElasticNet;
use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::{Matrix, Model};

/// Relative duality gap at which coordinate descent stops.
const TOLERANCE: f64 = 1e-10;
const MAX_SWEEPS: u32 = 20_000;

struct Linear {
    weights: Vec<f64>,
}

impl Model for Linear {
    fn predict(&self, row: &[f64]) -> Result<f64, String> {
        Ok(self.weights.iter().zip(row).map(|(w, x)| w * x).sum())
    }
}

/// Minimises sum (y - x w)^2 + alpha sum w^2 through the normal equations. Coordinate descent
/// (elastic net of ratio 0) would reach the same weights, but its duality gap never closes at that
/// ratio, so that it runs to its last sweep every time.
pub(super) fn ridge(x: &Matrix, y: &[f64], alpha: f64) -> Result<Box<dyn Model>, String> {
    let x = to_array(x)?;
    let mut normal = x.t().dot(&x);
    normal.diag_mut().mapv_inplace(|v| v + alpha);
    let right = x.t().dot(&ArrayView1::from(y)).insert_axis(Axis(1));
    let weights = normal.solvec(&right).map_err(|e| e.to_string())?;
    Ok(Box::new(Linear {
        weights: weights.into_iter().collect(),
    }))
}

/// Minimises sum (y - x w)^2 / 2n + alpha (ratio sum abs(w) + (1 - ratio)/2 sum w^2) by coordinate
/// descent, ratio above 0. Columns and target are centred, as the library centres the target alone.
pub(super) fn elastic_net(
    x: &Matrix,
    y: &[f64],
    alpha: f64,
    ratio: f64,
) -> Result<Box<dyn Model>, String> {
    let data = Dataset::new(to_array(x)?, Array1::from(y.to_vec()));
    let fitted = ElasticNet::params()
        .penalty(alpha)
        .l1_ratio(ratio)
        .with_intercept(false)
        .tolerance(TOLERANCE)
        .max_iterations(MAX_SWEEPS)
        .fit(&data)
        .map_err(|e| e.to_string())?;
    Ok(Box::new(Linear {
        weights: fitted.hyperplane().to_vec(),
    }))
}

fn to_array(x: &Matrix) -> Result<Array2<f64>, String> {
    Array2::from_shape_vec((x.rows, x.columns), x.values.clone()).map_err(|e| e.to_string())
}
