//! Sums over all orders of layers within seeds, and over all signs of seeds: the nulls of synchrony.

use crate::random::Source;

/// How many orders or signs are listed; of more some are drawn.
const LISTED: usize = 20_000;
/// How many seeds may have their signs listed.
const SIGNED: usize = 12;
/// How many random orders or signs are drawn.
const DRAWS: usize = 4999;

/// The sum of |a - b| over all pairs for every order of b within each seed; none where there are too many.
pub(super) fn sums_of_orders(seeds: &[Vec<(f64, f64)>]) -> Option<Vec<f64>> {
    let mut count: usize = 1;
    for layers in seeds {
        for factor in 2..=layers.len() {
            count = count.checked_mul(factor).filter(|n| *n <= LISTED)?;
        }
    }
    let mut sums = vec![0.0];
    for layers in seeds {
        let of_seed = orders(layers.len());
        let of_seed: Vec<f64> = of_seed
            .iter()
            .map(|order| distance(layers, order))
            .collect();
        let both = |sum: &f64| of_seed.iter().map(|other| sum + other).collect::<Vec<_>>();
        sums = sums.iter().flat_map(both).collect();
    }
    Some(sums)
}

/// The same for orders at random.
pub(super) fn random_orders(seeds: &[Vec<(f64, f64)>]) -> Vec<f64> {
    let mut source = Source::new(1);
    let mut of_seed = |layers: &Vec<(f64, f64)>| {
        let mut order: Vec<usize> = (0..layers.len()).collect();
        source.shuffle(&mut order);
        distance(layers, &order)
    };
    let mut draw = |_| seeds.iter().map(&mut of_seed).sum();
    (0..DRAWS).map(&mut draw).collect()
}

/// The sum of all leads for every choice of their signs; none where there are too many.
pub(super) fn sums_of_signs(leads: &[f64]) -> Option<Vec<f64>> {
    if leads.len() > SIGNED {
        return None;
    }
    let mut sums = vec![0.0];
    for lead in leads {
        sums = sums
            .iter()
            .flat_map(|sum| [sum + lead, sum - lead])
            .collect();
    }
    Some(sums)
}

/// The same for signs at random.
pub(super) fn random_signs(leads: &[f64]) -> Vec<f64> {
    let mut source = Source::new(2);
    let mut signed = |lead: &f64| if source.coin() { *lead } else { -lead };
    let mut draw = |_| leads.iter().map(&mut signed).sum();
    (0..DRAWS).map(&mut draw).collect()
}

fn distance(layers: &[(f64, f64)], order: &[usize]) -> f64 {
    let pairs = layers.iter().zip(order);
    pairs.map(|((a, _), b)| (a - layers[*b].1).abs()).sum()
}

/// Every order of 0 to below `n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for next in 0..n {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_there_once() {
        let mut found = orders(4);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 24);
        assert_eq!(orders(1), [[0]]);
    }

    #[test]
    fn sums_by_hand() {
        // two seeds: |1 - 1| + |2 - 4| or |1 - 4| + |2 - 1|, and |5 - 3|
        let seeds = [vec![(1.0, 1.0), (2.0, 4.0)], vec![(5.0, 3.0)]];
        let mut sums = sums_of_orders(&seeds).unwrap();
        sums.sort_by(f64::total_cmp);
        assert_eq!(sums, [4.0, 6.0]);
        assert_eq!(sums_of_signs(&[1.0, 3.0]).unwrap(), [4.0, -2.0, 2.0, -4.0]);
        assert_eq!(sums_of_orders(&[vec![(0.0, 0.0); 9]]), None);
        assert_eq!(sums_of_signs(&[1.0; 13]), None);
        assert!(
            random_orders(&seeds)
                .iter()
                .all(|sum| [4.0, 6.0].contains(sum))
        );
        assert!(
            random_signs(&[1.0, 3.0])
                .iter()
                .all(|sum| [2.0, 4.0].contains(&sum.abs()))
        );
    }
}
