//! What the data do not identify of a fitted curve: limits that fit as well.

use std::sync::Arc;

use outcrop_core::Quantity;

use super::{About, Fitted, FittedRow};
use crate::goodness::above_rounding;
use crate::observations::{Observations, solve};
use crate::separable::Separable;
use crate::weights::{Scaled, Solution};
use crate::{Curve, FitOptions, Interval, Result};

/// The 95 % points of chi-squared with 1, 2 and 3 degrees of freedom over the first of them, so in units of the option
/// `evidence`.
const LIMIT: [f64; 3] = [1.0, 5.99 / 3.84, 7.81 / 3.84];
/// The 99 % points with 2 to 6: a search over a curve's coordinates finds more in noise than fixed columns would.
const FLAT: [f64; 5] = [
    9.21 / 3.84,
    11.34 / 3.84,
    13.28 / 3.84,
    15.09 / 3.84,
    16.81 / 3.84,
];

/// A series, the optimum of a family for it, and what other families leave.
pub(super) struct Solved<'a, const N: usize, const M: usize> {
    pub(super) scaled: Scaled<'a>,
    pub(super) solution: Solution<N, M>,
    options: &'a FitOptions,
}

impl<'a, const N: usize, const M: usize> Solved<'a, N, M> {
    pub(super) fn new<F: Separable<N, M>>(
        family: &F,
        observations: &'a Observations<'a>,
    ) -> Result<Self> {
        let (scaled, solution) = solve(family, observations)?;
        let options = observations.options;
        Ok(Self {
            scaled,
            solution,
            options,
        })
    }

    /// Coefficients of the columns in units of the values.
    pub(super) fn coefficients(&self) -> [f64; M] {
        let unit = self.scaled.unit;
        self.solution.optimum.coefficients.map(|c| c * unit)
    }

    /// Whether a constant, which has `fewer` parameters (2 to 6), fits as well.
    pub(super) fn is_flat(&self, fewer: usize) -> bool {
        self.stands(self.scaled.total(), FLAT[fewer - 2])
    }

    /// Whether a limit with `fewer` parameters (1 to 3) fits as well, the coordinate `fixed` of its family being 0.
    pub(super) fn reaches<F: Separable<L, K>, const L: usize, const K: usize>(
        &self,
        limit: &F,
        fixed: Option<usize>,
        fewer: usize,
    ) -> Result<bool> {
        if self.options.evidence() == 0.0 {
            return Ok(false);
        }
        let found = self.scaled.search(limit, self.options.cells(), fixed)?;
        Ok(self.stands(found.sse, LIMIT[fewer - 1]))
    }

    fn stands(&self, sse: f64, share: f64) -> bool {
        let best = above_rounding(&self.scaled, self.solution.optimum.sse);
        let gain = (above_rounding(&self.scaled, sse) / best).ln();
        let n = self.scaled.count() as f64;
        self.options.evidence() > 0.0 && n * gain < share * self.options.evidence()
    }

    /// The hypothesis with this curve.
    pub(super) fn fitted(&self, about: &'static About, curve: impl Curve + 'static) -> Fitted {
        let (curve, sse) = (std::sync::Arc::new(curve), self.solution.optimum.sse);
        Fitted::new(about, curve, &self.scaled, &self.solution.values, sse)
    }
}

/// A fit and what it leaves open.
pub(super) struct Identified {
    pub(super) fitted: Fitted,
    /// Codes of the status, each with the quantities that are empty for it.
    pub(super) open: Vec<(&'static str, &'static [&'static str])>,
}

impl Identified {
    /// The row with the intervals of what is identified, and the band at `steps`, from curves `drawn` of the posterior.
    pub(super) fn row_with(
        self,
        observations: &Observations<'_>,
        steps: &[f64],
        drawn: &[Arc<dyn Curve>],
    ) -> FittedRow {
        let level = observations.options.level();
        let open: Vec<&str> = self
            .open
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        let about = self.fitted.about;
        let mut row = self.row();
        let summaries: Vec<_> = drawn
            .iter()
            .map(|c| observations.series.summary(&**c))
            .collect();
        for quantity in about
            .columns()
            .filter(|q| q.interval && !open.contains(&q.name))
        {
            let Some(value) = row.quantities.value(quantity.name) else {
                continue; // where the best curve has none the others' have no interval
            };
            let of_curves = drawn.iter().zip(&summaries).filter_map(|(curve, summary)| {
                let parameters = curve.parameters();
                match parameters.iter().find(|(name, _)| *name == quantity.name) {
                    // a parameter without a finite value lies beyond every finite one
                    Some((_, value)) => Some(value.unwrap_or(f64::INFINITY)),
                    None => {
                        summary
                            .named()
                            .iter()
                            .find(|(name, _)| *name == quantity.name)?
                            .1
                    }
                }
            });
            let interval = Interval::new(of_curves.collect(), level);
            let quantity = Quantity::new(quantity.name, Some(value));
            row.quantities
                .set(quantity.between(interval.lo, interval.hi));
        }
        let at = |t: &f64| {
            let some = drawn.iter().step_by(4);
            Interval::new(some.map(|curve| curve.value(*t)).collect(), level)
        };
        if !drawn.is_empty() {
            row.band = steps.iter().map(at).collect();
        }
        row
    }

    pub(super) fn row(self) -> FittedRow {
        let mut row = FittedRow::new(self.fitted);
        for name in self.open.iter().flat_map(|(_, names)| *names) {
            row.quantities.set_value(name, None);
        }
        let codes: Vec<&str> = self.open.iter().map(|(code, _)| *code).collect();
        row.status = match (codes.is_empty(), &*row.status) {
            (true, _) => row.status,
            (false, "ok") => codes.join("; "),
            (false, residuals) => format!("{}; {residuals}", codes.join("; ")),
        };
        if codes == [super::shared::FLAT_STATUS] {
            row.fitted.summary.t_peak = None;
            row.quantities.set_value("t_peak", None);
            row.status = codes[0].to_owned();
        }
        row
    }
}
