//! A regressor trained on numbers of rows, whatever these numbers are: scaling and weights are learned
//! with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::regressor::{FittedRegressor, Training};
use crate::stats::weighted_mean_and_deviation;
use crate::{Feature, PredictOptions, Regressor};

/// Training rows, one entry a row in each field.
pub(crate) struct Sample<'a> {
    /// In the order of [`Feature::all`].
    pub(crate) features: Vec<&'a [f64]>,
    /// What is learned.
    pub(crate) values: Vec<f64>,
    /// Mean 1.
    pub(crate) weights: Vec<f64>,
    /// Index of the architecture.
    pub(crate) architectures: Vec<usize>,
    /// Index of the model.
    pub(crate) models: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Regression {
    columns: Columns,
    /// Weighted mean and standard deviation of the values.
    mean: f64,
    deviation: f64,
    model: FittedRegressor,
}

impl Regression {
    /// Where nothing varies it predicts the mean.
    pub(crate) fn fit(
        mut sample: Sample<'_>,
        regressor: Regressor,
        options: &PredictOptions,
    ) -> Result<Self, String> {
        if regressor.balances() {
            balance(&mut sample.weights, &sample.architectures);
        }
        let (mean, deviation) = weighted_mean_and_deviation(&sample.values, &sample.weights);
        let mut regression = Self {
            columns: Columns::of(
                &sample.features,
                &sample.weights,
                &regressor.features(&options.features),
            ),
            mean,
            deviation,
            model: FittedRegressor::Zero,
        };
        if deviation > 0.0 && !regression.columns.is_empty() {
            let features = sample
                .features
                .iter()
                .map(|row| regression.columns.scale(row));
            let training = Training {
                x: features.flatten().collect(),
                y: sample
                    .values
                    .iter()
                    .map(|v| (v - mean) / deviation)
                    .collect(),
                weights: sample.weights,
                groups: sample.architectures,
                models: sample.models,
                features: regression.columns.features(),
            };
            regression.model = regressor.fit(training, options.seed)?;
        }
        Ok(regression)
    }

    /// For features in the order of [`Feature::all`]; NaN where a library refuses.
    pub(crate) fn predict(&self, features: &[f64]) -> f64 {
        self.mean + self.deviation * self.model.predict_row(self.columns.scale(features))
    }

    /// The features that it looks at and that varied in training.
    pub(crate) fn features(&self) -> Vec<Feature> {
        self.columns.features()
    }

    /// Weighted mean of the training values.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
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
