//! How far predicted targets of architectures left out were off, by the length of the run.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bands::{
    Deviation, MIN_ARCHITECTURES, ROUNDING, count, largest_level, quantile, rounded,
};
use crate::measured::{LeftOut, interpolate};
use crate::regression::balance;
use crate::score::{Architectures, Outcome, Protocol, Task};
use crate::stats::weighted_mean_and_deviation;
use crate::{Error, PredictOptions, Regressor, Result, Table, Target};

/// The share of errors of one length whose size is their unit. It is that of usual bands: errors of runs of different lengths have
/// tails of different weight, which no mean square tells.
const TYPICAL: f64 = 0.9;

/// How many values of a target, of architectures left out, a band holds over runs of about one length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SummaryCoverage {
    /// The target.
    pub target: Target,
    /// Length of the runs, in updates; 0 where nothing was measured and all count as equally long.
    pub updates: f64,
    /// Share inside the band, 0 to 1: the mean over architectures of that of their layers, which is what bands are made for.
    pub share: f64,
}

/// Errors of predictions of architectures left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// For each target the errors of all rows in which it is identified, by the length of their runs, ascending.
    targets: Vec<(Target, Vec<Length>)>,
    /// Was every row measured? Then errors are counted in units of the standard error of its curve, and targets that a curve has
    /// are read off it.
    measured: bool,
}

/// Errors of runs of about one length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Length {
    /// Index of the stretch that they end with.
    stretch: usize,
    /// Its last step; 0 where nothing was measured.
    end: f64,
    /// Mean of observed - predicted in transformed space, which predictions are moved by.
    shift: f64,
    /// What nine tenths of what is left are up to, in units of the standard error.
    scale: f64,
    /// In units of `scale`.
    deviations: Vec<Deviation>,
}

/// The error of a row that was predicted from other architectures.
struct RowError {
    architecture: usize,
    stretch: usize,
    unit: f64,
    /// Observed - predicted, in transformed space.
    error: f64,
}

/// Where a prediction is asked for: a layer and a run.
pub(crate) struct Place<'a> {
    /// Updates.
    pub(crate) length: f64,
    /// Standard error of the layer at the end of each stretch.
    pub(crate) units: &'a [f64],
}

impl Calibration {
    /// Predicts every architecture from the others. `ends` are the last steps of the stretches, `left_out` what curves say of
    /// each measured row.
    pub(crate) fn new(
        table: &Table,
        targets: &[Target],
        regressor: Regressor,
        options: &PredictOptions,
        (ends, left_out): (&[f64], &[LeftOut]),
    ) -> Result<Self> {
        let architectures = &Architectures::of(table);
        let measured = left_out.len() == table.rows();
        let of_row: BTreeMap<usize, &LeftOut> = left_out.iter().map(|l| (l.row, l)).collect();
        let errors = |target: &Target| {
            let task = Task {
                table,
                architectures,
                target: *target,
                regressor,
                options,
            };
            let outcomes = task.outcomes(Protocol::honest(architectures))?;
            let row = |o: &Outcome| {
                let curve = of_row.get(&o.row).filter(|_| measured);
                let read = curve.and_then(|curve| target.of_curve(&curve.values));
                RowError {
                    architecture: o.architecture,
                    stretch: curve.map_or(0, |curve| curve.stretch),
                    unit: curve.map_or(1.0, |curve| curve.unit),
                    error: o.transformed[0] - read.unwrap_or(o.transformed[1]),
                }
            };
            let missed: Vec<RowError> = outcomes.iter().map(row).collect();
            let lengths = match measured {
                true => lengths(&missed, ends),
                false => vec![Length::of(&missed, None)],
            };
            Ok((*target, lengths))
        };
        Ok(Self {
            targets: targets.par_iter().map(errors).collect::<Result<_>>()?,
            measured,
        })
    }

    /// Are targets that a curve has read off it?
    pub(crate) fn reads_curves(&self) -> bool {
        self.measured
    }

    /// Checks that some target has a band of `level`.
    ///
    /// # Errors
    /// [`Error::Level`], [`Error::TooFewForBands`].
    pub(crate) fn check(&self, level: f64) -> Result<()> {
        let architectures = self.architectures();
        let largest = largest_level(architectures);
        if architectures < MIN_ARCHITECTURES {
            return Err(Error::TooFewForBands {
                found: architectures,
                needed: MIN_ARCHITECTURES,
            });
        }
        match level > 0.0 && level <= largest + ROUNDING {
            true => Ok(()),
            false => Err(Error::Level {
                level,
                architectures,
                largest,
            }),
        }
    }

