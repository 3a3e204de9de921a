//! Explanations of predictions: Shapley values, dependence, importance.

mod dependence;
mod groups;
mod importance;
mod shapley;

use outcrop_core::{Attribution, Dependence, nearest};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

pub use dependence::individual_curves;
pub use groups::Together;
pub use shapley::{MOST_GROUPS, Shapley, shapley};

use crate::random::below;
use crate::table::{MIN_MODELS, features};
use crate::trained::Trained;
use crate::{Error, Feature, PredictOptions, Regressor, Result, Table, Target};

/// Rows of the background of Shapley values: the mean over more of them hardly moves, and each costs
/// up to 2^10 predictions.
const BACKGROUND: usize = 32;
/// Points of a curve of dependence.
const GRID: usize = 40;

/// One regressor trained on one target of a table, with the means to explain it.
///
/// Features that only vary together in the table are one [`Together`] and share one value. With a
/// dozen architectures such groups are large: their common effect cannot be divided, however it is
/// explained. Predictions are in the unit of the target, after the transform is undone.
pub struct Explainer<'t> {
    table: &'t Table,
    target: Target,
    regressor: Regressor,
    options: PredictOptions,
    trained: Trained,
    groups: Vec<Together>,
    background: Vec<Vec<f64>>,
}

impl<'t> Explainer<'t> {
    /// Trains `regressor` on `target` with the features and the seed of `options`. The background of
    /// Shapley values is made of the rows in which the target is identified; of more than 32, of 32
    /// that the seed draws.
    ///
    /// # Errors
    /// [`Error::Option`]; [`Error::Unidentified`] where fewer than three models identify the target;
    /// [`Error::OneArchitecture`] where these are of one architecture;
    /// [`Error::TooManyGroups`] above ten groups; [`Error::Regressor`].
    pub fn train(
        table: &'t Table,
        target: Target,
        regressor: Regressor,
        options: &PredictOptions,
    ) -> Result<Self> {
        options.check()?;
        let (_, models) = table.identified(target);
        if models < MIN_MODELS {
            return Err(Error::Unidentified {
                target,
                models,
                needed: MIN_MODELS,
            });
        }
        let rows = table.rows_with(target);
        let first = rows.first().map(|row| table.architecture(*row));
        if rows
            .iter()
            .all(|row| Some(table.architecture(*row)) == first)
        {
            return Err(Error::OneArchitecture { target, models });
        }
        let column = |f: Feature| {
            let values = rows.iter().map(|i| table.row(*i).features[f.index()]);
            (f, values.collect())
        };
        let columns = regressor
            .features(&options.features)
            .into_iter()
            .map(column);
        let known = |(_, values): &(Feature, Vec<f64>)| values.iter().all(|v| !v.is_nan());
        let columns: Vec<_> = columns.filter(known).collect();
        let groups = groups::varying_together(&columns);
        if groups.len() > MOST_GROUPS {
            let names: Vec<String> = groups.iter().map(Together::name).collect();
            return Err(Error::TooManyGroups {
                found: groups.len(),
                most: MOST_GROUPS,
                groups: names.join("; "),
            });
        }
        Ok(Self {
            table,
            target,
            regressor,
            trained: Trained::fit(table, &rows, target, regressor, options)?,
            background: background(table, &rows, options.seed),
            options: options.clone(),
            groups,
        })
    }

    /// The groups of features, in the order of the options.
    pub fn groups(&self) -> &[Together] {
        &self.groups
    }

    /// The (model, layer) in which the target is identified.
    pub fn rows(&self) -> Vec<(&'t str, u32)> {
        let rows = self.table.rows_with(self.target);
        let name = |i: usize| {
            let row = self.table.row(i);
            (self.table.models()[row.model].model.as_str(), row.layer)
        };
        rows.into_iter().map(name).collect()
    }

