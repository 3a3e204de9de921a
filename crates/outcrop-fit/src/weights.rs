//! A series as the solver sees it: in units of the series' maximum, with weights that follow
//! the curve.

use crate::separable::{Data, Optimum, Projection, Separable, descend, search_within};
use crate::{Error, FitOptions, Result, Series, Weighting};

/// A series in units of its maximum, with the square roots of its weights.
#[derive(Clone, Debug)]
pub(crate) struct Scaled<'a> {
    series: &'a Series,
    factors: &'a [f64],
    /// The maximum of the series.
    pub(crate) unit: f64,
    values: Vec<f64>,
    /// Square roots of the weights.
    pub(crate) scales: Vec<f64>,
}

/// The optimum of a family, and the curve's values there.
#[derive(Clone, Debug)]
pub(crate) struct Solution<const N: usize, const M: usize> {
    pub(crate) optimum: Optimum<N, M>,
    /// The curve at each step of the series, in its own units.
    pub(crate) values: Vec<f64>,
    /// Leverage of each point.
    pub(crate) leverage: Vec<f64>,
}

impl<'a> Scaled<'a> {
    fn new(series: &'a Series, factors: &'a [f64]) -> Self {
        let unit = series.max();
        Self {
            series,
            factors,
            unit,
            values: series.values().iter().map(|y| y / unit).collect(),
            scales: factors.to_vec(),
        }
    }

    /// Weights 1/f^2, f being `curve` in the series' units, but no less than a twentieth of the
    /// smallest value (and 1e-4 of the largest), so that no point takes all the weight.
    fn reweight(&mut self, curve: &[f64]) {
        let floor = self.floor();
        let scale = |(f, factor): (&f64, &f64)| factor * self.unit / f.max(floor);
        self.scales = curve.iter().zip(self.factors).map(scale).collect();
    }

    pub(crate) fn floor(&self) -> f64 {
        (0.05 * self.series.min()).max(1e-4 * self.unit)
    }

    /// Weights 1/(SEM^2 + s^2 f^2), s being the scatter beyond the standard errors that brings the
    /// sum of the weighted squares down to `expected`, or 0 where it is below (Mandel and Paule,
    /// 1970, Analytical Chemistry 42:1194).
    fn reweight_by_sem(&mut self, curve: &[f64], expected: f64) {
        let floor = self.floor();
        let constant = self.series.shape().has_constant_noise();
        let size = |f: &f64| if constant { self.unit } else { f.max(floor) };
        let sizes: Vec<f64> = curve.iter().map(|f| size(f).powi(2)).collect();
        // a standard error of 0 would take all the weight, one without end leave none
        let (least, most) = (1e-6 * self.unit, 1e6 * self.unit);
        let sem = self.series.sem().iter();
        let errors: Vec<f64> = sem.map(|s| s.clamp(least, most).powi(2)).collect();
        let values = self.series.values();
        let misfit = |s2: f64| -> f64 {
            let terms = (0..values.len())
                .map(|i| (values[i] - curve[i]).powi(2) / (errors[i] + s2 * sizes[i]));
            terms.sum()
        };
        let (mut low, mut high) = (0.0, 1.0);
        if misfit(0.0) > expected {
            while misfit(high) > expected && high < 1e12 {
                high *= 4.0;
            }
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if misfit(middle) > expected {
                    low = middle;
                } else {
                    high = middle;
                }
            }
        } else {
            high = 0.0;
        }
        let scale = |(e, f): (&f64, &f64)| self.unit / (e + high * f).sqrt();
        self.scales = errors.iter().zip(&sizes).map(scale).collect();
    }

    /// Number of points with any weight.
    pub(crate) fn count(&self) -> usize {
        self.scales.iter().filter(|s| **s > 0.0).count()
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

    /// The series and its weights, for the solver.
    pub(crate) fn data(&self) -> Data<'_> {
        Data {
            steps: self.series.steps(),
            values: &self.values,
            scales: &self.scales,
        }
    }

    pub(crate) fn series(&self) -> &'a Series {
        self.series
    }

    /// The global optimum of `family` at the weights as they are, the coordinate `fixed` at 0.
    pub(crate) fn search<F: Separable<N, M>, const N: usize, const M: usize>(
        &self,
        family: &F,
        cells: usize,
        fixed: Option<usize>,
    ) -> Result<Optimum<N, M>> {
        let mut bounds = family.bounds();
        if let Some(coordinate) = fixed {
            bounds = bounds.fixed(coordinate, 0.0);
        }
        let found = search_within(&Projection::new(family, self.data()), bounds, cells);
        found.map_err(|e| self.stopped(&e))
    }

    fn stopped(&self, error: &dyn std::fmt::Display) -> Error {
        Error::Solver {
            series: self.series.name().into(),
            reason: error.to_string(),
        }
    }
}

/// Fits `family`, `factors` being the square root of what is left of each point's weight: once for
/// [`Weighting::Raw`], and where noise is of one size; else from weights 1/y^2, then reweighted by the curve of the pass before. The
/// weights settle around the first optimum, so only the first and the last search are global, the
/// first on a coarser grid.
pub(crate) fn solve<'a, F: Separable<N, M>, const N: usize, const M: usize>(
    family: &F,
    series: &'a Series,
    options: &FitOptions,
    factors: &'a [f64],
) -> Result<(Scaled<'a>, Solution<N, M>)> {
    let mut scaled = Scaled::new(series, factors);
    let constant = series.shape().has_constant_noise();
    let passes = match (options.weighting(), constant) {
        (Weighting::Raw, _) | (Weighting::Relative | Weighting::Robust, true) => 0,
        (Weighting::Sem, true) => options.passes(),
        (_, false) => {
            scaled.reweight(series.values());
            options.passes()
        }
    };
    let expected = (scaled.count() as f64 - (N + M) as f64).max(1.0);
    // the first search only starts the weights
    let cells = if passes > 0 {
        (options.cells() / 2).max(4)
    } else {
        options.cells()
    };
    let mut optimum = scaled.search(family, cells, None)?;
    for pass in 1..=passes {
        let curve = values(&scaled, family, &optimum);
        match options.weighting() {
            Weighting::Sem => scaled.reweight_by_sem(&curve, expected),
            _ => scaled.reweight(&curve),
        }
        optimum = if pass < passes {
            let found = descend(&Projection::new(family, scaled.data()), optimum.p);
            found.map_err(|e| scaled.stopped(&e))?
        } else {
            scaled.search(family, options.cells(), None)?
        };
    }
    let solution = Solution {
        values: values(&scaled, family, &optimum),
        leverage: Projection::new(family, scaled.data()).leverage(&optimum.p),
        optimum,
    };
    Ok((scaled, solution))
}

fn values<F: Separable<N, M>, const N: usize, const M: usize>(
    scaled: &Scaled<'_>,
    family: &F,
    optimum: &Optimum<N, M>,
) -> Vec<f64> {
    let fitted = Projection::new(family, scaled.data()).fitted(&optimum.p);
    fitted.iter().map(|f| f * scaled.unit).collect()
}