    /// Largest number of architectures that a target was predicted of.
    pub(crate) fn architectures(&self) -> usize {
        let counts = self.targets.iter().map(|(_, lengths)| count(&all(lengths)));
        counts.max().unwrap_or(0)
    }

    /// Half the width of the band of `target` in units of [`Calibration::correction`]; none where it was identified in too few
    /// architectures for `level`.
    pub(crate) fn half_width(&self, target: Target, level: f64) -> Option<f64> {
        quantile(&all(self.lengths(target)), level)
    }

    /// What a prediction of `target` is moved by, and the unit of its error, both in transformed space: straight in ln(1 + updates)
    /// between the lengths of training.
    pub(crate) fn correction(&self, target: Target, place: &Place<'_>) -> [f64; 2] {
        let lengths = self.lengths(target);
        if lengths.is_empty() {
            return [0.0, 1.0];
        }
        let unit = |length: &Length| {
            let unit = place.units.get(length.stretch);
            length.scale * unit.filter(|_| self.measured).unwrap_or(&1.0)
        };
        let read = |of: &dyn Fn(&Length) -> f64| {
            let points: Vec<[f64; 2]> = lengths.iter().map(|l| [l.end, of(l)]).collect();
            interpolate(&points, place.length)
        };
        [read(&|length| length.shift), read(&unit)]
    }

    /// For each target and length: every architecture in a band of `level` that is made of the errors of the others.
    pub(crate) fn coverage(&self, level: f64) -> Vec<SummaryCoverage> {
        let of = |(target, lengths): &(Target, Vec<Length>)| {
            let shares = self.shares(lengths, level).unwrap_or_default();
            let share = |(length, share): (&Length, f64)| SummaryCoverage {
                target: *target,
                updates: length.end,
                share,
            };
            lengths.iter().zip(shares).map(share).collect::<Vec<_>>()
        };
        self.targets.par_iter().flat_map_iter(of).collect()
    }

    /// The share of each length; none where the others are too few for `level`.
    fn shares(&self, lengths: &[Length], level: f64) -> Option<Vec<f64>> {
        let architectures: BTreeSet<usize> = all(lengths).iter().map(|d| d.architecture).collect();
        let mut sums = vec![[0.0; 2]; lengths.len()];
        for left_out in architectures {
            let widths = self.without(lengths, left_out, level)?;
            for ((sum, length), width) in sums.iter_mut().zip(lengths).zip(widths) {
                let own = length.deviations.iter();
                let own: Vec<&Deviation> = own.filter(|d| d.architecture == left_out).collect();
                if !own.is_empty() {
                    let inside = own.iter().filter(|d| d.size <= width).count();
                    sum[0] += inside as f64 / own.len() as f64;
                    sum[1] += 1.0;
                }
            }
        }
        Some(sums.iter().map(|[inside, all]| inside / all).collect())
    }

    /// Half the width of the band of each length, in its unit, of all architectures but one.
    fn without(&self, lengths: &[Length], left_out: usize, level: f64) -> Option<Vec<f64>> {
        let (mut others, mut scales) = (Vec::new(), Vec::new());
        for length in lengths {
            let mut own = length.deviations.clone();
            own.retain(|d| d.architecture != left_out);
            let scale = if self.measured { scale(&own) } else { 1.0 };
            own.iter_mut().for_each(|d| d.size /= scale);
            others.extend(own);
            scales.push(scale);
        }
        let half = quantile(&others, level)?;
        Some(scales.iter().map(|scale| half * scale).collect())
    }

    fn lengths(&self, target: Target) -> &[Length] {
        let found = self.targets.iter().find(|(t, _)| *t == target);
        found.map_or(&[], |(_, lengths)| lengths)
    }
}

fn all(lengths: &[Length]) -> Vec<Deviation> {
    lengths.iter().flat_map(|l| l.deviations.clone()).collect()
}

/// By the last stretch of each row; the rows of one with too few architectures are with the next shorter ones.
fn lengths(missed: &[RowError], ends: &[f64]) -> Vec<Length> {
    let enough = |stretch: &usize| {
        let own = missed.iter().filter(|o| o.stretch == *stretch);
        let own: BTreeSet<usize> = own.map(|o| o.architecture).collect();
        own.len() >= MIN_ARCHITECTURES
    };
    let kept: Vec<usize> = (0..ends.len()).filter(enough).collect();
    let of_row = |o: &RowError| {
        let shorter = kept.iter().rev().find(|kept| **kept <= o.stretch);
        shorter.or(kept.first()).copied().unwrap_or(0)
    };
    let mut rows: BTreeMap<usize, Vec<&RowError>> = BTreeMap::new();
    for o in missed {
        rows.entry(of_row(o)).or_default().push(o);
    }
    let length = |(stretch, rows): (usize, Vec<&RowError>)| {
        let end = ends.get(stretch).copied().unwrap_or(0.0);
        Length::of(rows, Some((stretch, end)))
    };
    rows.into_iter().map(length).collect()
}

