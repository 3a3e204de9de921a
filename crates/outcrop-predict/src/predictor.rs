use std::fmt;

use outcrop_core::{ArchSpec, CurvePoint, Prediction};
use serde::{Deserialize, Serialize};

use crate::curve::{Curve, Summaries};
use crate::table::{MIN_MODELS, features};
use crate::trained::Trained;
use crate::{Error, Feature, Options, Regressor, Result, Table, Target};

/// The hypothesis of predicted curves.
const HYPOTHESIS: &str = "predicted";

/// One regressor trained on all rows of a table, for architectures that no one has trained.
///
/// How far to trust it is what [`evaluate`](crate::evaluate) says about the same regressor under
/// `leave one model out`, and only for architectures within the range of training.
#[derive(Serialize, Deserialize)]
pub struct Predictor {
    regressor: Regressor,
    targets: Vec<(Target, Trained)>,
    /// Smallest and largest value of each chosen feature in training.
    ranges: Vec<(Feature, f64, f64)>,
}

impl Predictor {
    /// Trains `regressor` on every target that is identified in at least three models, with the
    /// features and the seed of `options`.
    ///
    /// # Errors
    /// [`Error::Option`], [`Error::NoTarget`], [`Error::Regressor`].
    pub fn train(table: &Table, regressor: Regressor, options: &Options) -> Result<Self> {
        options.check()?;
        let enough = |t: &Target| table.identified(*t).1 >= MIN_MODELS;
        let train = |target: Target| {
            let rows = table.rows_with(target);
            Trained::fit(table, &rows, target, regressor, options).map(|t| (target, t))
        };
        let targets = Target::ALL.into_iter().filter(enough).map(train);
        let targets = targets.collect::<Result<Vec<_>>>()?;
        if targets.is_empty() {
            return Err(Error::NoTarget { needed: MIN_MODELS });
        }
        let ranges = options.features.iter().map(|f| range(table, *f)).collect();
        Ok(Self {
            regressor,
            targets,
            ranges,
        })
    }

    /// The regressor that was trained.
    pub fn regressor(&self) -> Regressor {
        self.regressor
    }

    /// The targets that it predicts.
    pub fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        self.targets.iter().map(|(target, _)| *target)
    }

    /// Predicts every layer of `arch`, under the name `model`.
    ///
    /// # Errors
    /// [`Error::Architecture`] where a field is out of its range, [`Error::Regressor`].
    pub fn predict(&self, model: &str, arch: &ArchSpec) -> Result<Predicted> {
        arch.check().map_err(|source| Error::Architecture {
            model: model.into(),
            source: Box::new(source),
        })?;
        let layers = (1..=arch.layers as u32).map(|layer| {
            let features = features(arch, layer);
            let value = |(target, trained): &(Target, Trained)| {
                trained.predict(&features).map(|v| (*target, v))
            };
            let values = self.targets.iter().map(value).collect::<Result<Vec<_>>>()?;
            Ok(PredictedLayer { layer, values })
        });
        Ok(Predicted {
            model: model.into(),
            regressor: self.regressor,
            layers: layers.collect::<Result<Vec<_>>>()?,
            outside: self
                .ranges
                .iter()
                .filter_map(|r| outside(arch, *r))
                .collect(),
        })
    }
}

fn range(table: &Table, feature: Feature) -> (Feature, f64, f64) {
    let values = table
        .all_rows()
        .iter()
        .map(|r| r.features[feature as usize]);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    (feature, low, high)
}

/// The layer that lies furthest outside, if one does.
fn outside(arch: &ArchSpec, (feature, low, high): (Feature, f64, f64)) -> Option<Outside> {
    let distance = |v: f64| (low - v).max(v - high);
    let slack = 1e-9 * low.abs().max(high.abs());
    let values = (1..=arch.layers as u32).map(|layer| feature.value(arch, layer));
    let furthest = values.max_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
    (distance(furthest) > slack).then_some(Outside {
        feature,
        value: furthest,
        low,
        high,
    })
}

