use serde::{Deserialize, Serialize};

use super::drawn::Drawn;
use super::errors::{RowErrors, half_widths, quantiles};
use super::ratios::Ratios;
use super::stretch::{Piece, Stretch, pieces};
use super::training::{LeftOut, Training};
use crate::{Error, PredictOptions, Recipe, Regressor, Result, Table};

/// What predicts ln ratios over steps, stretch by stretch of training: runs of all lengths teach the beginning, the longer ones
/// how curves go on.
#[derive(Serialize, Deserialize)]
pub(crate) struct MeasuredCurves {
    /// One or more, each beginning where the one before ends.
    pub(super) stretches: Vec<Stretch>,
    /// Of each measured row, its architecture having been left out.
    pub(super) errors: Vec<RowErrors>,
}

impl MeasuredCurves {
    /// With what is predicted of every measured row without its architecture. None where the table has too few measured ratios.
    ///
    /// # Errors
    /// [`Error::Curve`].
    pub(crate) fn train(
        table: &Table,
        regressor: Regressor,
        options: &PredictOptions,
    ) -> Result<Option<(Self, Vec<LeftOut>)>> {
        let ratios = Ratios::of(table);
        let training = Training {
            table,
            ratios: &ratios,
            regressor,
            options,
        };
        let learned = training.learn(|_| true).and_then(|stretches| {
            let (errors, left_out) = training.left_out()?.into_iter().unzip();
            Ok((Self { stretches, errors }, left_out))
        });
        let refuse = |reason| Error::Curve { regressor, reason };
        let learned = learned.map_err(refuse)?;
        Ok((!ratios.is_empty()).then_some(learned))
    }

    /// The last step of each stretch.
    pub(crate) fn ends(&self) -> Vec<f64> {
        self.stretches.iter().map(Stretch::end).collect()
    }

    /// The last step to which curves go.
    pub(crate) fn last_step(&self) -> f64 {
        self.stretches.last().map_or(0.0, Stretch::end)
    }

    /// The curves of layers, whose features are in the order of [`Feature::all`](crate::Feature::all), trained by `recipe`, with
    /// bands of `level` if one is asked for and enough architectures were measured: up to the last update of the recipe.
    pub(crate) fn draw(
        &self,
        layers: &[Vec<f64>],
        recipe: Option<&Recipe>,
        level: Option<f64>,
    ) -> Drawn {
        let last = recipe.map_or(f64::INFINITY, |recipe| recipe.steps as f64);
        let begun = self.stretches.iter().take_while(|s| s.begin < last);
        let stretches = &self.stretches[..begun.count()];
        let quantiles = level.map(|level| quantiles(&self.errors, stretches, level, None));
        let quantiles = quantiles.filter(|found| found.len() == stretches.len());
        let mut drawn = Drawn {
            steps: stretches.iter().flat_map(|s| s.steps.clone()).collect(),
            layers: Vec::with_capacity(layers.len()),
            half_widths: quantiles.as_ref().map(|_| Vec::new()),
            units: Vec::with_capacity(layers.len()),
        };
        for features in layers {
            let pieces = pieces(&self.stretches, features, recipe);
            let units: Vec<f64> = pieces.iter().map(|piece| piece.unit).collect();
            let values = |piece: &Piece| piece.values.clone();
            let drawn_pieces = pieces.iter().take(stretches.len());
            drawn.layers.push(drawn_pieces.flat_map(values).collect());
            if let (Some(widths), Some(quantiles)) = (&mut drawn.half_widths, &quantiles) {
                widths.push(half_widths(stretches, quantiles, &units).concat());
            }
            drawn.units.push(units);
        }
        drawn.until(last)
    }
}
