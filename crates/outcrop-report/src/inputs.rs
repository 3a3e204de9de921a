use std::collections::BTreeMap;

use outcrop_core::{
    Attribution, CurvePoint, Fit, LossPoint, Measurement, NamedArch, Observation, Prediction,
    Provenance, RecipeEffect, Score, TrainingEvent, Trajectory,
};

/// The inputs of a report. Every table may be empty; figures that need it are then left out, and the page says so.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Title of the page.
    pub title: String,
    /// Architectures, by the names under which the tables mention them; they order models by size.
    pub archs: Vec<NamedArch>,
    /// Statistics of every (model, step, sequence, layer).
    pub measurements: Vec<Measurement>,
    /// Ratios over steps; where this is empty they are derived from `measurements`
    /// (mean(max) / mean(median), Eq. 8 of the paper).
    pub trajectories: Vec<Trajectory>,
    /// Fits of every hypothesis to every trajectory, the best marked.
    pub fits: Vec<Fit>,
    /// Points of the fitted curves.
    pub curves: Vec<CurvePoint>,
    /// Training and held-out losses.
    pub losses: Vec<LossPoint>,
    /// How well architectures predict curves.
    pub scores: Vec<Score>,
    /// Curves that were predicted before the models were trained, a point for each step at which they are measured.
    pub predicted: Vec<CurvePoint>,
    /// Predictions for models that the regressor never saw.
    pub predictions: Vec<Prediction>,
    /// Observables: means over sequences, without rows of single sequences.
    pub observations: Vec<Observation>,
    /// What happened in training; marked in the figures of single models.
    pub events: Vec<TrainingEvent>,
    /// What variants of the recipe do, from runs paired by seed.
    pub effects: Vec<RecipeEffect>,
    /// What can be predicted from architectures and what cannot, a sentence each: the lines of `verdicts.txt`.
    pub verdicts: Vec<String>,
    /// Shares of features in predictions, of any number of targets: rows of `shapley.csv`.
    pub attributions: Vec<Attribution>,
    /// What each model was trained on, by its name; lines can be filtered by it.
    pub corpora: BTreeMap<String, String>,
    /// The files of tables as the page sees them, such as `../fits.csv.gz`, by the name of the table, such as `fits`; what
    /// the page shows of a table then links to its file.
    pub tables: BTreeMap<String, String>,
    /// Where the inputs come from.
    pub provenance: Provenance,
}

impl Inputs {
    /// Whether every table is empty, so that there is nothing to show.
    pub fn is_empty(&self) -> bool {
        let rows = [
            self.archs.len(),
            self.measurements.len(),
            self.trajectories.len(),
            self.fits.len(),
            self.curves.len(),
            self.losses.len(),
            self.scores.len(),
            self.predictions.len(),
            self.observations.len(),
            self.effects.len(),
        ];
        rows == [0; 10]
    }
}
