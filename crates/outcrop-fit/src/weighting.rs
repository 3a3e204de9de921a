//! Fits of a family to a series under either weighting, in units of the series' maximum.

use crate::basis::Family;
use crate::coordinates::Bounds;
use crate::projection::{Data, Projection};
use crate::search::{Optimum, descend, search};
use crate::{Error, Options, Result, Series, Weighting};

/// A series in units of its maximum, with the square roots of its weights.
#[derive(Clone, Debug)]
pub(crate) struct Scaled<'a> {
    series: &'a Series,
    /// The maximum of the series.
    pub(crate) unit: f64,
    values: Vec<f64>,
    /// Square roots of the weights.
    pub(crate) scales: Vec<f64>,
}

/// The optimum of a family, and the curve's values there.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) optimum: Optimum,
    /// The curve at each step of the series, in its own units.
    pub(crate) values: Vec<f64>,
    /// Leverage of each point.
    pub(crate) leverage: Vec<f64>,
}

impl<'a> Scaled<'a> {
    fn new(series: &'a Series) -> Self {
        let unit = series.max();
        Self {
            series,
            unit,
            values: series.values().iter().map(|y| y / unit).collect(),
            scales: vec![1.0; series.values().len()],
        }
    }

    /// Weights 1/f^2, f being `curve` in the series' units, but no less than a twentieth of the
    /// smallest value (and 1e-4 of the largest), so that no point takes all the weight.
    fn reweight(&mut self, curve: &[f64]) {
        let floor = (0.05 * self.series.min()).max(1e-4 * self.unit);
        self.scales = curve.iter().map(|f| self.unit / f.max(floor)).collect();
    }

    /// The last step, T.
    pub(crate) fn last(&self) -> f64 {
        self.series.last()
    }

    /// Sum of the weighted squares of the residuals of a constant.
    pub(crate) fn total(&self) -> f64 {
        let weights = || self.scales.iter().map(|s| s * s);
        let weighted: f64 = weights().zip(&self.values).map(|(w, y)| w * y).sum();
        let mean = weighted / weights().sum::<f64>();
        let squares = weights().zip(&self.values);
        squares.map(|(w, y)| w * (y - mean).powi(2)).sum()
    }

    /// Sum of the weighted squares of the values.
    pub(crate) fn power(&self) -> f64 {
        let pairs = self.scales.iter().zip(&self.values);
        pairs.map(|(s, y)| (s * y).powi(2)).sum()
    }

    fn projection<'b, F>(&'b self, family: &'b F) -> Projection<'b, F> {
        let data = Data {
            steps: self.series.steps(),
            values: &self.values,
            scales: &self.scales,
        };
        Projection { data, family }
    }

    /// The optimum of `family` within `bounds` at the weights as they are.
    pub(crate) fn search<F: Family>(
        &self,
        family: &F,
        bounds: Bounds,
        options: &Options,
    ) -> Result<Optimum> {
        let found = search(&self.projection(family), bounds, options.cells());
        found.map_err(|e| self.stopped(&e))
    }

    /// The local optimum of `family` nearest to `start` at the weights as they are.
    fn follow<F: Family>(&self, family: &F, start: &Optimum) -> Result<Optimum> {
        let found = descend(&self.projection(family), family.bounds(), start.p);
        found.map_err(|e| self.stopped(&e))
    }

    fn stopped(&self, error: &dyn std::fmt::Display) -> Error {
        Error::Solver {
            series: self.series.name().into(),
            reason: error.to_string(),
        }
    }
}

/// Fits `family` to `series`: once for [`Weighting::Raw`]; for [`Weighting::Relative`] from
/// weights 1/y^2, then reweighted by the curve of the pass before.
pub(crate) fn fit_family<'a, F: Family>(
    family: &F,
    series: &'a Series,
    options: &Options,
) -> Result<(Scaled<'a>, Fitted)> {
    let mut scaled = Scaled::new(series);
    let passes = match options.weighting() {
        Weighting::Raw => 0,
        Weighting::Relative => {
            scaled.reweight(series.values());
            options.passes()
        }
    };
    let mut optimum = scaled.search(family, family.bounds(), options)?;
    for pass in 1..=passes {
        let curve = in_units(&scaled, family, &optimum);
        scaled.reweight(&curve);
        // the weights settle around the first optimum; only the last search is global again
        optimum = if pass < passes {
            scaled.follow(family, &optimum)?
        } else {
            scaled.search(family, family.bounds(), options)?
        };
    }
    let values = in_units(&scaled, family, &optimum);
    let projection = scaled.projection(family);
    let leverage = projection.leverage(&optimum.p, &optimum.inner);
    let fitted = Fitted {
        optimum,
        values,
        leverage,
    };
    Ok((scaled, fitted))
}

fn in_units<F: Family>(scaled: &Scaled<'_>, family: &F, optimum: &Optimum) -> Vec<f64> {
    let fitted = scaled.projection(family).fitted(&optimum.inner);
    fitted.iter().map(|f| f * scaled.unit).collect()
}
