//! One regressor trained on one target, with everything that was learned from the training rows:
//! scaling and transform stand in here, so that none of them can see a row held out.

use crate::regressor::{Matrix, Model, Zero};
use crate::stats::weighted_mean_and_deviation;
use crate::table::Table;
use crate::transform::Transform;
use crate::{Error, Options, Regressor, Result, Target};

pub(crate) struct Trained {
    target: Target,
    regressor: Regressor,
    columns: Vec<Column>,
    transform: Transform,
    /// Mean and standard deviation of the transformed target.
    mean: f64,
    deviation: f64,
    model: Box<dyn Model>,
}

/// A feature that varies in training.
struct Column {
    /// Index in [`crate::Feature::ALL`].
    feature: usize,
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
        let z: Vec<f64> = values.iter().map(|v| transform.forward(*v)).collect();
        let weights = weights(table, &rows, regressor);
        let (mean, deviation) = weighted_mean_and_deviation(&z, &weights);
        let mut trained = Self {
            target,
            regressor,
            columns: varying_columns(table, &rows, &weights, regressor, options),
            transform,
            mean,
            deviation,
            model: Box::new(Zero),
        };
        if deviation > 0.0 && !trained.columns.is_empty() {
            let scaled = |i: &usize| trained.scale(&table.row(*i).features);
            let roots: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
            let weighted = |(i, root): (&usize, &f64)| {
                let row = scaled(i).into_iter();
                row.map(|x| x * root).collect::<Vec<f64>>()
            };
            let x = Matrix::new(
                rows.iter().zip(&roots).flat_map(weighted).collect(),
                trained.columns.len(),
            );
            let y = z.iter().zip(&roots);
            let y: Vec<f64> = y.map(|(z, root)| root * (z - mean) / deviation).collect();
            let fitted = regressor.fit(&x, &y, options.seed);
            trained.model = fitted.map_err(|reason| trained.error(reason))?;
        }
        Ok(trained)
    }

    /// The prediction in transformed space, for features in the order of [`crate::Feature::ALL`].
    pub(crate) fn predict_transformed(&self, features: &[f64]) -> Result<f64> {
        let predicted = self.model.predict(&self.scale(features));
        let z = self.mean + self.deviation * predicted.map_err(|reason| self.error(reason))?;
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

    /// Mean of the transformed target over the training rows.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    fn scale(&self, features: &[f64]) -> Vec<f64> {
        let scale = |c: &Column| (features[c.feature] - c.mean) / c.deviation;
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

/// 1 for each row, or 1 shared by all rows of each architecture.
fn weights(table: &Table, rows: &[usize], regressor: Regressor) -> Vec<f64> {
    if !regressor.balances() {
        return vec![1.0; rows.len()];
    }
    let architectures = table.architectures();
    let of = |i: &usize| architectures[table.row(*i).model];
    let mut counts = vec![0.0; architectures.len()];
    for i in rows {
        counts[of(i)] += 1.0;
    }
    rows.iter().map(|i| 1.0 / counts[of(i)]).collect()
}

fn varying_columns(
    table: &Table,
    rows: &[usize],
    weights: &[f64],
    regressor: Regressor,
    options: &Options,
) -> Vec<Column> {
    let column = |feature: usize| {
        let values = rows.iter().map(|i| table.row(*i).features[feature]);
        let (mean, deviation) = weighted_mean_and_deviation(&values.collect::<Vec<f64>>(), weights);
        Column {
            feature,
            mean,
            deviation,
        }
    };
    let features = regressor.features(&options.features);
    let columns = features.into_iter().map(|f| column(f as usize));
    columns.filter(|c| c.deviation > 0.0).collect()
}
