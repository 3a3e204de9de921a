//! forust-ml has Shapley values of its own. They rest on another value of a coalition (a tree is
//! followed down both branches of an absent feature, weighted by the training rows that took them)
//! and are computed in 32 bits; enumeration with that value finds them as far as that goes.

use forust_ml::data::Matrix;
use forust_ml::gradientbooster::{ContributionsMethod, GradientBooster};
use forust_ml::objective::ObjectiveType;
use forust_ml::tree::Tree;
use outcrop_predict::shapley;

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

#[test]
fn enumeration_finds_the_values_of_the_library_with_its_value_function() {
    let (rows, columns) = (64, 4);
    let x: Vec<f64> = (0..rows * columns)
        .map(|i| (i as f64 * 0.7361).sin())
        .collect();
    let row = |i: usize| (0..columns).map(|c| x[c * rows + i]).collect::<Vec<f64>>();
    let y: Vec<f64> = (0..rows)
        .map(|i| row(i)[0] * row(i)[1] + row(i)[2].abs())
        .collect();
    let mut booster = GradientBooster::default()
        .set_objective_type(ObjectiveType::SquaredLoss)
        .set_iterations(30)
        .set_max_depth(3)
        .set_parallel(false);
    booster
        .fit_unweighted(&Matrix::new(&x, rows, columns), &y, None)
        .unwrap();
    let predict = |x: &[f64]| {
        let trees = booster.trees.iter().map(|t| value(t, 0, x));
        Ok(booster.base_score + trees.sum::<f64>())
    };
    let groups = crate::single(columns);
    for i in 0..8 {
        let row = row(i);
        // absent is what the one row of this background has
        let found = shapley(&predict, &row, &[vec![f64::NAN; columns]], &groups).unwrap();
        let theirs = booster.predict_contributions(
            &Matrix::new(&row, 1, columns),
            ContributionsMethod::Shapley,
            false,
        );
        crate::near(&found.shares, &theirs[..columns], 2e-6);
    }
}
