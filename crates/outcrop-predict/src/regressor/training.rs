use linfa::Dataset;
use linfa::traits::Fit;
use ndarray::{Array1, Array2, Ix1};

use crate::Feature;

/// Scaled features and the standardised target of the training rows.
pub(crate) struct Training {
    /// Row by row, a column for each of `features`; weighted mean 0 and standard deviation 1.
    pub(crate) x: Vec<f64>,
    /// Weighted mean 0 and standard deviation 1.
    pub(crate) y: Vec<f64>,
    /// Mean 1.
    pub(crate) weights: Vec<f64>,
    /// The architecture of each row: what is left out as a whole where a penalty is chosen.
    pub(crate) groups: Vec<usize>,
    /// The model of each row.
    pub(crate) models: Vec<usize>,
    /// What the columns are.
    pub(crate) features: Vec<Feature>,
}

/// As linfa takes it. Its weights are f32: rounding them by 1e-7 moves a prediction by far less
/// than the intervals that they come from.
pub(super) type Data = Dataset<f64, f64, Ix1>;

impl Training {
    pub(super) fn into_data(self) -> Result<Data, String> {
        let shape = (self.y.len(), self.features.len());
        let x = Array2::from_shape_vec(shape, self.x).map_err(|e| e.to_string())?;
        let weights = self.weights.iter().map(|w| *w as f32).collect();
        Ok(Dataset::new(x, Array1::from(self.y)).with_weights(weights))
    }
}

/// Why a regressor could not be fitted.
#[derive(Debug, thiserror::Error)]
pub(super) enum FitError {
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
    #[error(transparent)]
    Algebra(#[from] linfa_linalg::LinalgError),
    #[error(transparent)]
    ElasticNet(#[from] linfa_elasticnet::ElasticNetError),
    #[error("{0}")]
    Library(String),
}

/// Fits `settings`, which are one regressor, to the data.
pub(super) fn fitted<S>(settings: &S, data: &Data) -> Result<S::Object, String>
where
    S: Fit<Array2<f64>, Array1<f64>, FitError>,
{
    settings.fit(data).map_err(|e| e.to_string())
}
