//! Trajectories of layers: those of heads are averaged.

use std::collections::BTreeMap;

use crate::cli::trajectories::Observed;

/// The trajectory of an observable in one layer of one model.
pub(super) struct Layer {
    pub(super) model: String,
    pub(super) layer: u32,
    /// `NAME@PLACE`.
    pub(super) name: String,
    pub(super) steps: Vec<f64>,
    pub(super) values: Vec<f64>,
}

/// Means over the heads of a layer at each step, of the heads that have a value there.
pub(super) fn by_layer(all: Vec<Observed>) -> Vec<Layer> {
    let mut groups: BTreeMap<(String, u32, String), BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
    for one in all {
        let (name, model) = (one.name(), one.model().to_owned());
        let steps = groups.entry((model, one.trajectory.layer, name));
        let steps = steps.or_default();
        for (step, value) in one.trajectory.steps.iter().zip(&one.trajectory.ratios) {
            steps.entry(*step).or_default().push(*value);
        }
    }
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let layer =
        |((model, layer, name), steps): ((String, u32, String), BTreeMap<u64, Vec<f64>>)| Layer {
            model,
            layer,
            name,
            steps: steps.keys().map(|step| *step as f64).collect(),
            values: steps.values().map(mean).collect(),
        };
    groups.into_iter().map(layer).collect()
}
