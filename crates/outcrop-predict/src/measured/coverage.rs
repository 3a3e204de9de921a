use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::MeasuredCurves;
use super::curves::Stretch;
use crate::bands::held;

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

impl MeasuredCurves {
    /// For step 0 and each power of ten: every architecture in a band of `level` that is made of the
    /// errors of the others. None where these are too few for it.
    pub(crate) fn coverage(&self, level: f64) -> Option<Vec<Coverage>> {
        let stretches = self.stretches().iter();
        let places = stretches.flat_map(|s| (0..s.steps.len()).map(move |place| (s, place)));
        let share = |(stretch, place): (&Stretch, usize)| {
            let held = held(&stretch.deviations(place), level)?;
            let count = held.iter().filter(|held| **held).count();
            Some((stretch.steps[place], count as f64 / held.len() as f64))
        };
        let places: Vec<(&Stretch, usize)> = places.collect();
        let pairs: Option<Vec<(f64, f64)>> = places.into_par_iter().map(share).collect();
        let pairs = pairs?;
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
