//! Arithmetic of whole columns, in four sums side by side so that the compiler can use vectors.

/// The inner product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (fours_a, fours_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = fours_a.remainder().iter().zip(fours_b.remainder());
    let rest: f64 = rest.map(|(x, y)| x * y).sum();
    for (x, y) in fours_a.zip(fours_b) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// The Euclidean norm.
pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// Takes `part` times `q` out of `column`.
pub(super) fn subtract(part: f64, q: &[f64], column: &mut [f64]) {
    for (c, q) in column.iter_mut().zip(q) {
        *c -= part * q;
    }
}

/// Fills `target` with the products of `a` and `b`.
pub(super) fn product(a: &[f64], b: &[f64], target: &mut Vec<f64>) {
    target.clear();
    target.extend(a.iter().zip(b).map(|(x, y)| x * y));
}

/// Below this share of a column the points with any weight have not seen it.
const SEEN: f64 = 1e-6;

/// Fills `target` with `column` times `scales`; with zeros where `column` is small at every point
/// that has a weight and large at one that has none, because a coefficient that fits the former
/// would send the curve out of sight at the latter.
pub(super) fn weigh(column: &[f64], scales: &[f64], target: &mut Vec<f64>) {
    product(column, scales, target);
    if !scales.contains(&0.0) {
        return;
    }
    let largest = |all: bool| {
        let points = column.iter().zip(scales);
        let points = points.filter(|(_, s)| all || **s > 0.0);
        points.map(|(c, _)| c.abs()).fold(0.0, f64::max)
    };
    if largest(false) < SEEN * largest(true) {
        target.fill(0.0);
    }
}

/// A column whose part orthogonal to those before it is smaller than this share of it is left out.
const RANK_CUT: f64 = 1e-12;

/// Makes `columns[j]` orthogonal to the unit (or zero) columns before it, a second time where less
/// than `share` of it was left, and scales it to length 1; a dependent column becomes 0. `r`
/// receives its parts along them and, last, its remaining length.
pub(super) fn orthogonalise<const M: usize>(
    columns: &mut [Vec<f64>; M],
    j: usize,
    share: f64,
    r: &mut [[f64; M]; M],
) {
    let (before, rest) = columns.split_at_mut(j);
    let column = &mut rest[0];
    let size = norm(column);
    let mut left = size;
    r.iter_mut().for_each(|row| row[j] = 0.0);
    for _ in 0..2 {
        for (k, q) in before.iter().enumerate() {
            let part = dot(q, column);
            r[k][j] += part;
            subtract(part, q, column);
        }
        let had = std::mem::replace(&mut left, norm(column));
        if left >= share * had {
            break;
        }
    }
    if left <= RANK_CUT * size {
        column.fill(0.0);
        return;
    }
    r[j][j] = left;
    let scale = 1.0 / left;
    column.iter_mut().for_each(|c| *c *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_any_length() {
        for n in 0..10 {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i) + 1.0).collect();
            let squares = f64::from(n * (n + 1) * (2 * n + 1)) / 6.0;
            assert_eq!(dot(&a, &a), squares);
        }
    }

    #[test]
    fn a_column_that_only_points_without_weight_see_is_left_out() {
        let mut target = Vec::new();
        weigh(&[1e9, 1.0, 2.0], &[0.0, 3.0, 1.0], &mut target);
        assert_eq!(target, [0.0; 3]);
        weigh(&[1e5, 1.0, 2.0], &[0.0, 3.0, 1.0], &mut target);
        assert_eq!(target, [0.0, 3.0, 2.0]);
        weigh(&[1e9, 1.0, 2.0], &[1e-9, 3.0, 1.0], &mut target);
        assert_eq!(target, [1.0, 3.0, 2.0]);
    }

    #[test]
    fn a_dependent_column_is_left_out() {
        let mut columns = [
            vec![1.0, 2.0, 2.0],
            vec![2.0, 4.0, 4.0],
            vec![0.0, 3.0, -3.0],
        ];
        let mut r = [[0.0; 3]; 3];
        for j in 0..3 {
            orthogonalise(&mut columns, j, 0.5, &mut r);
        }
        assert_eq!(columns[1], [0.0; 3]);
        assert_eq!((r[0][0], r[0][1], r[1][1]), (3.0, 6.0, 0.0));
        assert!((r[2][2] - 18f64.sqrt()).abs() < 1e-15);
    }
}
