//! The sum of squares at every point of a grid: as the projection computes it, but the columns
//! that depend on the first coordinate alone are orthogonalised once a line.

use crate::basis::Family;
use crate::projection::{Projection, RANK_CUT};

/// The sums of squared scaled residuals over `axes[0]` x `axes[1]`, by lines of `axes[1]`.
pub(crate) fn squares<F: Family>(projection: &Projection<'_, F>, axes: &[Vec<f64>; 2]) -> Vec<f64> {
    let (data, family) = (projection.data, projection.family);
    let (mut leads, mut lasts) = (Vec::new(), Vec::new());
    let constant = unit(data.scales.to_vec(), 0.0);
    let mut squares = Vec::with_capacity(axes[0].len() * axes[1].len());
    for &u in &axes[0] {
        family.leads(data.steps, u, &mut leads);
        let mut lead: Vec<f64> = leads
            .iter()
            .zip(data.scales)
            .map(|(l, s)| l[0] * s)
            .collect();
        let size = norm(&lead);
        for _ in 0..2 {
            remove(&constant, &mut lead);
        }
        let lead = unit(lead, size);
        let mut residuals: Vec<f64> = data
            .values
            .iter()
            .zip(data.scales)
            .map(|(y, s)| y * s)
            .collect();
        remove(&constant, &mut residuals);
        remove(&lead, &mut residuals);
        for &v in &axes[1] {
            family.lasts(data.steps, &[u, v], &mut lasts);
            for ((last, lead), s) in lasts.iter_mut().zip(&leads).zip(data.scales) {
                *last *= lead[1] * s;
            }
            squares.push(left_by([&constant, &lead], &mut lasts, &residuals));
        }
    }
    squares
}

/// The sum of squares that is left of `residuals` (orthogonal to `basis`) beside `column`, whose
/// content is used up.
fn left_by(basis: [&[f64]; 2], column: &mut [f64], residuals: &[f64]) -> f64 {
    let size = norm(column);
    let mut left = size;
    loop {
        let before = left;
        remove_both(basis, column);
        left = norm(column);
        if 2.0 * left >= before || left <= RANK_CUT * size {
            break;
        }
    }
    if left <= RANK_CUT * size {
        return dot(residuals, residuals);
    }
    let share = dot(column, residuals) / (left * left);
    let pairs = residuals.iter().zip(column.iter());
    pairs.map(|(r, c)| (r - share * c).powi(2)).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `column` with length 1; 0 where less than the rank cut is left of its former `size`.
fn unit(mut column: Vec<f64>, size: f64) -> Vec<f64> {
    let left = norm(&column);
    let scale = if left <= RANK_CUT * size {
        0.0
    } else {
        1.0 / left
    };
    column.iter_mut().for_each(|c| *c *= scale);
    column
}

/// Takes the part along the unit vector `q` out of `column`.
fn remove(q: &[f64], column: &mut [f64]) {
    let part = dot(q, column);
    for (c, q) in column.iter_mut().zip(q) {
        *c -= part * q;
    }
}

/// As [`remove`], for two orthogonal unit vectors at once.
fn remove_both([p, q]: [&[f64]; 2], column: &mut [f64]) {
    let (mut along_p, mut along_q) = (0.0, 0.0);
    for ((c, p), q) in column.iter().zip(p).zip(q) {
        along_p += c * p;
        along_q += c * q;
    }
    for ((c, p), q) in column.iter_mut().zip(p).zip(q) {
        *c -= along_p * p + along_q * q;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::EmergenceFamily;
    use crate::projection::{Data, Inner};

    #[test]
    fn a_grid_agrees_with_the_projection_point_by_point() {
        let steps = [0.0, 1.0, 4.0, 16.0, 64.0, 256.0, 1_000.0, 4_000.0, 9_000.0];
        let values = [0.1, 0.12, 0.2, 0.35, 0.6, 0.9, 1.0, 0.8, 0.7];
        let scales = [3.0, 3.0, 2.5, 2.0, 1.5, 1.1, 1.0, 1.2, 1.4];
        let family = EmergenceFamily::new(9_000.0, 10.0, 0.01);
        let data = Data {
            steps: &steps,
            values: &values,
            scales: &scales,
        };
        let projection = Projection {
            data,
            family: &family,
        };
        let axes = [vec![0.0, 1.0, 5.0], vec![-9.0, -3.0, -1e-3, 0.0]];
        let squares = squares(&projection, &axes);
        let mut inner = Inner::default();
        for (i, &u) in axes[0].iter().enumerate() {
            for (j, &v) in axes[1].iter().enumerate() {
                projection.solve(&[u, v], &mut inner);
                let (grid, point) = (squares[i * 4 + j], inner.sse);
                assert!((grid - point).abs() <= 1e-9 * point, "{grid} {point}");
            }
        }
    }
}
