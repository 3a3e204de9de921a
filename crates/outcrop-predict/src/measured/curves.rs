use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::leverage::Leverage;
use super::ratios::{Ratios, interpolate};
use super::shapes::Shapes;
use crate::bands::{Deviation, quantile};
use crate::regression::{Regression, Sample, balance};
use crate::{Error, Feature, PredictOptions, Recipe, Regressor, Result, Table};

/// Errors are saved in so many parts of one, rounded up.
const PARTS: f64 = 1e4;

/// What predicts ln ratios over steps, stretch by stretch of training: runs of all lengths teach the beginning, the longer ones
/// the rest.
#[derive(Serialize, Deserialize)]
pub(crate) struct MeasuredCurves(Vec<Stretch>);

/// Shapes of measured curves over one stretch of training, and a regression of how much of each is in a curve.
#[derive(Serialize, Deserialize)]
pub(super) struct Stretch {
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
        let refuse = |reason| Error::Curve { regressor, reason };
        let stretch = |ratios: Ratios| {
            let training = Training::of(table, &ratios, regressor, options);
            Ok(Stretch {
                learned: training.learn(|_| true).map_err(refuse)?,
                errors: training.errors().map_err(refuse)?,
                steps: ratios.steps,
            })
        };
        let stretches = Ratios::of(table).into_iter().map(stretch);
        let stretches: Vec<Stretch> = stretches.collect::<Result<_>>()?;
        Ok((!stretches.is_empty()).then_some(Self(stretches)))
    }

    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.0
    }

    /// The last step to which curves go.
    pub(crate) fn last_step(&self) -> f64 {
        let steps = self.0.last().and_then(|stretch| stretch.steps.last());
        steps.copied().unwrap_or(0.0)
    }

    /// The curves of layers, whose features are in the order of [`Feature::all`], trained by `recipe`, with
    /// bands of `level` if one is asked for and enough architectures were measured: up to the last update of the recipe.
    pub(crate) fn draw(
        &self,
        layers: &[Vec<f64>],
        recipe: Option<&Recipe>,
        level: Option<f64>,
    ) -> Drawn {
        let last = recipe.map_or(f64::INFINITY, |recipe| recipe.steps as f64);
        let mut drawn = Drawn {
            steps: Vec::new(),
            layers: vec![Vec::new(); layers.len()],
            half_widths: level.map(|_| vec![Vec::new(); layers.len()]),
        };
        for stretch in self.0.iter().take_while(|s| s.begins_before(last)) {
            stretch.extend(&mut drawn, layers, recipe, level);
        }
        drawn.until(last)
    }
}

impl Stretch {
    fn begins_before(&self, step: f64) -> bool {
        self.steps.first().is_some_and(|first| *first < step)
    }

