//! Explanations agree with shap, scikit-learn, and the definition; tables are explained as they are.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod boosted;
mod fixture;
mod laws;
#[path = "../simulate/mod.rs"]
mod simulate;
mod tables;

use fixture::{Fixture, Leaf};
use outcrop_predict::{Result, individual_curves, shapley};

fn near(found: &[f64], expected: &[f64], within: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() < within, "{found:?} {expected:?}");
    }
}

fn single(columns: usize) -> Vec<Vec<usize>> {
    (0..columns).map(|c| vec![c]).collect()
}

fn agrees(predict: &dyn Fn(&[f64]) -> Result<f64>, expected: &fixture::Shares, within: f64) {
    let fixture = Fixture::load();
    for (i, row) in fixture.rows.iter().enumerate() {
        let found = shapley(predict, row, &fixture.background, &single(5)).unwrap();
        near(&found.shares, &expected.shares[i], within);
        near(&[found.base], &[expected.base[i]], within);
    }
}

#[test]
fn a_linear_function_and_trees_have_the_shares_that_shap_finds() {
    let fixture = Fixture::load();
    let linear = |x: &[f64]| {
        let products = x.iter().zip(&fixture.weights).map(|(x, w)| x * w);
        Ok(0.25 + products.sum::<f64>())
    };
    agrees(&linear, &fixture.linear_exact, 1e-9);
    let trees = |x: &[f64]| Ok(fixture.trees.predict(x));
    agrees(&trees, &fixture.trees_exact, 1e-9);
    // shap's tree algorithm keeps its weights in 32 bits
    agrees(&trees, &fixture.trees_tree, 1e-7);
}

/// Lundberg et al. 2020: in a tree the game of one leaf has a closed form.
#[test]
fn enumeration_is_the_tree_algorithm_on_trees() {
    let fixture = Fixture::load();
    let predict = |x: &[f64]| Ok(fixture.trees.predict(x));
    for groups in [single(5), vec![vec![0, 4], vec![1], vec![2], vec![3]]] {
        for row in &fixture.rows {
            let found = shapley(&predict, row, &fixture.background, &groups).unwrap();
            let leaves = fixture.trees.leaves();
            let expected = tree_shapley(&leaves, row, &fixture.background, &groups);
            near(&found.shares, &expected, 1e-9);
        }
    }
}

fn tree_shapley(
    leaves: &[Leaf],
    row: &[f64],
    background: &[Vec<f64>],
    groups: &[Vec<usize>],
) -> Vec<f64> {
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let player = |column: usize| groups.iter().position(|g| g.contains(&column)).unwrap();
    let mut shares = vec![0.0; groups.len()];
    for (path, value) in leaves {
        for other in background {
            let mut holds = vec![(true, true); groups.len()];
            for (column, test) in path {
                let (mine, theirs) = &mut holds[player(*column)];
                *mine &= test(row[*column]);
                *theirs &= test(other[*column]);
            }
            if holds.contains(&(false, false)) {
                continue;
            }
            let with = holds.iter().filter(|h| **h == (true, false)).count();
            let without = holds.iter().filter(|h| **h == (false, true)).count();
            for (share, held) in shares.iter_mut().zip(&holds) {
                let all = factorial(with + without);
                *share += value / background.len() as f64
                    * match held {
                        (true, false) => factorial(with - 1) * factorial(without) / all,
                        (false, true) => -factorial(with) * factorial(without - 1) / all,
                        _ => 0.0,
                    };
            }
        }
    }
    shares
}

#[test]
fn dependence_is_what_scikit_learn_finds() {
    let fixture = Fixture::load();
    let predict = |x: &[f64]| Ok(fixture.trees.predict(x));
    for case in &fixture.dependence {
        let grid: Vec<Vec<f64>> = case.grid.iter().map(|v| vec![*v]).collect();
        let curves = individual_curves(&predict, &fixture.x, &[case.column], &grid).unwrap();
        for (curve, expected) in curves.iter().zip(&case.individual) {
            near(curve, expected, 1e-9);
        }
        let mean = |g: usize| curves.iter().map(|c| c[g]).sum::<f64>() / curves.len() as f64;
        let means: Vec<f64> = (0..grid.len()).map(mean).collect();
        near(&means, &case.average, 1e-9);
    }
}
