use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use outcrop_core::{CurvePoint, Fit, LossPoint, Ratio, Trajectory};

use crate::Inputs;
use crate::curve::Curve;
use crate::means::{MOST_LAYERS, MeanTable};

/// A model that some table has data of.
pub(crate) struct Model {
    pub(crate) name: String,
    /// Number of parameters, where the architecture is known.
    pub(crate) parameters: Option<u64>,
    /// Number of layers: of the architecture, or the highest that a table mentions.
    pub(crate) layers: u32,
}

/// The inputs, indexed as the figures and tables need them. Models are in order of size.
pub(crate) struct Data<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) models: Vec<Model>,
    pub(crate) trajectories: Cow<'a, [Trajectory]>,
    pub(crate) means: MeanTable<'a>,
    /// The row of the best fit of every layer that has one.
    best: HashMap<(&'a str, u32), usize>,
}

impl<'a> Data<'a> {
    pub(crate) fn new(inputs: &'a Inputs) -> Self {
        let trajectories = if inputs.trajectories.is_empty() {
            let measurements = &inputs.measurements;
            Cow::Owned(Trajectory::from_measurements(
                measurements,
                Ratio::default(),
            ))
        } else if inputs.trajectories.iter().all(|t| t.steps.is_sorted()) {
            Cow::Borrowed(inputs.trajectories.as_slice())
        } else {
            Cow::Owned(inputs.trajectories.iter().map(by_step).collect())
        };
        Self {
            models: models(inputs, &trajectories),
            trajectories,
            means: MeanTable::new(&inputs.measurements),
            best: best(&inputs.fits),
            inputs,
        }
    }

    /// The trajectories of `model`, by layer.
    pub(crate) fn trajectories_of(&self, model: &str) -> Vec<&Trajectory> {
        let all = self.trajectories.iter();
        let mut of: Vec<_> = all
            .filter(|t| t.model == model && !t.ratios.is_empty())
            .collect();
        of.sort_by_key(|t| t.layer);
        of
    }

    /// The trajectory of one layer.
    pub(crate) fn trajectory(&self, model: &str, layer: u32) -> Option<&Trajectory> {
        let mut all = self.trajectories.iter();
        all.find(|t| t.model == model && t.layer == layer && !t.ratios.is_empty())
    }

    /// The best fit of one layer; none where every hypothesis failed.
    pub(crate) fn best_fit(&self, model: &str, layer: u32) -> Option<&'a Fit> {
        let row = *self.best.get(&(model, layer))?;
        self.inputs.fits.get(row)
    }

    /// The curve of one fit.
    pub(crate) fn curve(&self, fit: &Fit) -> Curve {
        let of_fit = |c: &&CurvePoint| {
            c.model == fit.model && c.layer == fit.layer && c.hypothesis == fit.hypothesis
        };
        Curve::new(self.inputs.curves.iter().filter(of_fit))
    }

    /// The file of a table as the page sees it.
    pub(crate) fn file(&self, table: &str) -> Option<&'a str> {
        self.inputs.tables.get(table).map(String::as_str)
    }

    /// At most `most` of `models`, evenly from the first to the last; with all that there are, the same.
    pub(crate) fn some<T: Copy>(models: &[T], most: usize) -> Vec<T> {
        let last = models.len().saturating_sub(1);
        match models.len() <= most || most < 2 {
            true => models.to_vec(),
            false => (0..most).map(|i| models[i * last / (most - 1)]).collect(),
        }
    }

    /// The models that have measurements, in order of size.
    pub(crate) fn measured(&self) -> Vec<&Model> {
        let has = |m: &&Model| {
            let mut rows = self.inputs.measurements.iter();
            rows.any(|r| r.model == m.name)
        };
        self.models.iter().filter(has).collect()
    }

    /// The models that have trajectories, in order of size.
    pub(crate) fn followed(&self) -> Vec<&Model> {
        let models = self.models.iter();
        models
            .filter(|m| self.trajectories.iter().any(|t| t.model == m.name))
            .collect()
    }
}

