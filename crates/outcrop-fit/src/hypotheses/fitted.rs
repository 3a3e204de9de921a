use std::sync::Arc;

use crate::goodness::Goodness;
use crate::hypotheses::About;
use crate::observations::{Observations, solve};
use crate::separable::Separable;
use crate::weights::{Scaled, Solution};
use crate::{Curve, CurveSummary, Result};

/// A hypothesis fitted to one series.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The hypothesis.
    pub about: &'static About,
    /// The curve at its optimum.
    pub curve: Arc<dyn Curve>,
    /// How well it fits.
    pub goodness: Goodness,
    /// Its values and its half-way step.
    pub summary: CurveSummary,
}

impl Fitted {
    pub(crate) fn new(
        about: &'static About,
        curve: Arc<dyn Curve>,
        scaled: &Scaled<'_>,
        values: &[f64],
        sse: f64,
    ) -> Self {
        let series = scaled.series();
        Self {
            about,
            goodness: Goodness::new(scaled, values, sse, about.parameters().count()),
            summary: series.summary(&*curve),
            curve,
        }
    }

    /// Fits `family`, which is linear in M coefficients given N coordinates, to a series under its weights. `curve`
    /// makes the curve of the optimum, from its coordinates and from its coefficients in the units of the values.
    ///
    /// # Errors
    /// [`crate::Error::Solver`], should the optimiser fail.
    pub fn separable<F, C, const N: usize, const M: usize>(
        about: &'static About,
        family: &F,
        observations: &Observations<'_>,
        curve: impl FnOnce(&[f64; N], [f64; M]) -> C,
    ) -> Result<Self>
    where
        F: Separable<N, M>,
        C: Curve + 'static,
    {
        let (scaled, solution): (_, Solution<N, M>) = solve(family, observations)?;
        let optimum = &solution.optimum;
        let coefficients = optimum.coefficients.map(|c| c * scaled.unit);
        let curve = Arc::new(curve(&optimum.p, coefficients));
        Ok(Self::new(
            about,
            curve,
            &scaled,
            &solution.values,
            optimum.sse,
        ))
    }
}
