//! One regressor trained on one target, with everything that was learned from the training rows:
//! scaling, transform, weights and penalties stand in here, so that none of them can see a row held
//! out.

use std::collections::BTreeMap;

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

/// What is learned from the targets of training rows alone, whatever their features.
struct Prepared {
    /// Those in which the target is identified.
    rows: Vec<usize>,
    /// The architecture of each.
    architectures: Vec<usize>,
    /// Mean 1.
    weights: Vec<f64>,
    transform: Transform,
    /// Weighted mean and standard deviation of the transformed target.
    mean: f64,
    deviation: f64,
    /// The standardised target.
    y: Vec<f64>,
}

impl Prepared {
    fn new(table: &Table, rows: &[usize], target: Target, regressor: Regressor) -> Self {
        let (rows, values): (Vec<usize>, Vec<f64>) = rows
            .iter()
            .filter_map(|i| Some((*i, table.row(*i).target(target)?)))
            .unzip();
        let of_model = table.architectures();
        let architectures: Vec<usize> =
            rows.iter().map(|i| of_model[table.row(*i).model]).collect();
        let transform = Transform::fit(target, &values);
        let mut weights = weights(target, &transform, rows.iter().map(|i| table.row(*i)));
        if regressor.balances() {
            balance(&mut weights, &architectures);
        }
        let z: Vec<f64> = values.iter().map(|v| transform.forward(*v)).collect();
        let (mean, deviation) = weighted_mean_and_deviation(&z, &weights);
        Self {
            rows,
            architectures,
            weights,
            transform,
            mean,
            deviation,
            y: z.iter().map(|z| (z - mean) / deviation).collect(),
        }
    }
}

/// Makes the weights of each architecture sum up to the same, and all to the number of rows.
fn balance(weights: &mut [f64], architectures: &[usize]) {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (weight, architecture) in weights.iter().zip(architectures) {
        *sums.entry(*architecture).or_default() += weight;
    }
    let each = weights.len() as f64 / sums.len().max(1) as f64;
    for (weight, architecture) in weights.iter_mut().zip(architectures) {
        *weight *= each / sums.get(architecture).copied().unwrap_or(1.0);
    }
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
        let prepared = Prepared::new(table, rows, target, regressor);
        let features = regressor.features(&options.features);
        let rows = &prepared.rows;
        let mut trained = Self {
            target,
            regressor,
            columns: varying_columns(table, rows, &prepared.weights, &features),
            transform: prepared.transform,
            mean: prepared.mean,
            deviation: prepared.deviation,
            model: Model::Zero,
        };
        if prepared.deviation > 0.0 && !trained.columns.is_empty() {
            let features = rows.iter().map(|i| trained.scale(&table.row(*i).features));
            let training = Training {
                x: features.flatten().collect(),
                y: prepared.y,
                weights: prepared.weights,
                groups: prepared.architectures,
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

    /// The ends, in the unit of the target, of a band of `half_width` in transformed space around
    /// the prediction.
    pub(crate) fn predict_band(&self, features: &[f64], half_width: f64) -> Result<[f64; 2]> {
        let z = self.predict_transformed(features)?;
        Ok([z - half_width, z + half_width].map(|end| self.transform.backward(end)))
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
