use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::leverage::Leverage;
use super::ratios::{Ratios, interpolate};
use super::shapes::Shapes;
use crate::bands::{Deviation, quantile};
use crate::regression::{Regression, Sample, balance};
use crate::{Error, PredictOptions, Regressor, Result, Table};

/// Errors are saved in so many parts of one, rounded up.
const PARTS: f64 = 1e4;

/// What predicts ln ratios over steps: shapes of measured curves, and a regression of how much of each
/// is in a curve.
#[derive(Serialize, Deserialize)]
pub(crate) struct MeasuredCurves {
    /// Ascending, two or more.
    pub(super) steps: Vec<f64>,
    learned: Learned,
    /// Of each measured row, its architecture having been left out.
    errors: Vec<RowErrors>,
}

#[derive(Serialize, Deserialize)]
struct Learned {
    shapes: Shapes,
    scores: Vec<Regression>,
    leverage: Leverage,
}

/// abs(ln predicted - ln measured) of one (model, layer) at each step, in units of the standard error that
/// its leverage gives: how far off curves are grows with the distance from the middle of training.
#[derive(Serialize, Deserialize)]
struct RowErrors {
    architecture: usize,
    sizes: Vec<f64>,
}

/// ln ratios of the layers of one architecture at the steps of training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) steps: Vec<f64>,
    pub(crate) layers: Vec<Vec<f64>>,
    /// Half the width of the band of each layer at each step, in logarithms.
    pub(crate) half_widths: Option<Vec<Vec<f64>>>,
}

impl MeasuredCurves {
    /// None where the table has too few measured ratios.
    ///
    /// # Errors
    /// [`Error::Curve`].
    pub(crate) fn train(
        table: &Table,
        regressor: Regressor,
        options: &PredictOptions,
    ) -> Result<Option<Self>> {
        let Some(ratios) = Ratios::of(table) else {
            return Ok(None);
        };
        let training = Training {
            table,
            ratios: &ratios,
            regressor,
            options,
        };
        let refuse = |reason| Error::Curve { regressor, reason };
        Ok(Some(Self {
            learned: training.learn(|_| true).map_err(refuse)?,
            errors: training.errors().map_err(refuse)?,
            steps: ratios.steps,
        }))
    }

    /// The last step to which curves go.
    pub(crate) fn last_step(&self) -> f64 {
        self.steps.last().copied().unwrap_or(0.0)
    }

    /// The curves of layers, whose features are in the order of [`Feature::all`](crate::Feature::all), with
    /// bands of `level` if one is asked for and enough architectures were measured.
    pub(crate) fn draw(&self, layers: &[Vec<f64>], level: Option<f64>) -> Drawn {
        let curves = layers.iter().map(|layer| self.learned.predict(layer));
        let quantiles = level.and_then(|level| self.quantiles(level));
        let widths = |quantiles: Vec<f64>| {
            let width = |layer: &Vec<f64>| {
                let error = self.learned.leverage.standard_error(layer);
                quantiles.iter().map(|q| error * q).collect()
            };
            layers.iter().map(width).collect()
        };
        Drawn {
            steps: self.steps.clone(),
            layers: curves.collect(),
            half_widths: quantiles.map(widths),
        }
    }

    /// For each step how many standard errors a band of `level` reaches to either side.
    fn quantiles(&self, level: f64) -> Option<Vec<f64>> {
        let steps = 0..self.steps.len();
        steps
            .map(|step| quantile(&self.deviations(step), level))
            .collect()
    }

    /// The errors at the step of this index.
    pub(super) fn deviations(&self, step: usize) -> Vec<Deviation> {
        let deviation = |row: &RowErrors| Deviation {
            architecture: row.architecture,
            size: row.sizes[step],
        };
        self.errors.iter().map(deviation).collect()
    }
}

impl Learned {
    fn predict(&self, features: &[f64]) -> Vec<f64> {
        let scores = self.scores.iter().map(|score| score.predict(features));
        self.shapes.curve(&scores.collect::<Vec<_>>())
    }
}

