use std::fmt;

use outcrop_core::{CurvePoint, Prediction};

use crate::bands::{CurvePair, Deviation, quantile};
use crate::curve::{Curve, Summaries};
use crate::{Error, Feature, Regressor, Result, Target};

/// The hypothesis of predicted curves.
const HYPOTHESIS: &str = "predicted";

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
    /// extrapolation, and its bands promise nothing. A range of one value is a feature that did not
    /// vary in training, whose influence is unknown.
    pub outside: Vec<Outside>,
    pub(crate) bands: Option<Bands>,
}

/// What the bands of curves are made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bands {
    pub(crate) level: f64,
    pub(crate) curves: Vec<CurvePair>,
}

/// The predicted targets of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedLayer {
    /// Layer, from 1.
    pub layer: u32,
    /// Each target with its value, in its unit.
    pub values: Vec<(Target, f64)>,
    /// Each target that has a band with its lower and upper end, in its unit.
    pub bands: Vec<(Target, [f64; 2])>,
}

impl PredictedLayer {
    /// The value of `target`, if it was predicted.
    pub fn value(&self, target: Target) -> Option<f64> {
        let found = self.values.iter().find(|(t, _)| *t == target);
        found.map(|(_, value)| *value)
    }

    /// The lower and upper end of the band of `target`, if it has one.
    pub fn band(&self, target: Target) -> Option<[f64; 2]> {
        let found = self.bands.iter().find(|(t, _)| *t == target);
        found.map(|(_, band)| *band)
    }

    fn summaries(&self) -> Result<Summaries> {
        let mut logarithms = [0.0; 4];
        for (ln, target) in logarithms.iter_mut().zip(Target::CURVE) {
            *ln = self.value(target).ok_or(Error::NoCurve { target })?;
        }
        Ok(Summaries::from_logarithms(logarithms))
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

impl Outside {
    /// How far outside, in widths of the training range; infinite where that is one value.
    pub fn distance(&self) -> f64 {
        (self.low - self.value).max(self.value - self.high) / (self.high - self.low)
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            feature,
            value,
            low,
            high,
        } = self;
        let (value, low, high) = (Short(*value), Short(*low), Short(*high));
        match self.distance() {
            d if d.is_finite() => write!(
                f,
                "{feature} = {value} lies outside the training range {low} to {high}, by {d:.2} of its width"
            ),
            _ => write!(
                f,
                "{feature} = {value} lies outside training, where it was always {low}: its influence is unknown"
            ),
        }
    }
}

/// A number with at most five significant decimals and no zeros behind them.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0.abs() {
            size if size >= 1e6 || (size < 1e-3 && size > 0.0) => {
                return write!(f, "{:.3e}", self.0);
            }
            size if size >= 1.0 => format!("{:.3}", self.0),
            _ => format!("{:.5}", self.0),
        };
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Predicted {
    /// The level of the bands, if there are any.
    pub fn level(&self) -> Option<f64> {
        self.bands.as_ref().map(|b| b.level)
    }

    /// The predicted targets as rows of `predictions.csv`, `observed` empty.
    pub fn rows(&self) -> Vec<Prediction> {
        let row = |layer: &PredictedLayer, target: Target, value: f64| Prediction {
            model: self.model.clone(),
            layer: layer.layer,
            target: target.name().into(),
            regressor: self.regressor.name().into(),
            observed: None,
            predicted: value,
            predicted_lo: layer.band(target).map(|b| b[0]),
            predicted_hi: layer.band(target).map(|b| b[1]),
        };
        let of_layer = |l: &PredictedLayer| -> Vec<Prediction> {
            l.values.iter().map(|(t, v)| row(l, *t, *v)).collect()
        };
        self.layers.iter().flat_map(of_layer).collect()
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
    /// With bands, each point has the range that holds the true curve at this step with the
    /// probability asked for: the value times and over exp(q), q the conformal quantile of
    /// abs(ln predicted - ln observed) at this step among the architectures left out, both curves
    /// drawn alike through their summaries. This takes runs of the same length as those of the
    /// table, as f_last and f_max do.
    ///
    /// # Errors
    /// [`Error::NoCurve`] where one of the four summaries was not predicted, [`Error::Steps`].
    pub fn curves(&self, steps: &[f64]) -> Result<Vec<CurvePoint>> {
        let (first, last) = span(steps)?;
        let half_widths = match &self.bands {
            Some(bands) => bands.half_widths(steps, first, last),
            None => vec![None; steps.len()],
        };
        let mut points = Vec::with_capacity(self.layers.len() * steps.len());
        for layer in &self.layers {
            let curve = Curve::new(layer.summaries()?, first, last);
            points.extend(steps.iter().zip(&half_widths).map(|(step, width)| {
                let value = curve.at(*step);
                CurvePoint {
                    model: self.model.clone(),
                    layer: layer.layer,
                    hypothesis: HYPOTHESIS.into(),
                    step: *step,
                    value,
                    value_lo: width.map(|w| value * (-w).exp()),
                    value_hi: width.map(|w| value * w.exp()),
                }
            }));
        }
        Ok(points)
    }
}

impl Bands {
    /// For each step half the width of the band of the logarithm of a curve.
    fn half_widths(&self, steps: &[f64], first: f64, last: f64) -> Vec<Option<f64>> {
        let curve = |ln: [f64; 4]| Curve::new(Summaries::from_logarithms(ln), first, last);
        let pairs: Vec<(usize, Curve, Curve)> = self
            .curves
            .iter()
            .map(|p| (p.architecture, curve(p.observed), curve(p.predicted)))
            .collect();
        let at = |step: &f64| {
            let deviations = pairs
                .iter()
                .map(|(architecture, observed, predicted)| Deviation {
                    architecture: *architecture,
                    size: (predicted.at(*step).ln() - observed.at(*step).ln()).abs(),
                });
            quantile(&deviations.collect::<Vec<_>>(), self.level)
        };
        steps.iter().map(at).collect()
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
