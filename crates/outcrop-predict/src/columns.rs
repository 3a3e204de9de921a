//! Features that vary in training, scaled by what was seen there.

use serde::{Deserialize, Serialize};

use crate::Feature;
use crate::stats::weighted_mean_and_deviation;

/// The features that vary in training, and what makes their mean 0 and their deviation 1.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Columns(Vec<Column>);

#[derive(Clone, Serialize, Deserialize)]
struct Column {
    feature: Feature,
    mean: f64,
    deviation: f64,
}

impl Columns {
    /// Those of `wanted` that vary over `rows`, each in the order of [`Feature::all`]; the weights of the rows
    /// have mean 1.
    pub(crate) fn of(rows: &[&[f64]], weights: &[f64], wanted: &[Feature]) -> Self {
        let column = |feature: &Feature| {
            let values: Vec<f64> = rows.iter().map(|row| row[feature.index()]).collect();
            let (mean, deviation) = weighted_mean_and_deviation(&values, weights);
            Column {
                feature: *feature,
                mean,
                deviation,
            }
        };
        let columns = wanted.iter().map(column);
        Self(columns.filter(|c| c.deviation > 0.0).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn features(&self) -> Vec<Feature> {
        self.0.iter().map(|c| c.feature).collect()
    }

    /// One number a column, for features in the order of [`Feature::all`]; what is not known counts as the mean.
    pub(crate) fn scale(&self, features: &[f64]) -> Vec<f64> {
        let scale = |c: &Column| match features[c.feature.index()] {
            unknown if unknown.is_nan() => 0.0,
            value => (value - c.mean) / c.deviation,
        };
        self.0.iter().map(scale).collect()
    }
}
