//! forust-ml has Shapley values of its own. They rest on another value of a coalition (a tree is
//! followed down both branches of an absent feature, weighted by the training rows that took them)
//! and are computed in 32 bits; enumeration with that value finds them as far as that goes.

use forust_ml::data::Matrix;
use forust_ml::gradientbooster::{ContributionsMethod, GradientBooster};
use forust_ml::objective::ObjectiveType;
use forust_ml::tree::Tree;
use outcrop_predict::shapley;

use crate::fixture::{Leaf, Test};

/// The value of a tree where the columns of `absent` (marked by NaN) are not known.
fn value(tree: &Tree, node: usize, row: &[f64]) -> f64 {
    let n = &tree.nodes[node];
    if n.is_leaf {
        return f64::from(n.weight_value);
    }
    let at = row[n.split_feature];
    if !at.is_nan() {
        let child = if at < n.split_value {
            n.left_child
        } else {
            n.right_child
        };
        return value(tree, child, row);
    }
    let cover = |child: usize| f64::from(tree.nodes[child].hessian_sum) / f64::from(n.hessian_sum);
    [n.left_child, n.right_child]
        .iter()
        .map(|c| cover(*c) * value(tree, *c, row))
        .sum()
}

/// The tests on the way to each leaf below `node`.
fn leaves(tree: &Tree, node: usize, path: &mut Vec<(usize, f64, bool)>, found: &mut Vec<Leaf>) {
    let n = &tree.nodes[node];
    if n.is_leaf {
        let test = |&(column, threshold, left): &(usize, f64, bool)| {
            let test: Test = Box::new(move |v| (v < threshold) == left);
            (column, test)
        };
        found.push((path.iter().map(test).collect(), f64::from(n.weight_value)));
        return;
    }
    for (left, child) in [(true, n.left_child), (false, n.right_child)] {
        path.push((n.split_feature, n.split_value, left));
        leaves(tree, child, path, found);
        path.pop();
    }
}

const ROWS: usize = 64;
const COLUMNS: usize = 4;

fn row(x: &[f64], i: usize) -> Vec<f64> {
    (0..COLUMNS).map(|c| x[c * ROWS + i]).collect()
}

/// Features by column, and a model of the library trained on them.
fn boosted() -> (Vec<f64>, GradientBooster) {
    let x: Vec<f64> = (0..ROWS * COLUMNS)
        .map(|i| (i as f64 * 0.7361).sin())
        .collect();
    let target = |r: Vec<f64>| r[0] * r[1] + r[2].abs();
    let y: Vec<f64> = (0..ROWS).map(|i| target(row(&x, i))).collect();
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(30)
        .set_max_depth(3)
        .set_parallel(false);
    booster
        .fit_unweighted(&Matrix::new(&x, ROWS, COLUMNS), &y, None)
        .unwrap();
    (x, booster)
}

/// The same model, both ways in 64 bits.
#[test]
fn enumeration_is_the_tree_algorithm_on_the_trees_of_the_library() {
    let (x, booster) = boosted();
    let mut all = Vec::new();
    for tree in &booster.trees {
        leaves(tree, 0, &mut Vec::new(), &mut all);
    }
    let predict = |x: &[f64]| Ok(booster.predict(&Matrix::new(x, 1, COLUMNS), false)[0]);
    let background: Vec<Vec<f64>> = (20..32).map(|i| row(&x, i)).collect();
    for groups in [crate::single(COLUMNS), vec![vec![0, 2], vec![1], vec![3]]] {
        for i in 0..8 {
            let found = shapley(&predict, &row(&x, i), &background, &groups).unwrap();
            let expected = crate::tree_shapley(&all, &row(&x, i), &background, &groups);
            crate::near(&found.shares, &expected, 1e-9);
            assert!(expected.iter().any(|share| share.abs() > 0.01));
        }
    }
}

#[test]
fn enumeration_finds_the_values_of_the_library_with_its_value_function() {
    let (x, booster) = boosted();
    let predict = |x: &[f64]| {
        let trees = booster.trees.iter().map(|t| value(t, 0, x));
        Ok(booster.base_score + trees.sum::<f64>())
    };
    let groups = crate::single(COLUMNS);
    for i in 0..8 {
        let row = row(&x, i);
        // absent is what the one row of this background has
        let found = shapley(&predict, &row, &[vec![f64::NAN; COLUMNS]], &groups).unwrap();
        let theirs = booster.predict_contributions(
            &Matrix::new(&row, 1, COLUMNS),
            ContributionsMethod::Shapley,
            false,
        );
        crate::near(&found.shares, &theirs[..COLUMNS], 2e-6);
    }
}