    /// Appends the steps of this stretch; without bands from where there are too few architectures.
    fn extend(
        &self,
        drawn: &mut Drawn,
        layers: &[Vec<f64>],
        recipe: Option<&Recipe>,
        level: Option<f64>,
    ) {
        let end = self.steps.last().map_or(0, |step| *step as u64);
        let quantiles = level.and_then(|level| self.quantiles(level));
        if quantiles.is_none() {
            drawn.half_widths = None;
        }
        drawn.steps.extend(&self.steps);
        for (place, layer) in layers.iter().enumerate() {
            let features = until(layer, recipe, end);
            drawn.layers[place].extend(self.learned.predict(&features));
            if let (Some(half_widths), Some(quantiles)) = (&mut drawn.half_widths, &quantiles) {
                let error = self.learned.leverage.standard_error(&features);
                half_widths[place].extend(quantiles.iter().map(|q| error * q));
            }
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

/// The features of a layer with schedule time at `step` in the place of that of the whole run, whose rate may have fallen since.
fn until(features: &[f64], recipe: Option<&Recipe>, step: u64) -> Vec<f64> {
    let mut features = features.to_vec();
    if let Some(recipe) = recipe {
        features[Feature::LnUpdates.index()] = recipe.updates(step).ln();
    }
    features
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
    /// Of each row of `ratios`.
    features: Vec<Vec<f64>>,
    regressor: Regressor,
    options: &'a PredictOptions,
}

impl<'a> Training<'a> {
    fn of(
        table: &'a Table,
        ratios: &'a Ratios,
        regressor: Regressor,
        options: &'a PredictOptions,
    ) -> Self {
        let features = |row: &usize| {
            let recipe = table.recipe(*row);
            until(&table.row(*row).features, recipe, ratios.end())
        };
        Self {
            table,
            ratios,
            features: ratios.rows.iter().map(features).collect(),
            regressor,
            options,
        }
    }

    fn architecture(&self, place: usize) -> usize {
        self.table.architecture(self.ratios.rows[place])
    }

    /// From the rows of the architectures that `take` accepts.
    fn learn(&self, take: impl Fn(usize) -> bool) -> Result<Learned, String> {
        let (table, ratios) = (self.table, self.ratios);
        let places = (0..ratios.rows.len()).filter(|i| take(self.architecture(*i)));
        let places: Vec<usize> = places.collect();
        let curves: Vec<&[f64]> = places.iter().map(|i| &*ratios.values[*i]).collect();
        let architectures: Vec<usize> = places.iter().map(|i| self.architecture(*i)).collect();
        let models = places.iter().map(|i| table.row(ratios.rows[*i]).model);
        let models: Vec<usize> = models.collect();
        let equal = vec![1.0; places.len()];
        let mut weights = equal.clone();
        balance(&mut weights, &architectures);
        let shapes = Shapes::of(&curves, &weights)?;
        let scores: Vec<Vec<f64>> = curves.iter().map(|curve| shapes.scores(curve)).collect();
        let features: Vec<&[f64]> = places.iter().map(|i| &*self.features[*i]).collect();
        let leverage = Leverage::of(&features, &architectures)?;
        let score = |shape: usize| {
            let sample = Sample {
                features: features.clone(),
                values: scores.iter().map(|s| s[shape]).collect(),
                weights: equal.clone(),
                architectures: architectures.clone(),
                models: models.clone(),
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
        let places = 0..self.ratios.rows.len();
        let all: BTreeSet<usize> = places.map(|i| self.architecture(i)).collect();
        if all.len() < 2 {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = all.into_iter().collect();
        let all: Result<Vec<Vec<RowErrors>>, String> =
            all.into_par_iter().map(|a| self.left_out(a)).collect();
        Ok(all?.into_iter().flatten().collect())
    }

    /// The errors of one architecture, predicted from the others.
    fn left_out(&self, architecture: usize) -> Result<Vec<RowErrors>, String> {
        let learned = self.learn(|a| a != architecture)?;
        let places = 0..self.ratios.rows.len();
        let own = places.filter(|i| self.architecture(*i) == architecture);
        let errors = own.map(|i| {
            let predicted = learned.predict(&self.features[i]);
            let unit = learned.leverage.standard_error(&self.features[i]);
            let pairs = predicted.into_iter().zip(&self.ratios.values[i]);
            let size = |(a, b): (f64, &f64)| ((a - b).abs() / unit * PARTS).ceil() / PARTS;
            RowErrors {
                architecture,
                sizes: pairs.map(size).collect(),
            }
        });
        Ok(errors.collect())
    }
}

impl Drawn {
    /// The same up to `last`, where it ends between two steps or beyond them.
    fn until(mut self, last: f64) -> Self {
        let count = self.steps.partition_point(|step| *step < last);
        if count == self.steps.len() {
            return self;
        }
        let ends: Vec<f64> = (0..self.layers.len())
            .map(|index| self.at(index, last).0.ln())
            .collect();
        let half = self.half_widths.as_ref().map(|half| {
            let read = |values: &Vec<f64>| interpolate(&self.points(values), last);
            half.iter().map(read).collect::<Vec<f64>>()
        });
        let cut = |values: &mut Vec<f64>, end: f64| {
            values.truncate(count);
            values.push(end);
        };
        self.layers
            .iter_mut()
            .zip(ends)
            .for_each(|(values, end)| cut(values, end));
        if let (Some(widths), Some(half)) = (&mut self.half_widths, half) {
            widths
                .iter_mut()
                .zip(half)
                .for_each(|(values, end)| cut(values, end));
        }
        cut(&mut self.steps, last);
        self
    }

    fn points(&self, values: &[f64]) -> Vec<[f64; 2]> {
        let pairs = self.steps.iter().zip(values);
        pairs.map(|(step, value)| [*step, *value]).collect()
    }

    /// The ratio of layer `index` at `step`, and the ends of its band.
    pub(crate) fn at(&self, index: usize, step: f64) -> (f64, Option<[f64; 2]>) {
        let read = |values: &Vec<f64>| interpolate(&self.points(values), step);
        let ln = read(&self.layers[index]);
        let half = self.half_widths.as_ref().map(|half| read(&half[index]));
        (
            ln.exp(),
            half.map(|half| [ln - half, ln + half].map(f64::exp)),
        )
    }
}
