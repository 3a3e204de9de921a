use outcrop_core::{CurvePoint, Prediction};

use crate::curve::{Curve, Summaries};
use crate::measured::Drawn;
use crate::range::Outside;
use crate::{Error, Regressor, Result, Target};

/// The value of a curve at a step, with the ends of its band.
type At<'a> = Box<dyn Fn(f64) -> (f64, Option<[f64; 2]>) + 'a>;

/// The hypothesis of predicted curves.
const HYPOTHESIS: &str = "predicted";

/// The prediction for one architecture.
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
    pub(crate) level: Option<f64>,
    /// What measured ratios say of the curves.
    pub(crate) drawn: Option<Drawn>,
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

impl Predicted {
    /// The level of the bands, if there are any.
    pub fn level(&self) -> Option<f64> {
        self.level
    }

    /// First and last step of curves that are learned from measured ratios; none where there were too few
    /// of them, and curves are drawn through the predicted summaries.
    pub fn measured(&self) -> Option<[f64; 2]> {
        let steps = &self.drawn.as_ref()?.steps;
        Some([*steps.first()?, *steps.last()?])
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

    /// A curve for each layer over `steps`, two or more; its hypothesis is `predicted`.
    ///
    /// Where the training runs had measured ratios ([`Predicted::measured`]), it is what such a
    /// measurement is expected to give at each step: a mixture of the shapes in which measured curves
    /// differ most, in ln ratio. With bands, each point has the range that holds, with the probability
    /// asked for, the ratio that is measured in a layer of a new model: the value times and over exp(q h), h
    /// the standard error of a prediction for this layer by ridge, q the conformal quantile of
    /// abs(ln predicted - ln measured) / h at this step among the architectures left out. Between the steps of training, value and band are straight in ln(1 + t).
    ///
    /// Elsewhere it is drawn through the predicted *summaries*, without a band, since nothing is known of
    /// how far measured ratios lie from it: a monotone cubic in ln(1 + t) through f_first, the half-way
    /// value at t_half, and f_last, the smallest and largest of `steps` being the first and last of the
    /// run. Where f_max is more than 2 % above both ends the curve peaks there; the step of the peak is
    /// not predicted, it is put half-way in ln(1 + t) between t_half and the last step. Predictions that
    /// contradict each other are reconciled (an f_max below an end is raised to it, a t_half outside the run
    /// moved into it), so that every curve is finite, positive and never outside the values it passes
    /// through.
    ///
    /// # Errors
    /// [`Error::Steps`]; [`Error::BeyondTraining`] where a step is not among those that were measured;
    /// without measured ratios [`Error::NoCurve`] where one of the four summaries was not predicted.
    pub fn curves(&self, steps: &[f64]) -> Result<Vec<CurvePoint>> {
        let (first, last) = span(steps)?;
        self.reached(first).and(self.reached(last))?;
        let mut points = Vec::with_capacity(self.layers.len() * steps.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let at: At<'_> = match &self.drawn {
                Some(drawn) => Box::new(move |step| drawn.at(index, step)),
                None => {
                    let curve = Curve::new(layer.summaries()?, first, last);
                    Box::new(move |step| (curve.at(step), None))
                }
            };
            for step in steps {
                let (value, band) = at(*step);
                points.push(CurvePoint {
                    model: self.model.clone(),
                    layer: layer.layer,
                    hypothesis: HYPOTHESIS.into(),
                    step: *step,
                    value,
                    value_lo: band.map(|b| b[0]),
                    value_hi: band.map(|b| b[1]),
                });
            }
        }
        Ok(points)
    }

    /// Checks that training reached `step`.
    fn reached(&self, step: f64) -> Result<()> {
        match self.measured() {
            Some([first, last]) if !(first..=last).contains(&step) => {
                Err(Error::BeyondTraining { step, first, last })
            }
            _ => Ok(()),
        }
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