/// What is predicted of one architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// Name of the model.
    pub model: String,
    /// The regressor.
    pub regressor: Regressor,
    /// Every layer, from 1.
    pub layers: Vec<PredictedLayer>,
    /// Features that lie outside the range of training: where there are any, the prediction is an
    /// extrapolation. A range of one value is a feature that did not vary in training, whose
    /// influence is unknown.
    pub outside: Vec<Outside>,
}

/// The predicted targets of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedLayer {
    /// Layer, from 1.
    pub layer: u32,
    /// Each target with its value, in its unit.
    pub values: Vec<(Target, f64)>,
}

impl PredictedLayer {
    /// The value of `target`, if it was predicted.
    pub fn value(&self, target: Target) -> Option<f64> {
        let found = self.values.iter().find(|(t, _)| *t == target);
        found.map(|(_, value)| *value)
    }
}

/// A feature of an architecture that lies outside the range of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    /// The feature.
    pub feature: Feature,
    /// Its value in the layer where it is furthest outside.
    pub value: f64,
    /// Smallest value in training.
    pub low: f64,
    /// Largest value in training.
    pub high: f64,
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            feature,
            value,
            low,
            high,
        } = self;
        write!(
            f,
            "{feature} = {value:.4} lies outside the training range {low:.4} to {high:.4}"
        )
    }
}

impl Predicted {
    /// The predicted targets as rows of `predictions.csv`, `observed` empty.
    pub fn rows(&self) -> Vec<Prediction> {
        let row = |layer: u32, (target, value): &(Target, f64)| Prediction {
            model: self.model.clone(),
            layer,
            target: target.name().into(),
            regressor: self.regressor.name().into(),
            observed: None,
            predicted: *value,
        };
        let layers = self.layers.iter();
        layers
            .flat_map(|l| l.values.iter().map(move |v| row(l.layer, v)))
            .collect()
    }

    /// A curve for each layer over `steps`, whose smallest and largest stand for the first and the
    /// last step of the run.
    ///
    /// It is drawn through the predicted *summaries*, since they are identified and the five
    /// parameters often are not: a monotone cubic in ln(1 + t) through f_first, the half-way value
    /// at t_half, and f_last. Where f_max is more than 2 % above both ends the curve peaks there;
    /// the step of the peak is not predicted, it is put half-way in ln(1 + t) between t_half and
    /// the last step. Predictions that contradict each other are reconciled (an f_max below an end
    /// is raised to it, a t_half outside the run moved into it), so that every curve is finite,
    /// positive and never outside the values it passes through. Its hypothesis is `predicted`.
    ///
    /// # Errors
    /// [`Error::NoCurve`] where one of the four summaries was not predicted, [`Error::Steps`].
    pub fn curves(&self, steps: &[f64]) -> Result<Vec<CurvePoint>> {
        let (first, last) = span(steps)?;
        let mut points = Vec::with_capacity(self.layers.len() * steps.len());
        for layer in &self.layers {
            let curve = Curve::new(layer.summaries()?, first, last);
            points.extend(steps.iter().map(|step| CurvePoint {
                model: self.model.clone(),
                layer: layer.layer,
                hypothesis: HYPOTHESIS.into(),
                step: *step,
                value: curve.at(*step),
                ..CurvePoint::default()
            }));
        }
        Ok(points)
    }
}

impl PredictedLayer {
    fn summaries(&self) -> Result<Summaries> {
        // far beyond any ratio or step, and finite
        let exp = |target| match self.value(target) {
            Some(ln) => Ok(ln.clamp(-300.0, 300.0).exp()),
            None => Err(Error::NoCurve { target }),
        };
        Ok(Summaries {
            f_first: exp(Target::LnFFirst)?,
            f_last: exp(Target::LnFLast)?,
            f_max: exp(Target::LnFMax)?,
            t_half: exp(Target::LnTHalf)?,
        })
    }
}

fn span(steps: &[f64]) -> Result<(f64, f64)> {
    let valid = steps.iter().all(|s| s.is_finite() && *s >= 0.0);
    let first = steps.iter().copied().fold(f64::INFINITY, f64::min);
    let last = steps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match valid && first < last {
        true => Ok((first, last)),
        false => Err(Error::Steps { count: steps.len() }),
    }
}
