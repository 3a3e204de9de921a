//! A regressor trained on numbers of rows, whatever these numbers are: scaling and weights are learned
//! with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::regressor::{Model, Training};
use crate::stats::weighted_mean_and_deviation;
use crate::{Feature, Options, Regressor};

/// Training rows, one entry a row in each field.
pub(crate) struct Sample<'a> {
    /// In the order of [`Feature::ALL`].
    pub(crate) features: Vec<&'a [f64]>,
    /// What is learned.
    pub(crate) values: Vec<f64>,
    /// Mean 1.
    pub(crate) weights: Vec<f64>,
    /// Index of the architecture.
    pub(crate) architectures: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Regression {
    columns: Vec<Column>,
    /// Weighted mean and standard deviation of the values.
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

impl Regression {
    /// Where nothing varies it predicts the mean.
    pub(crate) fn fit(
        mut sample: Sample<'_>,
        regressor: Regressor,
        options: &Options,
    ) -> Result<Self, String> {
        if regressor.balances() {
            balance(&mut sample.weights, &sample.architectures);
        }
        let (mean, deviation) = weighted_mean_and_deviation(&sample.values, &sample.weights);
        let mut regression = Self {
            columns: varying_columns(&sample, &regressor.features(&options.features)),
            mean,
            deviation,
            model: Model::Zero,
        };
        if deviation > 0.0 && !regression.columns.is_empty() {
            let features = sample.features.iter().map(|row| regression.scale(row));
            let training = Training {
                x: features.flatten().collect(),
                y: sample
                    .values
                    .iter()
                    .map(|v| (v - mean) / deviation)
                    .collect(),
                weights: sample.weights,
                groups: sample.architectures,
                features: regression.columns.iter().map(|c| c.feature).collect(),
            };
            regression.model = regressor.fit(training, options.seed)?;
        }
        Ok(regression)
    }

    /// For features in the order of [`Feature::ALL`]; NaN where a library refuses.
    pub(crate) fn predict(&self, features: &[f64]) -> f64 {
        self.mean + self.deviation * self.model.predict_row(self.scale(features))
    }

    /// The features that it looks at and that varied in training.
    pub(crate) fn features(&self) -> Vec<Feature> {
        self.columns.iter().map(|c| c.feature).collect()
    }

    /// Weighted mean of the training values.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    fn scale(&self, features: &[f64]) -> Vec<f64> {
        let scale = |c: &Column| (features[c.feature as usize] - c.mean) / c.deviation;
        self.columns.iter().map(scale).collect()
    }
}

/// Makes the weights of each architecture sum up to the same, and all to the number of rows.
pub(crate) fn balance(weights: &mut [f64], architectures: &[usize]) {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (weight, architecture) in weights.iter().zip(architectures) {
        *sums.entry(*architecture).or_default() += weight;
    }
    let each = weights.len() as f64 / sums.len().max(1) as f64;
    for (weight, architecture) in weights.iter_mut().zip(architectures) {
        *weight *= each / sums.get(architecture).copied().unwrap_or(1.0);
    }
}

fn varying_columns(sample: &Sample<'_>, features: &[Feature]) -> Vec<Column> {
    let column = |feature: &Feature| {
        let values = sample.features.iter().map(|row| row[*feature as usize]);
        let values: Vec<f64> = values.collect();
        let (mean, deviation) = weighted_mean_and_deviation(&values, &sample.weights);
        Column {
            feature: *feature,
            mean,
            deviation,
        }
    };
    let columns = features.iter().map(column);
    columns.filter(|c| c.deviation > 0.0).collect()
}
