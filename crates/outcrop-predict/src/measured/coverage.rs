use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::MeasuredCurves;
use super::errors::{RowErrors, half_widths, quantiles};

/// How many measured ratios of architectures left out a band holds, over a range of steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// First step of the range that was measured.
    pub first: f64,
    /// Last step of it.
    pub last: f64,
    /// Share of the (model, layer, step) inside the band, 0 to 1.
    pub share: f64,
}

/// Rows inside the band, and all rows, at each step.
type Counts = Vec<[usize; 2]>;

impl MeasuredCurves {
    /// For step 0 and each power of ten: every architecture in a band of `level` that is made of the
    /// errors of the others. None where these are too few for it.
    pub(crate) fn coverage(&self, level: f64) -> Option<Vec<Coverage>> {
        let all: BTreeSet<usize> = self.errors.iter().map(|e| e.architecture).collect();
        let all: Vec<usize> = all.into_iter().collect();
        let counts = all.into_par_iter().map(|a| self.counts(level, a));
        let counts: Vec<Counts> = counts.collect::<Option<_>>()?;
        let steps = self.stretches.iter().flat_map(|s| &s.steps).enumerate();
        let share = |(place, step): (usize, &f64)| {
            let [held, all] = [0, 1].map(|i| counts.iter().map(|c| c[place][i]).sum::<usize>());
            (*step, held as f64 / all.max(1) as f64)
        };
        let pairs: Vec<(f64, f64)> = steps.map(share).collect();
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
        (!pairs.is_empty()).then(|| ranges.map(coverage).collect())
    }

    /// The rows of one architecture in the band of the others; none where that ends before the rows do.
    fn counts(&self, level: f64, architecture: usize) -> Option<Counts> {
        let quantiles = quantiles(&self.errors, &self.stretches, level, Some(architecture));
        let mut counts = vec![[0; 2]; self.stretches.iter().map(|s| s.steps.len()).sum()];
        let own = |row: &&RowErrors| row.architecture == architecture;
        for row in self.errors.iter().filter(own) {
            let widths = half_widths(&self.stretches, &quantiles, &row.units);
            if widths.len() < row.sizes.len() {
                return None;
            }
            let units = row.sizes.iter().zip(&row.units);
            let sizes = units.flat_map(|(sizes, unit)| sizes.iter().map(move |size| size * unit));
            let pairs = sizes.zip(widths.iter().flatten());
            for (count, (size, width)) in counts.iter_mut().zip(pairs) {
                // up to rounding: the quantile is one of the sizes
                count[0] += usize::from(size <= width * (1.0 + 1e-12));
                count[1] += 1;
            }
        }
        Some(counts)
    }
}
