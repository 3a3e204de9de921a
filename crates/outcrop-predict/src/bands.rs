//! Conformal bands: how far predictions of architectures left out were off, carried over to new ones.
//!
//! Split conformal prediction for grouped data: a new architecture is one more group, exchangeable
//! with the m groups seen, and so each of the m weighs 1/(m + 1), shared by its rows, and the rest
//! stands for the new one (Lee, Barber and Willett 2023, "Distribution-free inference with
//! hierarchical data"). Rows of one model are no independent samples: pooling them as such covers
//! half of what it promises.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::score::{Architectures, Outcome, Protocol, Task};
use crate::{Error, Options, Regressor, Result, Table, Target};

/// Fewer architectures make no band.
pub(crate) const MIN_ARCHITECTURES: usize = 4;
/// Levels are compared with sums of weights up to rounding.
const ROUNDING: f64 = 1e-9;

/// Errors of predictions of architectures left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// For each target the errors in transformed space of all rows in which it is identified.
    targets: Vec<(Target, Vec<Deviation>)>,
    /// Rows in which all targets that a curve passes through are identified.
    curves: Vec<CurvePair>,
}

/// How far a prediction was off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Deviation {
    /// Index of the architecture.
    pub(crate) architecture: usize,
    /// abs(predicted - observed).
    pub(crate) size: f64,
}

/// What a curve passes through, observed and predicted, in the order of [`Target::CURVE`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CurvePair {
    pub(crate) architecture: usize,
    pub(crate) observed: [f64; 4],
    pub(crate) predicted: [f64; 4],
}

impl Calibration {
    /// Predicts every architecture from the others.
    pub(crate) fn new(
        table: &Table,
        targets: &[Target],
        regressor: Regressor,
        options: &Options,
    ) -> Result<Self> {
        let architectures = &Architectures::of(table);
        let outcomes = |target: &Target| {
            let task = Task {
                table,
                architectures,
                target: *target,
                regressor,
                options,
            };
            Ok((*target, task.outcomes(Protocol::honest(architectures))?))
        };
        let outcomes = targets.par_iter().map(outcomes).collect::<Result<Vec<_>>>()?;
        let deviation = |o: &Outcome| Deviation {
            architecture: o.architecture,
            size: (o.transformed[1] - o.transformed[0]).abs(),
        };
        let curve = |row: usize| {
            let pair = |target: Target| {
                let (_, found) = outcomes.iter().find(|(t, _)| *t == target)?;
                found.iter().find(|o| o.row == row).map(|o| o.natural)
            };
            let [a, b, c, d] = Target::CURVE.map(pair);
            let pairs = [a?, b?, c?, d?];
            Some(CurvePair {
                architecture: architectures.of_row(table, row),
                observed: pairs.map(|p| p[0]),
                predicted: pairs.map(|p| p[1]),
            })
        };
        Ok(Self {
            curves: (0..table.rows()).filter_map(curve).collect(),
            targets: outcomes
                .iter()
                .map(|(target, found)| (*target, found.iter().map(deviation).collect()))
                .collect(),
        })
    }

    /// Makes sure that some target has a band of `level`.
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
        let counts = self.targets.iter().map(|(_, deviations)| count(deviations));
        counts.max().unwrap_or(0)
    }

    /// Half the width of the band of `target` in transformed space; none where it was identified in
    /// too few architectures for `level`.
    pub(crate) fn half_width(&self, target: Target, level: f64) -> Option<f64> {
        let (_, deviations) = self.targets.iter().find(|(t, _)| *t == target)?;
        quantile(deviations, level)
    }

    pub(crate) fn curves(&self) -> &[CurvePair] {
        &self.curves
    }
}

/// m / (m + 1).
pub(crate) fn largest_level(architectures: usize) -> f64 {
    architectures as f64 / (architectures as f64 + 1.0)
}

fn count(deviations: &[Deviation]) -> usize {
    let distinct: std::collections::BTreeSet<usize> =
        deviations.iter().map(|d| d.architecture).collect();
    distinct.len()
}

/// The smallest deviation such that those up to it weigh at least `level`, where each of the n rows
/// of each of the m architectures weighs 1 / (n (m + 1)). None where all together weigh less.
pub(crate) fn quantile(deviations: &[Deviation], level: f64) -> Option<f64> {
    let architectures = count(deviations);
    if architectures < MIN_ARCHITECTURES {
        return None;
    }
    let mut rows: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
    for d in deviations {
        *rows.entry(d.architecture).or_default() += 1.0;
    }
    let mut sorted = deviations.to_vec();
    sorted.sort_by(|a, b| a.size.total_cmp(&b.size));
    let mut weight = 0.0;
    let reaches = |d: &&Deviation| {
        let own = rows.get(&d.architecture).copied().unwrap_or(1.0);
        weight += 1.0 / (own * (architectures as f64 + 1.0));
        weight >= level - ROUNDING
    };
    sorted.iter().find(reaches).map(|d| d.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviations(of: &[&[f64]]) -> Vec<Deviation> {
        let group = |(architecture, sizes): (usize, &&[f64])| {
            let deviation = move |size: &f64| Deviation {
                architecture,
                size: *size,
            };
            sizes.iter().map(deviation).collect::<Vec<_>>()
        };
        of.iter().enumerate().flat_map(group).collect()
    }

    /// Weights 1/5 for each of four architectures. Sorted, with the sum of weights so far:
    /// 0.1 (.05), 0.2 (.10), 0.3 (.15), 0.4 (.20), 1 (.30), 2 (.50), 3 (.70), 4 (.80).
    #[test]
    fn a_quantile_worked_by_hand() {
        let uneven = deviations(&[&[0.4, 0.1, 0.3, 0.2], &[2.0], &[3.0], &[4.0, 1.0]]);
        for (level, expected) in [
            (0.04, 0.1),
            (0.2, 0.4),
            (0.21, 1.0),
            (0.5, 2.0),
            (0.6, 3.0),
            (0.71, 4.0),
            (0.8, 4.0),
        ] {
            assert_eq!(quantile(&uneven, level), Some(expected), "{level}");
        }
        assert_eq!(quantile(&uneven, 0.81), None);
        assert_eq!(quantile(&uneven[..5], 0.1), None); // two architectures
    }

    /// With one row for each architecture it is the k-th smallest, k = ceil(level (m + 1)).
    #[test]
    fn one_row_each_is_the_usual_rank() {
        let sizes: Vec<[f64; 1]> = (1..=19).map(|k| [f64::from(k)]).collect();
        let groups: Vec<&[f64]> = sizes.iter().map(|s| &s[..]).collect();
        for (level, rank) in [(0.5, 10.0), (0.9, 18.0), (0.91, 19.0), (0.95, 19.0)] {
            assert_eq!(quantile(&deviations(&groups), level), Some(rank), "{level}");
        }
        assert_eq!(quantile(&deviations(&groups), 0.951), None);
    }
}
