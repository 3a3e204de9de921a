//! One regressor trained on one target, with everything that was learned from the training rows:
//! scaling, transform, weights and penalties stand in here, so that none of them can see a row held
//! out.

use serde::{Deserialize, Serialize};

use crate::regressor::{Model, Training};
use crate::stats::weighted_mean_and_deviation;
use crate::table::{Table, weights};
use crate::transform::Transform;
use crate::{Error, Feature, Options, Regressor, Result, Target};

#[derive(Serialize, Deserialize)]
pub(crate) struct Trained {
    target: Target,
    regressor: Regressor,
    columns: Vec<Column>,
    transform: Transform,
    /// Weighted mean and standard deviation of the transformed target.
    mean: f64,
    deviation: f64,
    model: Model,
}

/// A feature that varies in training.
#[derive(Clone, Serialize, Deserialize)]
struct Column {
    feature: Feature,
    mean: f64,
    deviation: f64,
}

impl Trained {
    /// Trains on those of `rows` in which `target` is identified.
    pub(crate) fn fit(
        table: &Table,
        rows: &[usize],
        target: Target,
        regressor: Regressor,
        options: &Options,
    ) -> Result<Self> {
        let (rows, values): (Vec<usize>, Vec<f64>) = rows
            .iter()
            .filter_map(|i| Some((*i, table.row(*i).target(target)?)))
            .unzip();
        let transform = Transform::fit(target, &values);
        let weights = weights(target, &transform, rows.iter().map(|i| table.row(*i)));
        let z: Vec<f64> = values.iter().map(|v| transform.forward(*v)).collect();
        let (mean, deviation) = weighted_mean_and_deviation(&z, &weights);
        let features = regressor.features(&options.features);
        let mut trained = Self {
            target,
            regressor,
            columns: varying_columns(table, &rows, &weights, &features),
            transform,
            mean,
            deviation,
            model: Model::Zero,
        };
        if deviation > 0.0 && !trained.columns.is_empty() {
            let features = rows.iter().map(|i| trained.scale(&table.row(*i).features));
            let architecture = |i: &usize| table.architectures()[table.row(*i).model];
            let training = Training {
                x: features.flatten().collect(),
                y: z.iter().map(|z| (z - mean) / deviation).collect(),
                weights,
                groups: rows.iter().map(architecture).collect(),
                features: trained.columns.iter().map(|c| c.feature).collect(),
            };
            let fitted = regressor.fit(training, options.seed);
            trained.model = fitted.map_err(|reason| trained.error(reason))?;
        }
        Ok(trained)
    }

    /// The prediction in transformed space, for features in the order of [`Feature::ALL`].
    pub(crate) fn predict_transformed(&self, features: &[f64]) -> Result<f64> {
        let z = self.mean + self.deviation * self.model.predict_row(self.scale(features));
        match z.is_finite() {
            true => Ok(z),
            false => Err(self.error(format!("the prediction is {z}"))),
        }
    }

    /// The prediction in the unit of the target.
    pub(crate) fn predict(&self, features: &[f64]) -> Result<f64> {
        Ok(self.transform.backward(self.predict_transformed(features)?))
    }

    pub(crate) fn transform(&self) -> &Transform {
        &self.transform
    }

    /// Weighted mean of the transformed target over the training rows: what the regressor `mean`
    /// predicts.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    fn scale(&self, features: &[f64]) -> Vec<f64> {
        let scale = |c: &Column| (features[c.feature as usize] - c.mean) / c.deviation;
        self.columns.iter().map(scale).collect()
    }

    fn error(&self, reason: String) -> Error {
        Error::Regressor {
            target: self.target,
            regressor: self.regressor,
            reason,
        }
    }
}

fn varying_columns(
    table: &Table,
    rows: &[usize],
    weights: &[f64],
    features: &[Feature],
) -> Vec<Column> {
    let column = |feature: &Feature| {
        let values = rows
            .iter()
            .map(|i| table.row(*i).features[*feature as usize]);
        let (mean, deviation) = weighted_mean_and_deviation(&values.collect::<Vec<f64>>(), weights);
        Column {
            feature: *feature,
            mean,
            deviation,
        }
    };
    let columns = features.iter().map(column);
    columns.filter(|c| c.deviation > 0.0).collect()
}
