use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site};

/// How many times the largest magnitude must grow or fall from one layer to the next.
const TIMES: f64 = 10.0;

const fn column(name: &'static str, unit: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit,
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

/// The layers that make and remove massive activations.
pub(crate) const STEPS: Observable = Observable {
    name: "layer_steps",
    family: "sublayers",
    columns: &[
        column(
            "steps_up",
            "layers",
            "how many layers multiply the largest magnitude by more than 10",
        ),
        column(
            "steps_down",
            "layers",
            "how many layers divide it by more than 10",
        ),
        column(
            "first_step_up",
            "layer",
            "the first layer that does the former",
        ),
        column(
            "last_step_down",
            "layer",
            "the last layer that does the latter",
        ),
    ],
    sites: &[Site::LayerMaxima],
    needs: "",
    convention: "the largest magnitude of the residual stream after a layer against that before it; layers count from 1",
    cost: "O(layers) time and memory",
    source: "arXiv 2605.08504, 2402.17762",
    compute: Compute::Tensor(compute),
};

/// A layer that makes or removes massive activations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerStep {
    /// The layer, from 1.
    pub layer: usize,
    /// The largest magnitude after it over that before it: above 10, or below 1/10.
    pub factor: f64,
}

/// The layers at which the largest magnitude grows or falls more than tenfold. `maxima` holds it for the embedding and
/// for each layer. A magnitude of 0 is no base of a step.
///
/// ```
/// let steps = outcrop_observe::layer_steps(&[2.0, 3.0, 900.0, 950.0, 30.0]);
/// let layers: Vec<_> = steps.iter().map(|step| (step.layer, step.factor > 1.0)).collect();
/// assert_eq!(layers, [(2, true), (4, false)]);
/// ```
pub fn layer_steps(maxima: &[f32]) -> Vec<LayerStep> {
    let pairs = maxima.windows(2).enumerate();
    let steps = pairs.map(|(below, pair)| LayerStep {
        layer: below + 1,
        factor: f64::from(pair[1]) / f64::from(pair[0]),
    });
    let large = |step: &LayerStep| {
        step.factor.is_finite() && (step.factor > TIMES || step.factor < 1.0 / TIMES)
    };
    steps.filter(large).collect()
}

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let maxima = sample.tensor().values();
    if maxima.len() < 2 {
        return vec![Err(Missing::TooShort); 4];
    }
    let steps = layer_steps(maxima);
    let (up, down): (Vec<_>, Vec<_>) = steps.iter().partition(|step| step.factor > 1.0);
    let layer = |step: Option<&LayerStep>| step.map(|s| s.layer as f64).ok_or(Missing::NoStep);
    vec![
        Ok(up.len() as f64),
        Ok(down.len() as f64),
        layer(up.first()),
        layer(down.last()),
    ]
}