impl Length {
    /// Learns shift and scale, each architecture counting the same, if it is said what the rows end with.
    fn of<'a>(rows: impl IntoIterator<Item = &'a RowError>, at: Option<(usize, f64)>) -> Self {
        let rows: Vec<&RowError> = rows.into_iter().collect();
        let mut length = Self {
            stretch: at.map_or(0, |at| at.0),
            end: at.map_or(0.0, |at| at.1),
            shift: 0.0,
            scale: 1.0,
            deviations: Vec::new(),
        };
        if at.is_some() {
            let mut weights = vec![1.0; rows.len()];
            let architectures: Vec<usize> = rows.iter().map(|o| o.architecture).collect();
            balance(&mut weights, &architectures);
            let errors: Vec<f64> = rows.iter().map(|o| o.error).collect();
            length.shift = weighted_mean_and_deviation(&errors, &weights).0;
        }
        let deviation = |o: &&RowError| Deviation {
            architecture: o.architecture,
            size: (o.error - length.shift).abs() / o.unit,
        };
        length.deviations = rows.iter().map(deviation).collect();
        if at.is_some() {
            length.scale = scale(&length.deviations);
        }
        for deviation in &mut length.deviations {
            deviation.size = rounded(deviation.size / length.scale);
        }
        length
    }
}

/// What a share of [`TYPICAL`] of them are up to, each architecture counting the same; 1 where there are none above 0.
fn scale(deviations: &[Deviation]) -> f64 {
    let mut sorted: Vec<&Deviation> = deviations.iter().collect();
    sorted.sort_by(|a, b| a.size.total_cmp(&b.size));
    let architectures: Vec<usize> = sorted.iter().map(|d| d.architecture).collect();
    let mut weights = vec![1.0; sorted.len()];
    balance(&mut weights, &architectures);
    let enough = TYPICAL * weights.iter().sum::<f64>() - ROUNDING;
    let mut sum = 0.0;
    let reached = sorted.iter().zip(&weights).find(|(_, weight)| {
        sum += **weight;
        sum >= enough
    });
    let size = reached.map_or(0.0, |(deviation, _)| deviation.size);
    if size > 0.0 { size } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten architectures, missed by 1 to 10, some in more rows than others: nine of them are up to 9.
    #[test]
    fn each_architecture_counts_the_same() {
        let rows = |architecture: usize| 1 + architecture % 4;
        let all = (1..=10).flat_map(|architecture| {
            let size = architecture as f64;
            vec![Deviation { architecture, size }; rows(architecture)]
        });
        let all: Vec<Deviation> = all.collect();
        assert_eq!(scale(&all), 9.0);
        assert_eq!(scale(&all[..1]), 1.0);
        assert_eq!(scale(&[]), 1.0);
    }

    /// Errors of long runs are a thousand times those of short ones. Left out, eighteen of twenty architectures are within those of
    /// the others at either length.
    #[test]
    fn long_runs_have_bands_of_their_own() {
        let rows = |factor: f64, stretch: usize| {
            let row = move |architecture: usize| RowError {
                architecture: architecture + 20 * stretch,
                stretch,
                unit: 1.0,
                error: factor * (architecture as f64 - 9.5),
            };
            (0..20).map(row)
        };
        let missed: Vec<RowError> = rows(1.0, 0).chain(rows(1000.0, 1)).collect();
        let lengths = lengths(&missed, &[300.0, 1000.0]);
        let calibration = Calibration {
            targets: vec![(Target::LnFMax, lengths)],
            measured: true,
        };
        let place = |length: f64| Place {
            length,
            units: &[1.0, 1.0],
        };
        let at = |length: f64| calibration.correction(Target::LnFMax, &place(length));
        assert_eq!(at(300.0), [0.0, 8.5]); // 18 of 20 are up to it
        assert_eq!(at(1000.0), [0.0, 8500.0]);
        for found in calibration.coverage(0.9) {
            assert!((found.share - 0.9).abs() < 1e-12, "{found:?}");
        }
    }
}
