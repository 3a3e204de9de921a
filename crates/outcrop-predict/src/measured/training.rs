use std::collections::BTreeSet;

use rayon::prelude::*;

use super::errors::{PARTS, RowErrors};
use super::leverage::Leverage;
use super::ratios::Ratios;
use super::shapes::Shapes;
use super::stretch::{Stretch, pieces, until};
use crate::regression::{Regression, Sample, balance};
use crate::{PredictOptions, Regressor, Table};

/// What curves are learned from.
pub(super) struct Training<'a> {
    pub(super) table: &'a Table,
    /// The stretches, in order.
    pub(super) ratios: &'a [Ratios],
    pub(super) regressor: Regressor,
    pub(super) options: &'a PredictOptions,
}

/// The curve of a row of the table, predicted without its architecture, up to the last stretch that it was measured along.
pub(crate) struct LeftOut {
    /// Index of the row.
    pub(crate) row: usize,
    /// Index of its last stretch.
    pub(crate) stretch: usize,
    /// ln ratio at each step.
    pub(crate) values: Vec<f64>,
    /// The standard error of a prediction at the end, in units of the scatter of architectures.
    pub(crate) unit: f64,
}

impl Training<'_> {
    /// From the rows of the architectures that `take` accepts, as many stretches as these go through.
    pub(super) fn learn(&self, take: impl Fn(usize) -> bool) -> Result<Vec<Stretch>, String> {
        let place = |ratios: &Ratios| {
            let places = 0..ratios.rows.len();
            let taken = places.filter(|i| take(self.table.architecture(ratios.rows[*i])));
            taken.collect::<Vec<usize>>()
        };
        let learned = self.ratios.iter().map(|ratios| (ratios, place(ratios)));
        let learned = learned.take_while(|(_, places)| !places.is_empty());
        learned
            .map(|(ratios, places)| self.stretch(ratios, &places))
            .collect()
    }

    fn stretch(&self, ratios: &Ratios, places: &[usize]) -> Result<Stretch, String> {
        let table = self.table;
        let rows: Vec<usize> = places.iter().map(|i| ratios.rows[*i]).collect();
        let curves: Vec<Vec<f64>> = places.iter().map(|i| ratios.continued(*i)).collect();
        let curves: Vec<&[f64]> = curves.iter().map(Vec::as_slice).collect();
        let features = |row: &usize| {
            let recipe = table.recipe(*row);
            until(&table.row(*row).features, recipe, ratios.end())
        };
        let features: Vec<Vec<f64>> = rows.iter().map(features).collect();
        let features: Vec<&[f64]> = features.iter().map(Vec::as_slice).collect();
        let architectures = rows.iter().map(|row| table.architecture(*row));
        let architectures: Vec<usize> = architectures.collect();
        let equal = vec![1.0; rows.len()];
        let mut weights = equal.clone();
        balance(&mut weights, &architectures);
        let shapes = Shapes::of(&curves, &weights)?;
        let scores: Vec<Vec<f64>> = curves.iter().map(|curve| shapes.scores(curve)).collect();
        let score = |shape: usize| {
            let sample = Sample {
                features: features.clone(),
                values: scores.iter().map(|s| s[shape]).collect(),
                weights: equal.clone(),
                architectures: architectures.clone(),
                models: rows.iter().map(|row| table.row(*row).model).collect(),
            };
            Regression::fit(sample, self.regressor, self.options)
        };
        Ok(Stretch {
            begin: ratios.begin,
            steps: ratios.steps.clone(),
            scores: (0..shapes.count()).map(score).collect::<Result<_, _>>()?,
            leverage: Leverage::of(&features, &architectures)?,
            shapes,
        })
    }

    /// Predicts every architecture from the others; nothing where there is only one.
    pub(super) fn left_out(&self) -> Result<Vec<(RowErrors, LeftOut)>, String> {
        let rows = self.ratios.iter().flat_map(|ratios| &ratios.rows);
        let all: BTreeSet<usize> = rows.map(|row| self.table.architecture(*row)).collect();
        if all.len() < 2 {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = all.into_iter().collect();
        let of = all.into_par_iter().map(|a| self.without(a));
        let of: Vec<Vec<(RowErrors, LeftOut)>> = of.collect::<Result<_, String>>()?;
        Ok(of.into_iter().flatten().collect())
    }

    /// The rows of one architecture, predicted from the others.
    fn without(&self, architecture: usize) -> Result<Vec<(RowErrors, LeftOut)>, String> {
        let learned = self.learn(|a| a != architecture)?;
        let rows = self.ratios.first().map_or(&[][..], |ratios| &ratios.rows);
        let own = rows
            .iter()
            .filter(|row| self.table.architecture(**row) == architecture);
        let row = |row: &usize| {
            let recipe = self.table.recipe(*row);
            let mut left_out = LeftOut {
                row: *row,
                stretch: 0,
                values: Vec::new(),
                unit: 1.0,
            };
            let mut errors = RowErrors {
                architecture,
                units: Vec::new(),
                sizes: Vec::new(),
            };
            let pieces = pieces(&learned, &self.table.row(*row).features, recipe);
            for (stretch, (piece, ratios)) in pieces.into_iter().zip(self.ratios).enumerate() {
                let Some(measured) = ratios.of_row(*row) else {
                    break;
                };
                let pairs = piece.values.iter().zip(measured);
                let size =
                    |(a, b): (&f64, &f64)| ((a - b).abs() / piece.unit * PARTS).ceil() / PARTS;
                errors.sizes.push(pairs.map(size).collect());
                errors.units.push((piece.unit * PARTS).ceil() / PARTS);
                left_out.stretch = stretch;
                left_out.values.extend(piece.values);
                left_out.unit = piece.unit;
            }
            (errors, left_out)
        };
        Ok(own.map(row).collect())
    }
}