    /// How the prediction for one layer of a model of the table comes about: one row a group, by
    /// [`shapley`].
    ///
    /// # Errors
    /// [`Error::UnknownRow`] where the table has no such model or the model no such layer;
    /// [`Error::Regressor`].
    pub fn shapley(&self, model: &str, layer: u32) -> Result<Vec<Attribution>> {
        let row = self.features_of(model, layer)?;
        let columns: Vec<Vec<usize>> = self.groups.iter().map(columns).collect();
        let predict = |x: &[f64]| self.trained.predict(x);
        let found = shapley(&predict, &row, &self.background, &columns)?;
        let attribution = |(group, share): (&Together, &f64)| Attribution {
            model: model.into(),
            layer,
            target: self.target.name().into(),
            regressor: self.regressor.name().into(),
            group: group.name(),
            value: row[group.features[0].index()],
            shapley: *share,
            base: found.base,
            predicted: found.predicted,
        };
        Ok(self
            .groups
            .iter()
            .zip(&found.shares)
            .map(attribution)
            .collect())
    }

    /// The prediction with one group set to each of its values in the table (at most 40 of them):
    /// first the mean over all rows, the partial dependence, then the curve of each row.
    ///
    /// A feature is set while the others stay, also where no architecture is like that: d/L moves
    /// although d and L do not change.
    ///
    /// # Errors
    /// [`Error::Regressor`].
    pub fn dependence(&self, group: &Together) -> Result<Vec<Dependence>> {
        let indices = self.table.rows_with(self.target);
        let rows: Vec<Vec<f64>> = indices
            .iter()
            .map(|i| self.table.row(*i).features.clone())
            .collect();
        let columns = columns(group);
        let grid = dependence::observed_grid(&rows, &columns, GRID);
        let predict = |x: &[f64]| self.trained.predict(x);
        let curves = individual_curves(&predict, &rows, &columns, &grid)?;
        let mean =
            |g: usize| crate::stats::mean(&curves.iter().map(|c| c[g]).collect::<Vec<f64>>());
        let means: Vec<f64> = (0..grid.len()).map(mean).collect();
        let points = |(model, layer): (&str, u32), curve: &[f64]| -> Vec<Dependence> {
            let point = |(at, predicted): (&Vec<f64>, &f64)| Dependence {
                target: self.target.name().into(),
                regressor: self.regressor.name().into(),
                group: group.name(),
                model: model.into(),
                layer,
                at: at[0],
                predicted: *predicted,
            };
            grid.iter().zip(curve).map(point).collect()
        };
        let mut all = points(("", 0), &means);
        for (row, curve) in self.rows().into_iter().zip(&curves) {
            all.extend(points(row, curve));
        }
        Ok(all)
    }

    fn features_of(&self, model: &str, layer: u32) -> Result<Vec<f64>> {
        let models = self.table.models();
        let named = models.iter().find(|m| m.model == model);
        match named {
            Some(named) if (1..=named.arch.layers).contains(&(layer as usize)) => {
                let place = models.iter().position(|m| m.model == model);
                let recipe = place.and_then(|place| self.table.recipes()[place].as_ref());
                Ok(features(&named.arch, recipe, layer))
            }
            _ => Err(Error::UnknownRow {
                model: model.into(),
                layer,
                layers: named.map(|n| n.arch.layers),
                nearest: nearest(model, models.iter().map(|m| m.model.as_str())).map(str::to_owned),
            }),
        }
    }

    fn train_on(&self, rows: &[usize]) -> Result<Trained> {
        Trained::fit(self.table, rows, self.target, self.regressor, &self.options)
    }
}

fn columns(group: &Together) -> Vec<usize> {
    group.features.iter().map(|f| f.index()).collect()
}

/// All of `rows`, or [`BACKGROUND`] of them that the seed draws, in their order.
fn background(table: &Table, rows: &[usize], seed: u64) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut kept = rows.to_vec();
    while kept.len() > BACKGROUND {
        kept.remove(below(&mut rng, kept.len()));
    }
    kept.into_iter()
        .map(|i| table.row(i).features.clone())
        .collect()
}
