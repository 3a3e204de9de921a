//! Does the architecture say anything? Architectures are permuted between models.
//!
//! Each architecture keeps what was measured, as one number ([`Effects`]), and gets the features of
//! another (seeds of one architecture together). If what was measured does not depend on the
//! architecture, the true labelling is one among equals, and the share of labellings that do as well
//! is a p-value. Permuting rows would not do: rows of one model belong together whatever the truth.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use super::architectures::Architectures;
use super::effects::Effects;
use super::held_out::Task;
use super::left_out::left_out;
use super::metrics::{gain, q2};
use super::protocol::{Protocol, shuffle};
use crate::{PredictOptions, Regressor, Result, Table, Target};

/// The regressor whose gain a verdict gives: fixed beforehand, so that no p-value has to pay for a
/// choice.
pub(super) const TESTED: Regressor = Regressor::Shape;
/// Gains that differ by less are equal: relabellings may give the same table.
const EQUAL: f64 = 1e-12;

/// The result of the test.
pub(super) struct PermutationTest {
    /// Number of relabellings beside the true one.
    pub(super) relabellings: usize,
    pub(super) targets: Vec<TargetTest>,
}

/// The result for one target.
pub(super) struct TargetTest {
    pub(super) target: Target,
    /// See [`gain`]; of the true labelling.
    pub(super) gain: Option<f64>,
    /// Q2 of the regressor that is tested, under the true labelling, and of the depth profile.
    pub(super) q2: Option<f64>,
    pub(super) depth_q2: Option<f64>,
    /// Share of labellings, the true one among them, under which shape predicts the effects of
    /// architectures left out at least as well as under the true one.
    pub(super) p: f64,
    /// Share of labellings in which the smallest p of all targets is at most `p` (Westfall and Young
    /// 1993): corrected for the number of targets, however correlated.
    pub(super) adjusted: f64,
}

pub(super) fn test(
    table: &Table,
    architectures: &Architectures,
    targets: &[Target],
    options: &PredictOptions,
) -> Result<PermutationTest> {
    let labellings = labellings(architectures.specs().len(), options);
    let effects = |t: &Target| Effects::of(table, architectures, *t, options);
    let effects = targets.iter().map(effects).collect::<Result<Vec<_>>>()?;
    let shapes = architectures.shapes(table);
    let gains = |labelling: &Vec<usize>| -> Vec<f64> {
        let gain = |e: &Effects| {
            let x = e.architectures.iter().map(|a| &*shapes[labelling[*a]]);
            left_out(&x.collect::<Vec<_>>(), &e.standardised)
        };
        effects.iter().map(gain).collect()
    };
    let gains: Vec<Vec<f64>> = labellings.par_iter().map(gains).collect();
    let p = p_values(targets.len(), &gains);
    let protocol = Protocol::honest(architectures);
    let test = |(target, [p, adjusted]): (&Target, [f64; 2])| {
        let outcomes = |regressor| {
            let task = Task {
                table,
                architectures,
                target: *target,
                regressor,
                options,
            };
            task.outcomes(protocol)
        };
        let (tested, baseline) = (outcomes(TESTED)?, outcomes(Regressor::DepthProfile)?);
        Ok(TargetTest {
            target: *target,
            gain: gain(&tested, &baseline),
            q2: q2(&tested),
            depth_q2: q2(&baseline),
            p,
            adjusted,
        })
    };
    Ok(PermutationTest {
        relabellings: labellings.len() - 1,
        targets: targets.iter().zip(p).map(test).collect::<Result<_>>()?,
    })
}

/// `gains[labelling][target]`, the true labelling first; for each target p and p corrected.
fn p_values(targets: usize, gains: &[Vec<f64>]) -> Vec<[f64; 2]> {
    let share = |count: usize| count as f64 / gains.len() as f64;
    let p = |labelling: usize, target: usize| {
        let own = gains[labelling][target] - EQUAL;
        share(gains.iter().filter(|g| g[target] >= own).count())
    };
    let smallest = |labelling| {
        let all = (0..targets).map(|target| p(labelling, target));
        all.fold(1.0, f64::min)
    };
    let smallest: Vec<f64> = (0..gains.len()).map(smallest).collect();
    let both = |target| {
        let p = p(0, target);
        let adjusted = smallest.iter().filter(|s| **s <= p + EQUAL).count();
        [p, share(adjusted)]
    };
    (0..targets).map(both).collect()
}

/// The true labelling, then others: all of them where these are few, which makes the p-value exact,
/// or else drawn ones.
fn labellings(architectures: usize, options: &PredictOptions) -> Vec<Vec<usize>> {
    let truth: Vec<usize> = (0..architectures).collect();
    let number = (1..=architectures).try_fold(1usize, |n, k| n.checked_mul(k));
    if number.is_some_and(|n| n <= options.relabellings + 1) {
        return all_orders(&truth);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    rng.set_stream(u64::MAX); // random splits take the streams from 0
    let drawn = (0..options.relabellings).map(|_| {
        let mut labelling = truth.clone();
        shuffle(&mut labelling, &mut rng);
        labelling
    });
    std::iter::once(truth.clone()).chain(drawn).collect()
}

/// Every order of `items`, the given one first.
fn all_orders(items: &[usize]) -> Vec<Vec<usize>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    let from = |first: usize| {
        let mut rest = items.to_vec();
        let head = rest.remove(first);
        let tails = all_orders(&rest).into_iter();
        tails.map(move |tail| [vec![head], tail].concat())
    };
    (0..items.len()).flat_map(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_architectures_are_relabelled_in_every_way() {
        for (architectures, number) in [
            (1, 1),
            (2, 2),
            (3, 6),
            (4, 24),
            (5, 120),
            (6, 720),
            (7, 1000),
        ] {
            let labellings = labellings(architectures, &PredictOptions::default());
            assert_eq!(labellings.len(), number);
            assert!(labellings[0].windows(2).all(|w| w[0] < w[1]));
            for labelling in &labellings {
                let mut sorted = labelling.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, labellings[0]);
            }
        }
        let mut all = labellings(4, &PredictOptions::default());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 24);
    }

    /// Four labellings, two targets. The true one is best of four on the first (p 1/4), third on the
    /// second (3/4). Smallest p of each labelling: 1/4, 1/4 (second target), 2/4, 2/4.
    #[test]
    fn p_values_of_a_table_worked_by_hand() {
        let gains = [[0.9, 0.2], [0.1, 0.8], [0.5, 0.1], [0.3, 0.4]].map(Vec::from);
        assert_eq!(p_values(2, &gains), [[0.25, 0.5], [0.75, 1.0]]);
    }

    #[test]
    fn equal_gains_count_against_the_truth() {
        assert_eq!(p_values(1, &vec![vec![0.0]; 5]), [[1.0, 1.0]]);
    }
}
