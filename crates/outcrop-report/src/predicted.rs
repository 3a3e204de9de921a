//! How predictions that were made before training did.

use std::collections::HashMap;
use std::fmt;

use outcrop_core::{CurvePoint, Trajectory};

use crate::data::Data;

/// What was predicted of one ratio before training, and whether it came out so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictedRatio {
    /// The predicted ratio.
    pub value: f64,
    /// Lower and upper end of its band, where it has one.
    pub band: Option<[f64; 2]>,
    /// The ratio that was measured.
    pub measured: f64,
}

/// How predictions that were made before training did, over all measured (model, layer, step) that they name.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedBefore {
    /// Models with predictions.
    pub models: usize,
    /// Measured ratios with a prediction.
    pub ratios: usize,
    /// How many of them have a band.
    pub banded: usize,
    /// How many of these lie in it.
    pub inside: usize,
    /// The median of |ln measured / predicted|.
    pub error: f64,
    /// The same of the prediction that no ratio ever leaves that of the first measured step.
    pub unchanged: f64,
}

impl PredictedRatio {
    /// Whether the measured ratio lies in the band.
    pub fn inside(&self) -> Option<bool> {
        self.band
            .map(|[low, high]| (low..=high).contains(&self.measured))
    }

    fn error(&self) -> f64 {
        (self.measured / self.value).ln().abs()
    }
}

impl fmt::Display for PredictedBefore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let inside = match self.banded {
            0 => String::new(),
            banded => format!(
                "{} of {banded} measured ratios lie in their bands; ",
                percent(self.inside as f64 / banded as f64)
            ),
        };
        write!(
            f,
            "curves of {} models were predicted before training: {inside}the median error is {}, that of ratios \
             that never change {}",
            self.models,
            percent(self.error.exp_m1()),
            percent(self.unchanged.exp_m1()),
        )
    }
}

/// The predicted points of one layer.
fn of_layer<'a>(data: &Data<'a>, t: &Trajectory) -> impl Iterator<Item = &'a CurvePoint> {
    let (model, layer) = (t.model.clone(), t.layer);
    let points = data.inputs.predicted.iter();
    points.filter(move |point| point.model == model && point.layer == layer)
}

/// The predictions of the measured ratios of one layer, from the first step to the last.
fn of_trajectory(points: &[&CurvePoint], t: &Trajectory) -> Vec<PredictedRatio> {
    let at = |(step, measured): (&u64, &f64)| {
        let point = points.iter().find(|point| point.step == *step as f64)?;
        let usable = *measured > 0.0 && point.value > 0.0;
        usable.then(|| PredictedRatio {
            value: point.value,
            band: point.value_lo.zip(point.value_hi).map(<[f64; 2]>::from),
            measured: *measured,
        })
    };
    t.steps.iter().zip(&t.ratios).filter_map(at).collect()
}

/// What was predicted of the last measured ratio of a layer.
pub(crate) fn last(data: &Data<'_>, t: &Trajectory) -> Option<PredictedRatio> {
    let points: Vec<&CurvePoint> = of_layer(data, t).collect();
    let found = of_trajectory(&points, t);
    found
        .last()
        .copied()
        .filter(|last| Some(&last.measured) == t.ratios.last())
}

/// Of all layers; none where nothing was predicted.
pub(crate) fn all(data: &Data<'_>) -> Option<PredictedBefore> {
    let (mut models, mut errors, mut unchanged) = (Vec::new(), Vec::new(), Vec::new());
    let (mut inside, mut banded) = (0, 0);
    let mut layers: HashMap<(&str, u32), Vec<&CurvePoint>> = HashMap::new();
    for point in &data.inputs.predicted {
        let of = layers.entry((&point.model, point.layer)).or_default();
        of.push(point);
    }
    for t in data.trajectories.iter() {
        let points = layers.get(&(t.model.as_str(), t.layer));
        let found = of_trajectory(points.map_or(&[], Vec::as_slice), t);
        let Some(first) = t.ratios.first().filter(|_| !found.is_empty()) else {
            continue;
        };
        if !models.contains(&t.model) {
            models.push(t.model.clone());
        }
        for ratio in found {
            errors.push(ratio.error());
            unchanged.push((ratio.measured / first).ln().abs());
            banded += usize::from(ratio.band.is_some());
            inside += usize::from(ratio.inside() == Some(true));
        }
    }
    Some(PredictedBefore {
        models: models.len(),
        ratios: errors.len(),
        banded,
        inside,
        error: median(errors)?,
        unchanged: median(unchanged)?,
    })
}

/// The lower median.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Inputs;

    #[test]
    fn ratios_are_compared_with_what_was_predicted_at_their_step() {
        let point = |step: f64, value: f64| CurvePoint {
            model: "a".into(),
            layer: 2,
            hypothesis: "predicted".into(),
            step,
            value,
            value_lo: Some(value / 2.0),
            value_hi: Some(value * 2.0),
        };
        let trajectory = |layer, ratios: [f64; 3]| Trajectory {
            model: "a".into(),
            layer,
            stage: None,
            steps: vec![0, 10, 100],
            ratios: ratios.into(),
            sem: vec![],
        };
        let inputs = Inputs {
            predicted: vec![point(0.0, 5.0), point(50.0, 7.0), point(100.0, 10.0)],
            trajectories: vec![trajectory(1, [5.0; 3]), trajectory(2, [5.0, 8.0, 40.0])],
            ..Inputs::default()
        };
        let data = Data::new(&inputs);
        let found = all(&data).unwrap();
        assert_eq!(
            (found.models, found.ratios, found.banded, found.inside),
            (1, 2, 2, 1)
        );
        assert_eq!((found.error, found.unchanged), (0.0, 0.0)); // the lower of two
        let last = last(&data, &data.trajectories[1]).unwrap();
        assert_eq!(
            (last.value, last.band, last.inside()),
            (10.0, Some([5.0, 20.0]), Some(false))
        );
        assert_eq!(super::last(&data, &data.trajectories[0]), None);
        assert_eq!(all(&Data::new(&Inputs::default())), None);
    }
}
