use rayon::prelude::*;

use super::MeasuredCurves;
use crate::bands::held;

/// How many measured ratios of architectures left out a band holds, over a range of steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// First step of the range that was measured.
    pub first: f64,
    /// Last step of it.
    pub last: f64,
    /// Share of the (model, layer, step) inside the band, 0 to 1.
    pub share: f64,
}

impl MeasuredCurves {
    /// For step 0 and each power of ten: every architecture in a band of `level` that is made of the
    /// errors of the others. None where these are too few for it.
    pub(crate) fn coverage(&self, level: f64) -> Option<Vec<Coverage>> {
        let share = |step: usize| {
            let held = held(&self.deviations(step), level)?;
            Some(held.iter().filter(|held| **held).count() as f64 / held.len() as f64)
        };
        let shares: Option<Vec<f64>> = (0..self.steps.len()).into_par_iter().map(share).collect();
        let pairs: Vec<(f64, f64)> = self.steps.iter().copied().zip(shares?).collect();
        let decade = |step: f64| {
            if step < 1.0 {
                -1.0
            } else {
                step.log10().floor()
            }
        };
        let ranges = pairs.chunk_by(|a, b| decade(a.0) == decade(b.0));
        let coverage = |pairs: &[(f64, f64)]| Coverage {
            first: pairs[0].0,
            last: pairs[pairs.len() - 1].0,
            share: pairs.iter().map(|p| p.1).sum::<f64>() / pairs.len() as f64,
        };
        Some(ranges.map(coverage).collect())
    }
}
