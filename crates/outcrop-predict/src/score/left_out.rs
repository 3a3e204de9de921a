//! Q2 of ridge, every row left out in turn, by sums that a row is taken out of.

use crate::stats::mean_and_deviation;

/// Ridge penalty of the test, for standardised features. Finding that there is an influence takes
/// more shrinkage than predicting by it; from 8 to 64 it hardly matters (docs/predicting.md).
const ALPHA: f64 = 8.0;
/// A column whose variance is less than this share of what it is over all rows does not vary: more is lost to rounding.
const CONSTANT: f64 = 1e-12;

/// Q2 of ridge on `x`, every row left out in turn; 0 where `y` does not vary. Columns are scaled by the other rows.
pub(super) fn left_out(x: &[&[f64]], y: &[f64]) -> f64 {
    let sums = Sums::of(x, y);
    let (mut error, mut total) = (0.0, 0.0);
    for out in 0..y.len() {
        let (mean, predicted) = sums.without(out);
        error += (sums.y[out] - predicted).powi(2);
        total += (sums.y[out] - mean).powi(2);
    }
    if total > 0.0 {
        1.0 - error / total
    } else {
        0.0
    }
}

/// Rows less their mean, which costs no digits where one is taken out.
struct Sums {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    columns: usize,
    /// Sum of x x'.
    xx: Vec<f64>,
    /// Sum of x y.
    xy: Vec<f64>,
}

impl Sums {
    fn of(x: &[&[f64]], y: &[f64]) -> Self {
        let (n, columns) = (y.len() as f64, x.first().map_or(0, |row| row.len()));
        let mean = |j: usize| x.iter().map(|row| row[j]).sum::<f64>() / n;
        let means: Vec<f64> = (0..columns).map(mean).collect();
        let column = |j: usize| x.iter().map(|row| row[j]).collect::<Vec<f64>>();
        let varies = |j: usize| mean_and_deviation(&column(j)).1 > 0.0;
        let varies: Vec<bool> = (0..columns).map(varies).collect();
        // 0 where values differ by rounding alone
        let value = |row: &[f64], j: usize| if varies[j] { row[j] - means[j] } else { 0.0 };
        let centred = |row: &&[f64]| (0..columns).map(|j| value(row, j)).collect();
        let x: Vec<Vec<f64>> = x.iter().map(centred).collect();
        let mean = y.iter().sum::<f64>() / n;
        let y: Vec<f64> = y.iter().map(|v| v - mean).collect();
        let (mut xx, mut xy) = (vec![0.0; columns * columns], vec![0.0; columns]);
        for (row, y) in x.iter().zip(&y) {
            for (i, a) in row.iter().enumerate() {
                xy[i] += a * y;
                for (j, b) in row.iter().enumerate() {
                    xx[i * columns + j] += a * b;
                }
            }
        }
        Self {
            x,
            y,
            columns,
            xx,
            xy,
        }
    }

    /// The mean of the other rows, and what ridge predicts of row `out` from them.
    fn without(&self, out: usize) -> (f64, f64) {
        let (row, p) = (&self.x[out], self.columns);
        let others = (self.y.len() - 1).max(1) as f64;
        // means of the others, since all sum up to 0
        let mean = -self.y[out] / others;
        let centre = |j: usize| -row[j] / others;
        let product = |i: usize, j: usize| {
            self.xx[i * p + j] - row[i] * row[j] - others * centre(i) * centre(j)
        };
        let varies = |j: &usize| product(*j, *j) > CONSTANT * self.xx[j * p + j];
        let kept: Vec<usize> = (0..p).filter(varies).collect();
        let scale = |j: usize| (product(j, j) / others).sqrt();
        let scales: Vec<f64> = kept.iter().map(|j| scale(*j)).collect();
        let k = kept.len();
        let mut normal = vec![0.0; k * k];
        let mut right = vec![0.0; k];
        for (a, i) in kept.iter().enumerate() {
            let with_y = self.xy[*i] - row[*i] * self.y[out] - others * centre(*i) * mean;
            right[a] = with_y / scales[a];
            for (b, j) in kept.iter().enumerate().take(a + 1) {
                normal[a * k + b] = product(*i, *j) / (scales[a] * scales[b]);
            }
            normal[a * k + a] += ALPHA;
        }
        solve(&mut normal, &mut right);
        let terms = kept.iter().zip(&scales).zip(&right);
        let beyond = terms.map(|((j, scale), slope)| slope * (row[*j] - centre(*j)) / scale);
        (mean, mean + beyond.sum::<f64>())
    }
}

