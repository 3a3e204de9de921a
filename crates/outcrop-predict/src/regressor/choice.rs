//! The choice of a penalty by leaving out one architecture at a time, inside the training rows.

use std::collections::BTreeMap;

use ndarray::Array1;

use super::model::Data;
use super::moments::{Moments, weight};

/// With fewer architectures nothing can be chosen: the default stands.
const MIN_GROUPS: usize = 3;

/// The rows of each architecture, or none where these are too few to choose by.
pub(super) fn members(groups: &[usize]) -> Option<Vec<Vec<usize>>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(i);
    }
    (members.len() >= MIN_GROUPS).then(|| members.into_values().collect())
}

/// The place of the smallest error, the first of equals.
pub(super) fn smallest(errors: &[f64]) -> usize {
    let places = errors.iter().enumerate().filter(|(_, e)| e.is_finite());
    places
        .min_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(i, _)| i)
}

/// For each of `count` settings the error in the architectures left out, every architecture
/// weighing the same. `path` yields, from the moments of the others, the slopes of each setting.
pub(super) fn linear_errors(
    data: &Data,
    members: &[Vec<usize>],
    count: usize,
    path: impl Fn(&Moments) -> Vec<Array1<f64>>,
) -> Vec<f64> {
    let all = Moments::of(data, |_| true);
    let mut errors = vec![0.0; count];
    for rows in members {
        let others = &all - &Moments::of(data, |i| rows.binary_search(&i).is_ok());
        for (error, slopes) in errors.iter_mut().zip(path(&others)) {
            let intercept = others.intercept(&slopes);
            let residual =
                |i: usize| data.targets[i] - intercept - data.records.row(i).dot(&slopes);
            *error += mean_square(data, rows, residual);
        }
    }
    errors
}

/// Weighted mean of the squared residuals of `rows`.
pub(super) fn mean_square(data: &Data, rows: &[usize], residual: impl Fn(usize) -> f64) -> f64 {
    let total: f64 = rows.iter().map(|i| weight(data, *i)).sum();
    let squares = rows.iter().map(|i| weight(data, *i) * residual(*i).powi(2));
    squares.sum::<f64>() / total
}
