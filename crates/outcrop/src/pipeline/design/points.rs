//! Where in the unit cube the points of a design are.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::sobol::Sobol;

/// How the points of a design are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every combination of the listed values.
    Grid,
    /// Independent and uniform.
    Random,
    /// The sequence of Sobol, shifted at random: more even than independent points.
    Sobol,
}

/// Every kind with its word in a profile.
pub(super) const KINDS: [(&str, Kind); 3] = [
    ("grid", Kind::Grid),
    ("random", Kind::Random),
    ("sobol", Kind::Sobol),
];

/// Points with a coordinate in [0, 1) for each factor.
pub(super) type Points = Box<dyn Iterator<Item = Vec<f64>>>;

/// Every combination of as many values as `counts` says, the last factor fastest; coordinates are the middles of equal
/// parts.
pub(super) fn grid(counts: Vec<usize>) -> Points {
    let all: usize = counts.iter().product();
    Box::new((0..all).map(move |index| {
        let mut rest = index;
        let coordinate = |&count: &usize| {
            let place = rest % count;
            rest /= count;
            (place as f64 + 0.5) / count as f64
        };
        let mut point: Vec<f64> = counts.iter().rev().map(coordinate).collect();
        point.reverse();
        point
    }))
}

/// Endless independent points.
pub(super) fn random(factors: usize, seed: u64) -> Points {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Box::new(std::iter::repeat_with(move || {
        (0..factors).map(|_| unit(rng.next_u32())).collect()
    }))
}

/// The sequence of Sobol, all of its points shifted by one random vector modulo 2 (Cranley & Patterson 1976 with
/// bitwise addition, which keeps the net).
pub(super) fn sobol(factors: usize, seed: u64) -> Points {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shift: Vec<u32> = (0..factors).map(|_| rng.next_u32()).collect();
    let sobol = Sobol::new(factors);
    Box::new((0..u32::MAX).map(move |n| {
        let shifted = sobol.point(n).zip(&shift);
        shifted.map(|(x, shift)| unit(x ^ shift)).collect()
    }))
}

fn unit(x: u32) -> f64 {
    f64::from(x) / 2f64.powi(32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_grid_has_every_combination_once() {
        let points: Vec<Vec<f64>> = grid(vec![2, 3]).collect();
        let places = |p: &Vec<f64>| ((p[0] * 2.0) as usize, (p[1] * 3.0) as usize);
        let found: Vec<_> = points.iter().map(places).collect();
        assert_eq!(found, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
    }

    /// A shifted (0, m, 2)-net still has one of 2^m points in every elementary interval.
    #[test]
    fn a_shifted_net_stays_a_net() {
        for seed in 0..5 {
            let points: Vec<Vec<f64>> = sobol(2, seed).take(64).collect();
            for k in 0..=6 {
                let (a, b) = (f64::from(1 << k), f64::from(1 << (6 - k)));
                let cells: BTreeSet<(u32, u32)> = points
                    .iter()
                    .map(|p| ((p[0] * a) as u32, (p[1] * b) as u32))
                    .collect();
                assert_eq!(cells.len(), 64, "seed {seed}, {a} by {b}");
            }
        }
    }

    #[test]
    fn a_seed_is_a_draw() {
        let draw = |seed| random(3, seed).take(5).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().flatten().all(|x| (0.0..1.0).contains(x)));
    }
}
