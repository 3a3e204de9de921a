//! The choice of a penalty by leaving out one architecture at a time, inside the training rows.

use std::collections::BTreeMap;

use ndarray::Array1;

use super::moments::{Moments, weight};
use super::training::Data;

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

/// Every architecture of so many that at most `most` rows are left, on average.
pub(super) fn thinned(groups: &[usize], most: usize) -> Vec<usize> {
    let stride = groups.len().div_ceil(most).max(1);
    let mut known = groups.to_vec();
    known.sort_unstable();
    known.dedup();
    let place = |a: &usize| known.partition_point(|k| k < a);
    let rows = 0..groups.len();
    rows.filter(|i| place(&groups[*i]).is_multiple_of(stride))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::Dataset;
    use ndarray::Array2;

    #[test]
    fn two_architectures_are_too_few_to_choose_by() {
        assert_eq!(members(&[4, 9, 4, 9]), None);
        let three = members(&[4, 9, 4, 1]).unwrap();
        assert_eq!(three, [vec![3], vec![0, 2], vec![1]]);
        assert_eq!(smallest(&[f64::NAN, 2.0, 1.0, 1.0]), 2);
    }

    /// Sums of the others by subtraction, against the mean of the others where nothing is learned
    /// but the intercept, and against a straight line through the two others.
    #[test]
    fn what_is_left_out_is_not_seen() {
        let x = Array2::from_shape_vec((3, 1), vec![0.0, 1.0, 2.0]).unwrap();
        let data = Dataset::new(x, Array1::from(vec![1.0, 3.0, 8.0]));
        let members = members(&[0, 1, 2]).unwrap();
        let path = |others: &Moments| {
            let (xx, xy) = others.centred();
            vec![Array1::zeros(1), xy / xx[[0, 0]]]
        };
        let errors = linear_errors(&data, &members, 2, path);
        // means of the others: 5.5, 4.5, 2; lines through them: -2, 4.5, 5
        assert!((errors[0] - (4.5f64.powi(2) + 1.5f64.powi(2) + 36.0)).abs() < 1e-9);
        assert!((errors[1] - (9.0 + 1.5f64.powi(2) + 9.0)).abs() < 1e-9);
    }
}