/// Solves in place by Cholesky's factor of a positive definite matrix, of which the lower half is given.
fn solve(matrix: &mut [f64], right: &mut [f64]) {
    let k = right.len();
    for i in 0..k {
        for j in 0..=i {
            let product: f64 = (0..j).map(|m| matrix[i * k + m] * matrix[j * k + m]).sum();
            let rest = matrix[i * k + j] - product;
            matrix[i * k + j] = match i == j {
                true => rest.sqrt(),
                false => rest / matrix[j * k + j],
            };
        }
        let known: f64 = (0..i).map(|m| matrix[i * k + m] * right[m]).sum();
        right[i] = (right[i] - known) / matrix[i * k + i];
    }
    for i in (0..k).rev() {
        let known: f64 = (i + 1..k).map(|m| matrix[m * k + i] * right[m]).sum();
        right[i] = (right[i] - known) / matrix[i * k + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of three rows at -1, 0 and 1 with y = x. Left out the first: x 0, 1 is -1, 1 when scaled, y -0.5,
    /// 0.5 about 0.5; slope 1 / (2 + 8) = 0.1; the first is at -3, so 0.5 - 0.3 = 0.2, error 1.2 of
    /// 1.5. The last is its mirror image, the middle is predicted as 0, and so is its mean.
    #[test]
    fn ridge_of_rows_left_out_worked_by_hand() {
        let x = [-1.0, 0.0, 1.0].map(|v| [v, 7.0, 0.1, 1.0 / 3.0]);
        let x: Vec<&[f64]> = x.iter().map(|row| &row[..]).collect();
        let found = left_out(&x, &[-1.0, 0.0, 1.0]);
        assert!((found - (1.0 - 1.44 / 2.25)).abs() < 1e-12, "{found}");
        assert_eq!(left_out(&x, &[2.0; 3]), 0.0);
    }

    /// Predictions of ridge that is trained anew without each row, columns scaled anew.
    #[test]
    fn rows_left_out_are_as_trained_anew() {
        let n = 9;
        let value = |i: usize, j: usize| ((i * 7 + j * 13) as f64 * 0.37).sin() * (j + 1) as f64;
        let rows: Vec<Vec<f64>> = (0..n)
            .map(|i| (0..3).map(|j| value(i, j)).collect())
            .collect();
        let y: Vec<f64> = (0..n)
            .map(|i| value(i, 1) + (i as f64 * 1.7).cos())
            .collect();
        let x: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let (mut error, mut total) = (0.0, 0.0);
        for out in 0..n {
            let others: Vec<usize> = (0..n).filter(|i| *i != out).collect();
            let mean_of = |f: &dyn Fn(usize) -> f64| {
                others.iter().map(|i| f(*i)).sum::<f64>() / others.len() as f64
            };
            let mean = mean_of(&|i| y[i]);
            let centre = [0, 1, 2].map(|j| mean_of(&|i| rows[i][j]));
            let deviation =
                [0, 1, 2].map(|j| mean_of(&|i| (rows[i][j] - centre[j]).powi(2)).sqrt());
            let z = |i: usize| [0, 1, 2].map(|j| (rows[i][j] - centre[j]) / deviation[j]);
            // gradient descent on the sum of squares + 8 sum w^2
            let mut w = [0.0; 3];
            for _ in 0..20_000 {
                let residual =
                    |i: usize| y[i] - mean - z(i).iter().zip(w).map(|(z, w)| z * w).sum::<f64>();
                let slope = [0, 1, 2].map(|j| {
                    others.iter().map(|i| residual(*i) * z(*i)[j]).sum::<f64>() - ALPHA * w[j]
                });
                w.iter_mut().zip(slope).for_each(|(w, s)| *w += 0.01 * s);
            }
            let predicted = mean + z(out).iter().zip(w).map(|(z, w)| z * w).sum::<f64>();
            error += (y[out] - predicted).powi(2);
            total += (y[out] - mean).powi(2);
        }
        let found = left_out(&x, &y);
        assert!((found - (1.0 - error / total)).abs() < 1e-10, "{found}");
    }
}
