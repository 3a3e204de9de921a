//! Conformal bands: how far predictions of architectures left out were off, carried over to new ones.
//!
//! One layer drawn from each of the m architectures makes m deviations, exchangeable with that of a
//! layer of a new one: the k-th smallest, k = ceil(level (m + 1)), holds it with probability `level`
//! (split conformal prediction, one score for each group; Dunn, Wasserman and Ramdas 2023,
//! "Distribution-free prediction sets for two-layer hierarchical models"). What is used is the median
//! of it over all draws, which needs no random number. Pooling all layers as if they were independent
//! covers half of what it promises.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Fewer architectures make no band.
pub(crate) const MIN_ARCHITECTURES: usize = 4;
/// Digits after the point of a deviation in scientific notation: rounding moves a band by less than a millionth.
const DIGITS: usize = 6;
/// Levels are compared with sums of weights up to rounding.
pub(crate) const ROUNDING: f64 = 1e-9;

/// How far a prediction was off; saved as a pair.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(usize, f64)", into = "(usize, f64)")]
pub(crate) struct Deviation {
    /// Index of the architecture.
    pub(crate) architecture: usize,
    /// abs(predicted - observed).
    pub(crate) size: f64,
}

pub(crate) fn rounded(size: f64) -> f64 {
    format!("{size:.DIGITS$e}").parse().unwrap_or(size)
}

impl From<(usize, f64)> for Deviation {
    fn from((architecture, size): (usize, f64)) -> Self {
        Self { architecture, size }
    }
}

impl From<Deviation> for (usize, f64) {
    fn from(deviation: Deviation) -> Self {
        (deviation.architecture, deviation.size)
    }
}

/// m / (m + 1).
pub(crate) fn largest_level(architectures: usize) -> f64 {
    architectures as f64 / (architectures as f64 + 1.0)
}

pub(crate) fn count(deviations: &[Deviation]) -> usize {
    let distinct: std::collections::BTreeSet<usize> =
        deviations.iter().map(|d| d.architecture).collect();
    distinct.len()
}

/// The median, over draws of one deviation from each of the m architectures, of the k-th smallest of
/// them, k = ceil(level (m + 1)): the smallest deviation q for which at least k of the m are up to q
/// with probability 1/2 or more. None where k is above m, or m below four.
pub(crate) fn quantile(deviations: &[Deviation], level: f64) -> Option<f64> {
    let groups = groups(deviations);
    let rank = rank(groups.len(), level)?;
    let below = |q: f64| {
        let shares = groups.values().map(|g| share(g, |size| size <= q));
        at_least(rank, shares) < 0.5 - ROUNDING
    };
    let mut sizes: Vec<f64> = deviations.iter().map(|d| d.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.partition_point(|q| below(*q))).copied()
}

/// The sizes of each architecture, ascending.
fn groups(deviations: &[Deviation]) -> BTreeMap<usize, Vec<f64>> {
    let mut groups: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for d in deviations {
        groups.entry(d.architecture).or_default().push(d.size);
    }
    for group in groups.values_mut() {
        group.sort_by(f64::total_cmp);
    }
    groups
}

fn rank(architectures: usize, level: f64) -> Option<usize> {
    let rank = (level * (architectures as f64 + 1.0) - ROUNDING).ceil() as usize;
    (rank <= architectures && architectures >= MIN_ARCHITECTURES).then_some(rank)
}

/// The share of ascending sizes that are `small`.
fn share(sizes: &[f64], small: impl Fn(f64) -> bool) -> f64 {
    sizes.partition_point(|size| small(*size)) as f64 / sizes.len() as f64
}

/// The probability that at least `rank` of independent events happen, of these probabilities: that at most so many fail to
/// happen as are left, which are few where the level is high.
fn at_least(rank: usize, probabilities: impl Iterator<Item = f64>) -> f64 {
    let probabilities: Vec<f64> = probabilities.collect();
    let Some(left) = probabilities.len().checked_sub(rank) else {
        return 0.0;
    };
    // failed[j]: the probability that j of those so far fail to happen
    let mut failed = vec![0.0; left + 1];
    failed[0] = 1.0;
    for p in probabilities {
        for j in (0..=left).rev() {
            let one_less = if j > 0 { failed[j - 1] } else { 0.0 };
            failed[j] = failed[j] * p + one_less * (1.0 - p);
        }
    }
    failed.iter().sum()
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

    /// Four architectures: always 1, always 2, always 3, and 1 to 4 at a quarter each. Of a draw the
    /// largest is 4 with probability 1/4, else 3; the third of four is 3 with probability 1/2.
    #[test]
    fn a_quantile_worked_by_hand() {
        let groups = deviations(&[&[1.0], &[2.0, 2.0], &[3.0; 5], &[4.0, 1.5, 0.5, 2.5]]);
        for (level, expected) in [(0.2, 1.0), (0.4, 1.5), (0.6, 2.0), (0.61, 3.0), (0.8, 3.0)] {
            assert_eq!(quantile(&groups, level), Some(expected), "{level}");
        }
        assert_eq!(quantile(&groups, 0.81), None);
        assert_eq!(quantile(&groups[..8], 0.1), None); // three architectures
    }

    /// Of three fair coins at least two show heads with probability 1/2.
    #[test]
    fn the_number_of_events_has_the_binomial_distribution() {
        assert!((at_least(2, [0.5; 3].into_iter()) - 0.5).abs() < 1e-15);
        assert!((at_least(0, [0.3, 0.1].into_iter()) - 1.0).abs() < 1e-15);
        assert!((at_least(2, [0.3, 0.1].into_iter()) - 0.03).abs() < 1e-15);
        assert!((at_least(1, [0.3, 0.1].into_iter()) - 0.37).abs() < 1e-15);
        assert_eq!(at_least(3, [0.3, 0.1].into_iter()), 0.0);
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
