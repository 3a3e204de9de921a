use std::collections::BTreeSet;

use crate::Inputs;
use crate::data::{Data, growth, most_emergent};
use crate::massive::{self, Massive, MassiveModels};
use crate::predicted::{self, PredictedBefore, PredictedRatio};

/// A model counts as one whose ratio grew where that of its most emergent layer did at least by this
/// factor. The paper gives no threshold; an untrained layer varies by a few per cent between sequences,
/// so that three times is far outside of chance. It does not make an activation massive: see
/// [`MassiveModels`].
pub const GROWTH_FACTOR: f64 = 3.0;

/// How far did ratios grow, are there massive activations, and how well are the curves described?
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// One row a model that has trajectories, in order of size.
    pub growth: Vec<Growth>,
    /// In how many of them the ratio grew [`GROWTH_FACTOR`]-fold or more.
    pub grown: usize,
    /// How many models hold massive activations in the end; none where there are no measurements.
    pub massive: Option<MassiveModels>,
    /// How predictions that were made before training did; none where there were none.
    pub predicted: Option<PredictedBefore>,
    /// Fits by model, in the same order; empty where nothing was fitted.
    pub fits: Vec<ModelFits>,
    /// Number of (model, layer) pairs that have a trajectory or a fit.
    pub layers: usize,
    /// How many of them have no fit.
    pub failed: usize,
    /// R2 of the best hypothesis, averaged over all layers, those without a fit counted as 0; none
    /// where nothing was fitted.
    pub mean_r2: Option<f64>,
}

/// The layer of a model whose ratio grew most.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// Name of the model.
    pub model: String,
    /// Number of parameters, where the architecture is known.
    pub parameters: Option<u64>,
    /// The layer, from 1.
    pub layer: u32,
    /// First and last measured training step.
    pub steps: (u64, u64),
    /// Top-1 over median at the first step.
    pub first: f64,
    /// Top-1 over median at the last step.
    pub last: f64,
    /// The largest ratio at any step.
    pub peak: f64,
    /// `last / first`.
    pub factor: f64,
    /// Whether `factor` is at least [`GROWTH_FACTOR`].
    pub grown: bool,
    /// Whether the model holds massive activations at its last measured step; none where there are
    /// trajectories alone.
    pub massive: Option<Massive>,
    /// What was predicted of `last` before training.
    pub predicted: Option<PredictedRatio>,
}

/// How well the curves of one model are described.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFits {
    /// Name of the model.
    pub model: String,
    /// Number of its layers that have a trajectory or a fit.
    pub layers: usize,
    /// How many of them have no fit.
    pub failed: usize,
    /// R2 of the best hypothesis, averaged over its layers, those without a fit counted as 0.
    pub mean_r2: f64,
}

/// Sums `inputs` up.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_report::{Inputs, summary};
///
/// let layer = |layer, ratios: [f64; 3]| Trajectory {
///     model: "tiny".into(),
///     layer,
///     stage: None, steps: vec![0, 100, 800],
///     ratios: ratios.into(),
///     sem: vec![],
/// };
/// let trajectories = vec![layer(1, [5.0, 6.0, 7.0]), layer(2, [5.0, 11.0, 33.0])];
/// let sum = summary(&Inputs { trajectories, ..Inputs::default() });
/// assert_eq!((sum.growth[0].layer, sum.grown), (2, 1));
/// assert_eq!(sum.massive, None); // magnitudes were not given
/// assert!((sum.growth[0].factor - 6.6).abs() < 1e-12);
/// ```
pub fn summary(inputs: &Inputs) -> Summary {
    of(&Data::new(inputs))
}

pub(crate) fn of(data: &Data) -> Summary {
    let massive = massive::by_model(&data.inputs.measurements);
    let growth: Vec<Growth> = data
        .models
        .iter()
        .filter_map(|m| grown(data, m, massive.get(m.name.as_str()).copied()))
        .collect();
    let fits: Vec<ModelFits> = match data.inputs.fits.is_empty() {
        true => Vec::new(),
        false => data
            .models
            .iter()
            .filter_map(|m| fits(data, &m.name))
            .collect(),
    };
    let layers = fits.iter().map(|f| f.layers).sum();
    let total: f64 = fits.iter().map(|f| f.mean_r2 * f.layers as f64).sum();
    Summary {
        grown: growth.iter().filter(|g| g.grown).count(),
        massive: MassiveModels::count(massive.into_values()),
        predicted: predicted::all(data),
        growth,
        layers,
        failed: fits.iter().map(|f| f.failed).sum(),
        mean_r2: (layers > 0).then(|| total / layers as f64),
        fits,
    }
}

fn grown(data: &Data, model: &crate::data::Model, massive: Option<Massive>) -> Option<Growth> {
    let t = most_emergent(&data.trajectories_of(&model.name))?;
    let factor = growth(t)?;
    Some(Growth {
        model: model.name.clone(),
        parameters: model.parameters,
        layer: t.layer,
        steps: (*t.steps.first()?, *t.steps.last()?),
        first: *t.ratios.first()?,
        last: *t.ratios.last()?,
        peak: t.ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        factor,
        grown: factor >= GROWTH_FACTOR,
        massive,
        predicted: predicted::last(data, t),
    })
}

fn fits(data: &Data, model: &str) -> Option<ModelFits> {
    let layers = layers_of(data, model);
    let r2 = |layer: &u32| data.best_fit(model, *layer).and_then(|f| f.r2);
    let found: Vec<f64> = layers.iter().filter_map(r2).collect();
    (!layers.is_empty()).then(|| ModelFits {
        model: model.to_owned(),
        layers: layers.len(),
        failed: layers.len() - found.len(),
        mean_r2: found.iter().sum::<f64>() / layers.len() as f64,
    })
}

/// The layers of `model` that have a trajectory or a row among the fits.
pub(crate) fn layers_of(data: &Data, model: &str) -> BTreeSet<u32> {
    let fits = data.inputs.fits.iter().filter(|f| f.model == model);
    let trajectories = data.trajectories_of(model).into_iter();
    let layers = trajectories.map(|t| t.layer);
    layers.chain(fits.map(|f| f.layer)).collect()
}
