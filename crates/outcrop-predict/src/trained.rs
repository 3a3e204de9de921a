//! One regressor trained on one target, with everything that was learned from the training rows:
//! scaling, transform, weights and penalties stand in here, so that none of them can see a row held
//! out.

use serde::{Deserialize, Serialize};

use crate::regression::{Regression, Sample};
use crate::table::{Table, weights};
use crate::transform::Transform;
use crate::{Error, Feature, PredictOptions, Regressor, Result, Target};

#[derive(Serialize, Deserialize)]
pub(crate) struct Trained {
    target: Target,
    regressor: Regressor,
    transform: Transform,
    /// Of the transformed target.
    regression: Regression,
}

impl Trained {
    /// Trains on those of `rows` in which `target` is identified.
    pub(crate) fn fit(
        table: &Table,
        rows: &[usize],
        target: Target,
        regressor: Regressor,
        options: &PredictOptions,
    ) -> Result<Self> {
        let (rows, values): (Vec<usize>, Vec<f64>) = rows
            .iter()
            .filter_map(|i| Some((*i, table.row(*i).target(target)?)))
            .unzip();
        let transform = Transform::fit(target, &values);
        let sample = Sample {
            features: rows.iter().map(|i| &*table.row(*i).features).collect(),
            values: values.iter().map(|v| transform.forward(*v)).collect(),
            weights: weights(target, &transform, rows.iter().map(|i| table.row(*i))),
            architectures: rows.iter().map(|i| table.architecture(*i)).collect(),
            models: rows.iter().map(|i| table.row(*i).model).collect(),
        };
        let refuse = |reason| Error::Regressor {
            target,
            regressor,
            reason,
        };
        Ok(Self {
            target,
            regressor,
            transform,
            regression: Regression::fit(sample, regressor, options).map_err(refuse)?,
        })
    }

    /// The prediction in transformed space, for features in the order of [`Feature::all`].
    pub(crate) fn predict_transformed(&self, features: &[f64]) -> Result<f64> {
        let z = self.regression.predict(features);
        match z.is_finite() {
            true => Ok(z),
            false => Err(Error::Regressor {
                target: self.target,
                regressor: self.regressor,
                reason: format!("the prediction is {z}"),
            }),
        }
    }

    /// The prediction in the unit of the target.
    pub(crate) fn predict(&self, features: &[f64]) -> Result<f64> {
        Ok(self.transform.backward(self.predict_transformed(features)?))
    }

    /// The features that it looks at and that varied in training.
    pub(crate) fn features(&self) -> Vec<Feature> {
        self.regression.features()
    }

    pub(crate) fn transform(&self) -> &Transform {
        &self.transform
    }

    /// Weighted mean of the transformed target over the training rows: what the regressor `mean`
    /// predicts.
    pub(crate) fn mean(&self) -> f64 {
        self.regression.mean()
    }
}