struct Training<'a> {
    table: &'a Table,
    ratios: &'a Ratios,
    regressor: Regressor,
    options: &'a PredictOptions,
}

impl Training<'_> {
    /// From the rows of the architectures that `take` accepts.
    fn learn(&self, take: impl Fn(usize) -> bool) -> Result<Learned, String> {
        let (table, ratios) = (self.table, self.ratios);
        let places = (0..ratios.rows.len()).filter(|i| take(table.architecture(ratios.rows[*i])));
        let places: Vec<usize> = places.collect();
        let curves: Vec<&[f64]> = places.iter().map(|i| &*ratios.values[*i]).collect();
        let rows = || places.iter().map(|i| ratios.rows[*i]);
        let architectures: Vec<usize> = rows().map(|row| table.architecture(row)).collect();
        let equal = vec![1.0; places.len()];
        let mut weights = equal.clone();
        balance(&mut weights, &architectures);
        let shapes = Shapes::of(&curves, &weights)?;
        let scores: Vec<Vec<f64>> = curves.iter().map(|curve| shapes.scores(curve)).collect();
        let features: Vec<&[f64]> = rows().map(|row| &*table.row(row).features).collect();
        let leverage = Leverage::of(&features, &architectures)?;
        let score = |shape: usize| {
            let sample = Sample {
                features: features.clone(),
                values: scores.iter().map(|s| s[shape]).collect(),
                weights: equal.clone(),
                architectures: architectures.clone(),
                models: rows().map(|row| table.row(row).model).collect(),
            };
            Regression::fit(sample, self.regressor, self.options)
        };
        Ok(Learned {
            scores: (0..shapes.count()).map(score).collect::<Result<_, _>>()?,
            shapes,
            leverage,
        })
    }

    /// Predicts every architecture from the others.
    fn errors(&self) -> Result<Vec<RowErrors>, String> {
        let architecture = |i: usize| self.table.architecture(self.ratios.rows[i]);
        let all: BTreeSet<usize> = (0..self.ratios.rows.len()).map(architecture).collect();
        if all.len() < 2 {
            return Ok(Vec::new());
        }
        let of = |left_out: usize| {
            let learned = self.learn(|a| a != left_out)?;
            let own = (0..self.ratios.rows.len()).filter(|i| architecture(*i) == left_out);
            let errors = own.map(|i| {
                let row = self.table.row(self.ratios.rows[i]);
                let pairs = learned
                    .predict(&row.features)
                    .into_iter()
                    .zip(&self.ratios.values[i]);
                let unit = learned.leverage.standard_error(&row.features);
                let size = |(a, b): (f64, &f64)| ((a - b).abs() / unit * PARTS).ceil() / PARTS;
                RowErrors {
                    architecture: left_out,
                    sizes: pairs.map(size).collect(),
                }
            });
            Ok(errors.collect::<Vec<_>>())
        };
        let all: Vec<usize> = all.into_iter().collect();
        let all: Vec<Vec<RowErrors>> =
            all.into_par_iter().map(of).collect::<Result<_, String>>()?;
        Ok(all.into_iter().flatten().collect())
    }
}

impl Drawn {
    /// The ratio of layer `index` at `step`, and the ends of its band.
    pub(crate) fn at(&self, index: usize, step: f64) -> (f64, Option<[f64; 2]>) {
        let read = |values: &[f64]| {
            let points: Vec<[f64; 2]> = self
                .steps
                .iter()
                .zip(values)
                .map(|(t, v)| [*t, *v])
                .collect();
            interpolate(&points, step)
        };
        let ln = read(&self.layers[index]);
        let half = self.half_widths.as_ref().map(|half| read(&half[index]));
        (
            ln.exp(),
            half.map(|half| [ln - half, ln + half].map(f64::exp)),
        )
    }
}
