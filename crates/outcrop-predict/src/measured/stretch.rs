use serde::{Deserialize, Serialize};

use super::leverage::Leverage;
use super::shapes::Shapes;
use crate::regression::Regression;
use crate::{Feature, Recipe};

/// Shapes of measured curves over one stretch of training, and a regression of how much of each is in a curve. In a later stretch
/// curves are counted from their value at its beginning, so that it continues the stretch before.
#[derive(Serialize, Deserialize)]
pub(super) struct Stretch {
    /// The last step of the stretch before, or the first of all.
    pub(super) begin: f64,
    /// Ascending, two or more.
    pub(super) steps: Vec<f64>,
    pub(super) shapes: Shapes,
    pub(super) scores: Vec<Regression>,
    pub(super) leverage: Leverage,
}

/// What is predicted of one layer over one stretch.
pub(super) struct Piece {
    /// ln ratio at each step.
    pub(super) values: Vec<f64>,
    /// The standard error of a prediction, in units of the scatter of architectures: errors of this stretch and of those before it,
    /// as if they were independent.
    pub(super) unit: f64,
}

impl Stretch {
    /// The last step.
    pub(super) fn end(&self) -> f64 {
        self.steps.last().copied().unwrap_or(self.begin)
    }

    fn curve(&self, features: &[f64]) -> Vec<f64> {
        let scores = self.scores.iter().map(|score| score.predict(features));
        self.shapes.curve(&scores.collect::<Vec<_>>())
    }
}

/// A layer over all `stretches`, each beginning where the one before ends.
pub(super) fn pieces(
    stretches: &[Stretch],
    features: &[f64],
    recipe: Option<&Recipe>,
) -> Vec<Piece> {
    let (mut begin, mut variance) = (0.0, 0.0);
    let piece = |stretch: &Stretch| {
        let features = until(features, recipe, stretch.end());
        let curve = stretch.curve(&features).into_iter();
        let values: Vec<f64> = curve.map(|value| begin + value).collect();
        begin = values.last().copied().unwrap_or(begin);
        variance += stretch.leverage.variance(&features);
        Piece {
            values,
            unit: variance.sqrt(),
        }
    };
    stretches.iter().map(piece).collect()
}

/// The features of a layer with schedule time at `step` in the place of that of the whole run, whose rate may have fallen since.
pub(super) fn until(features: &[f64], recipe: Option<&Recipe>, step: f64) -> Vec<f64> {
    let mut features = features.to_vec();
    if let Some(recipe) = recipe {
        features[Feature::LnUpdates.index()] = recipe.updates(step as u64).ln();
    }
    features
}