/// The row of the best fit of every layer that has one.
fn best(fits: &[Fit]) -> HashMap<(&str, u32), usize> {
    let mut rows = HashMap::new();
    let best = fits.iter().enumerate();
    for (row, fit) in best.filter(|(_, f)| f.best && f.r2.is_some()) {
        rows.entry((fit.model.as_str(), fit.layer)).or_insert(row);
    }
    rows
}

/// The same trajectory in order of steps: tables may come in any order.
pub(crate) fn by_step(t: &Trajectory) -> Trajectory {
    let mut order: Vec<usize> = (0..t.steps.len().min(t.ratios.len())).collect();
    order.sort_by_key(|i| t.steps[*i]);
    let sem = if t.sem.len() < order.len() {
        &[][..]
    } else {
        &t.sem
    };
    Trajectory {
        model: t.model.clone(),
        layer: t.layer,
        stage: t.stage.clone(),
        steps: order.iter().map(|i| t.steps[*i]).collect(),
        ratios: order.iter().map(|i| t.ratios[*i]).collect(),
        sem: order.iter().filter_map(|i| sem.get(*i).copied()).collect(),
    }
}

/// How far a ratio grew from the first step to the last; none where it cannot be said.
pub(crate) fn growth(trajectory: &Trajectory) -> Option<f64> {
    let (first, last) = (trajectory.ratios.first()?, trajectory.ratios.last()?);
    let factor = last / first;
    (trajectory.ratios.len() > 1 && *first > 0.0 && factor.is_finite()).then_some(factor)
}

/// The trajectory that grew most.
pub(crate) fn most_emergent<'t>(trajectories: &[&'t Trajectory]) -> Option<&'t Trajectory> {
    let grown = trajectories.iter().filter_map(|t| Some((growth(t)?, *t)));
    grown.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, t)| t)
}

/// The (step, ratio) points of a trajectory.
pub(crate) fn points(trajectory: &Trajectory) -> Vec<(f64, f64)> {
    let steps = trajectory.steps.iter().map(|s| *s as f64);
    steps.zip(trajectory.ratios.iter().copied()).collect()
}

fn models(inputs: &Inputs, trajectories: &[Trajectory]) -> Vec<Model> {
    let mut layers: BTreeMap<&str, u32> = BTreeMap::new();
    let mentioned = (inputs
        .measurements
        .iter()
        .map(|m| (m.model.as_str(), m.layer)))
    .chain(trajectories.iter().map(|t| (t.model.as_str(), t.layer)))
    .chain(
        inputs
            .fits
            .iter()
            .map(|f: &Fit| (f.model.as_str(), f.layer)),
    )
    .chain(
        inputs
            .losses
            .iter()
            .map(|l: &LossPoint| (l.model.as_str(), 0)),
    );
    for (model, layer) in mentioned {
        let most = layers.entry(model).or_default();
        *most = layer.max(*most);
    }
    let named = layers.into_iter().map(|(name, highest)| {
        let arch = inputs.archs.iter().find(|a| a.model == name);
        Model {
            name: name.to_owned(),
            parameters: arch.map(|a| a.arch.parameters().total),
            layers: arch
                .map_or(highest, |a| highest.max(a.arch.layers as u32))
                .min(MOST_LAYERS),
        }
    });
    let mut models: Vec<Model> = named.collect();
    models.sort_by_key(|m| (m.parameters.unwrap_or(0), m.layers));
    models
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_from_the_first_step_to_the_last_whatever_the_order_of_the_table() {
        let trajectory = Trajectory {
            model: "m".into(),
            layer: u32::MAX,
            stage: None,
            steps: vec![800, 0, 100],
            ratios: vec![40.0, 5.0, 10.0],
            sem: vec![3.0, 1.0, 2.0],
        };
        let inputs = Inputs {
            trajectories: vec![trajectory],
            ..Inputs::default()
        };
        let data = Data::new(&inputs);
        assert_eq!(data.trajectories[0].steps, [0, 100, 800]);
        assert_eq!(data.trajectories[0].sem, [1.0, 2.0, 3.0]);
        assert_eq!(growth(&data.trajectories[0]), Some(8.0));
        assert_eq!(data.models[0].layers, MOST_LAYERS);
    }
}
