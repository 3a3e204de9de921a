//! What the data do not identify of a fitted emergence curve.

use super::curve::EmergenceCurve;
use super::note::Note;
use crate::families::{EmergenceFamily, ExponentialFamily};
use crate::goodness::{above_rounding, standard_deviation};
use crate::separable::Separable;
use crate::weights::{Scaled, Solution};
use crate::{FitOptions, Result};

/// What the curve may gain over a constant by chance, in units of the option `evidence`: the 99 %
/// point of chi-squared with four degrees of freedom over the 95 % point with one. It is the 99 %
/// point because a search over beta and tau0 finds more in noise than four fixed columns would.
const FLAT_EVIDENCE: f64 = 13.28 / 3.84;
/// The same for the logarithm, which goes with A1 and tau0: the 95 % point with two degrees.
const LOGARITHM_EVIDENCE: f64 = 5.99 / 3.84;
/// A point above this leverage decides part of the curve by itself.
const HIGH_LEVERAGE: f64 = 0.9;

/// Residuals beyond this many standard deviations are suspect.
const SUSPECT: f64 = 8.0;

/// The limits of the curve that cannot be told from it.
pub(super) fn limits(
    family: &EmergenceFamily,
    scaled: &Scaled<'_>,
    solution: &Solution<2, 3>,
    options: &FitOptions,
) -> Result<Vec<Note>> {
    let n = scaled.count() as f64;
    let best = above_rounding(scaled, solution.optimum.sse);
    let stands = |sse: f64, share: f64| {
        n * (above_rounding(scaled, sse) / best).ln() < share * options.evidence()
    };
    let (p, c) = (solution.optimum.p, solution.optimum.coefficients);
    let (mut decay, mut logarithm, mut offset) = (p[0] == 0.0, c[2] == 0.0, p[1] == 0.0);
    if options.evidence() > 0.0 {
        if stands(scaled.total(), FLAT_EVIDENCE) {
            return Ok(vec![Note::Flat]);
        }
        let cells = options.cells();
        let exponential = ExponentialFamily::new(scaled.series().last(), options.max_beta());
        let without_log = scaled.search(&exponential, cells, None)?;
        decay = decay || stands(scaled.search(family, cells, Some(0))?.sse, 1.0);
        logarithm = logarithm || stands(without_log.sse, LOGARITHM_EVIDENCE);
        offset = offset || stands(scaled.search(family, cells, Some(1))?.sse, 1.0);
    }
    // without its logarithm the curve has no offset either
    let notes = [
        (decay, Note::Decay),
        (logarithm, Note::Logarithm),
        (offset && !logarithm, Note::Offset),
    ];
    let standing = notes.into_iter().filter(|(stands, _)| *stands);
    Ok(standing.map(|(_, note)| note).collect())
}

/// Bounds that the optimum touches, a peak beyond the run, points that decide by themselves.
pub(super) fn warnings(
    family: &EmergenceFamily,
    scaled: &Scaled<'_>,
    solution: &Solution<2, 3>,
    curve: &EmergenceCurve,
    limits: &[Note],
) -> Vec<Note> {
    let mut notes = Vec::new();
    if limits.contains(&Note::Flat) {
        return notes;
    }
    let (bounds, p) = (family.bounds(), solution.optimum.p);
    let has_offset = !limits.contains(&Note::Logarithm) && !limits.contains(&Note::Offset);
    if p[1] <= bounds.lower[1] && has_offset {
        notes.push(Note::OffsetBound);
    }
    if p[0] >= bounds.upper[0] {
        notes.push(Note::DecayBound);
    }
    if limits.is_empty() && curve.finite_parameters().gamma.is_none() {
        notes.push(Note::Scale);
    }
    if curve.maximum().is_some_and(|t| t > scaled.series().last()) {
        notes.push(Note::PeakBeyond);
    }
    let points = scaled.series().steps().iter().zip(&solution.leverage);
    let high = points.filter(|point| *point.1 > HIGH_LEVERAGE);
    notes.extend(high.map(|(&step, _)| Note::Leverage { step }));
    notes.extend(suspects(scaled, &solution.values));
    notes
}

/// Points whose residuals are far beyond those of the others.
fn suspects(scaled: &Scaled<'_>, fitted: &[f64]) -> Vec<Note> {
    let series = scaled.series();
    let pairs = series.values().iter().zip(fitted).zip(&scaled.scales);
    let residuals: Vec<f64> = pairs
        .map(|((y, f), s)| (s * (y - f) / scaled.unit).abs())
        .collect();
    let reach = SUSPECT * standard_deviation(&residuals);
    let points = series.steps().iter().zip(&residuals);
    let far = points.filter(|point| *point.1 > reach);
    far.map(|(&step, _)| Note::Suspect { step }).collect()
}
