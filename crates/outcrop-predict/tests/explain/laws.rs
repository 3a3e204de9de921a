//! What holds for any function: the shares add up, equals are treated equally, and enumeration over
//! subsets is the mean over all orders in which players may come.

use outcrop_predict::shapley;
use proptest::prelude::*;

use crate::single;

/// Not additive, not symmetric, with a jump.
fn wild(x: &[f64], w: &[f64]) -> f64 {
    let smooth: f64 = x.iter().zip(w).map(|(x, w)| (x * w).sin() * w).sum();
    let crossed = x.windows(2).map(|p| p[0] * p[1]).product::<f64>();
    smooth
        + crossed.tanh()
        + if x[0] > 0.3 {
            w[0] * x[x.len() - 1]
        } else {
            0.0
        }
}

/// The mean over all orders of the gain when a player's columns become those of the row.
fn by_orders(f: &dyn Fn(&[f64]) -> f64, row: &[f64], background: &[Vec<f64>]) -> Vec<f64> {
    let n = row.len();
    let mut shares = vec![0.0; n];
    let mut orders = vec![Vec::new()];
    for _ in 0..n {
        orders = orders
            .into_iter()
            .flat_map(|o: Vec<usize>| {
                (0..n)
                    .filter(|i| !o.contains(i))
                    .map(|i| [o.clone(), vec![i]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    for other in background {
        for order in &orders {
            let mut mixed = other.clone();
            for player in order {
                let before = f(&mixed);
                mixed[*player] = row[*player];
                shares[*player] += (f(&mixed) - before) / (orders.len() * background.len()) as f64;
            }
        }
    }
    shares
}

fn rows(n: usize, columns: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    // halves, so that rows often agree in a column
    let value = (-4i8..5).prop_map(|v| f64::from(v) / 2.0);
    prop::collection::vec(prop::collection::vec(value, columns), n)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shares_add_up(rows in rows(7, 10), w in prop::collection::vec(-2.0..2.0f64, 10), cut in 1usize..10) {
        let f = |x: &[f64]| Ok(wild(x, &w));
        for groups in [single(10), vec![(0..cut).collect(), (cut..10).collect()]] {
            let found = shapley(&f, &rows[0], &rows[1..], &groups).unwrap();
            let mean = rows[1..].iter().map(|b| wild(b, &w)).sum::<f64>() / 6.0;
            prop_assert!((found.base - mean).abs() < 1e-12);
            prop_assert!((found.base + found.shares.iter().sum::<f64>() - found.predicted).abs() < 1e-11);
        }
    }

    #[test]
    fn enumeration_is_the_mean_over_orders(rows in rows(4, 5), w in prop::collection::vec(-2.0..2.0f64, 5)) {
        let f = |x: &[f64]| Ok(wild(x, &w));
        let found = shapley(&f, &rows[0], &rows[1..], &single(5)).unwrap();
        let expected = by_orders(&|x| wild(x, &w), &rows[0], &rows[1..]);
        crate::near(&found.shares, &expected, 1e-11);
    }

    #[test]
    fn what_is_not_used_gets_nothing_and_equals_get_the_same(rows in rows(5, 3), a in -3.0..3.0f64) {
        let f = |x: &[f64]| Ok(a * (x[0] + x[1]).abs());
        let row = [a, a, 1.0];
        let others: Vec<Vec<f64>> = rows.iter().map(|r| vec![r[0], r[0], r[2]]).collect();
        let found = shapley(&f, &row, &others, &single(3)).unwrap();
        prop_assert_eq!(found.shares[2], 0.0);
        prop_assert!((found.shares[0] - found.shares[1]).abs() < 1e-12);
    }
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    let f = |x: &[f64]| Ok(x[0]);
    let said = |row: &[f64], background: &[Vec<f64>], groups: &[Vec<usize>]| {
        shapley(&f, row, background, groups)
            .unwrap_err()
            .to_string()
    };
    assert!(said(&[0.0; 11], &[vec![0.0; 11]], &single(11)).contains("11 groups"));
    assert!(said(&[0.0], &[], &single(1)).contains("no row"));
    assert!(said(&[0.0], &[vec![0.0; 2]], &single(1)).contains("2 columns"));
    assert!(said(&[0.0], &[vec![0.0]], &single(2)).contains("column 1 of 1"));
}
