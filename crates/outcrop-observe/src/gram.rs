//! Gram matrices of rows or columns, and their eigenvalues.

use nalgebra::{DMatrix, SymmetricEigen, linalg::SymmetricTridiagonal};

use crate::{Missing, View, sums};

/// A symmetric matrix of f64, all of it stored.
#[derive(Clone, Debug)]
pub(crate) struct Symmetric {
    n: usize,
    values: Vec<f64>,
}

impl Symmetric {
    fn zeros(n: usize) -> Self {
        Self {
            n,
            values: vec![0.0; n * n],
        }
    }

    /// The number of rows.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.n + j]
    }

    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n..][..self.n]
    }

    pub(crate) fn trace(&self) -> f64 {
        (0..self.n).map(|i| self.at(i, i)).sum()
    }

    /// The sum of the products of all entries.
    pub(crate) fn inner(&self, other: &Self) -> f64 {
        let products = self.values.iter().zip(&other.values);
        products.map(|(a, b)| a * b).sum()
    }

    /// Copies the upper triangle below the diagonal.
    fn mirrored(mut self) -> Self {
        for i in 0..self.n {
            for j in 0..i {
                self.values[i * self.n + j] = self.values[j * self.n + i];
            }
        }
        self
    }

    /// The matrix with 0 on its diagonal.
    pub(crate) fn without_diagonal(mut self) -> Self {
        let n = self.n;
        (0..n).for_each(|i| self.values[i * n + i] = 0.0);
        self
    }

    /// The rows and columns of `range`.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        let rows = range.clone().flat_map(|i| &self.row(i)[range.clone()]);
        Self {
            n: range.len(),
            values: rows.copied().collect(),
        }
    }

    /// H K H with H = I - 11'/n: the Gram matrix of rows from which their mean is subtracted.
    pub(crate) fn centred(&self) -> Self {
        let n = self.n as f64;
        let means: Vec<f64> = (0..self.n)
            .map(|i| self.row(i).iter().sum::<f64>() / n)
            .collect();
        let mean = means.iter().sum::<f64>() / n;
        let mut centred = self.clone();
        for (row, of_row) in centred.values.chunks_exact_mut(self.n.max(1)).zip(&means) {
            for (x, of_column) in row.iter_mut().zip(&means) {
                *x -= of_row + of_column - mean;
            }
        }
        centred
    }

    /// This minus s s' / n: X'X of n rows that add up to s, centred.
    pub(crate) fn minus_outer(mut self, sums: &[f64], n: f64) -> Self {
        for (row, x) in self.values.chunks_exact_mut(self.n.max(1)).zip(sums) {
            for (entry, y) in row.iter_mut().zip(sums) {
                *entry -= x * y / n;
            }
        }
        self
    }

    fn matrix(&self, scale: f64) -> DMatrix<f64> {
        DMatrix::from_iterator(self.n, self.n, self.values.iter().map(|x| x / scale))
    }

    /// The eigenvalues of a positive semidefinite matrix in descending order, over its trace. Those below n times the
    /// rounding error of the largest are 0.
    ///
    /// # Errors
    /// [`Missing::Zero`] where all are 0, [`Missing::NotConverged`].
    pub(crate) fn spectrum(&self) -> Result<Vec<f64>, Missing> {
        let trace = self.trace();
        if trace <= 0.0 {
            return Err(Missing::Zero);
        }
        let mut found = match self.n {
            1 => vec![1.0],
            _ => {
                let tridiagonal = SymmetricTridiagonal::new(self.matrix(trace));
                let (diagonal, beside) = tridiagonal.unpack_tridiagonal();
                eigenvalues(diagonal.as_slice().to_vec(), beside.as_slice().to_vec())?
            }
        };
        found.sort_by(|a, b| b.total_cmp(a));
        let least = found[0] * self.n as f64 * f64::EPSILON;
        found
            .iter_mut()
            .filter(|x| **x < least)
            .for_each(|x| *x = 0.0);
        Ok(found)
    }

    /// The `k` largest eigenvalues with their unit vectors.
    ///
    /// # Errors
    /// As [`spectrum`](Self::spectrum).
    pub(crate) fn largest(&self, k: usize) -> Result<Vec<(f64, Vec<f64>)>, Missing> {
        let trace = self.trace();
        if trace <= 0.0 {
            return Err(Missing::Zero);
        }
        let rounds = 100 * self.n.max(10);
        let eigen = SymmetricEigen::try_new(self.matrix(trace), f64::EPSILON, rounds);
        let eigen = eigen.ok_or(Missing::NotConverged)?;
        let mut order: Vec<usize> = (0..self.n).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let pair = |at: usize| {
            let vector = eigen.eigenvectors.column(at).iter().copied().collect();
            (eigen.eigenvalues[at].max(0.0) * trace, vector)
        };
        Ok(order.into_iter().take(k).map(pair).collect())
    }
}

/// The mean of each column.
pub(crate) fn column_means(view: View<'_>) -> Vec<f64> {
    let mut means = vec![0.0; view.columns()];
    for row in &view {
        for (mean, x) in means.iter_mut().zip(row) {
            *mean += f64::from(*x);
        }
    }
    means
        .iter_mut()
        .for_each(|mean| *mean /= view.rows() as f64);
    means
}

/// X X': the inner products of rows.
pub(crate) fn of_rows(view: View<'_>) -> Symmetric {
    let n = view.rows();
    let mut gram = Symmetric::zeros(n);
    for i in 0..n {
        for j in i..n {
            gram.values[i * n + j] = sums::dot(view.row(i), view.row(j));
        }
    }
    gram.mirrored()
}

/// X X' of the rows with `mean` subtracted. Centring before the products keeps the digits that
/// [`Symmetric::centred`] loses where the mean is large.
pub(crate) fn of_centred_rows(view: View<'_>, mean: &[f64]) -> Symmetric {
    let (n, d) = (view.rows(), view.columns());
    let centred = |row: &[f32]| {
        row.iter()
            .zip(mean)
            .map(|(x, m)| f64::from(*x) - m)
            .collect::<Vec<_>>()
    };
    let rows: Vec<f64> = view.iter().flat_map(centred).collect();
    let row = |i: usize| &rows[i * d..][..d];
    let mut gram = Symmetric::zeros(n);
    for i in 0..n {
        for j in i..n {
            gram.values[i * n + j] = sums::dot_f64(row(i), row(j));
        }
    }
    gram.mirrored()
}

/// The Gram matrix of one-hot rows: 1 where two labels are equal.
pub(crate) fn of_labels(labels: &[u32]) -> Symmetric {
    let entries = labels
        .iter()
        .flat_map(|a| labels.iter().map(move |b| f64::from(u8::from(a == b))));
    Symmetric {
        n: labels.len(),
        values: entries.collect(),
    }
}

/// A Gram matrix of columns, X'X, that grows row by row.
pub(crate) struct OfColumns {
    gram: Symmetric,
    row: Vec<f64>,
}

impl OfColumns {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            gram: Symmetric::zeros(columns),
            row: vec![0.0; columns],
        }
    }

    /// Adds the products of one row with `mean` subtracted.
    pub(crate) fn add(&mut self, row: &[f32], mean: &[f64]) {
        for ((to, x), mean) in self.row.iter_mut().zip(row).zip(mean) {
            *to = f64::from(*x) - mean;
        }
        let n = self.gram.n;
        for (i, x) in self.row.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let products = self.gram.values[i * n + i..(i + 1) * n].iter_mut();
            for (sum, y) in products.zip(&self.row[i..]) {
                *sum += x * y;
            }
        }
    }

    /// The matrix so far.
    pub(crate) fn matrix(&self) -> Symmetric {
        self.gram.clone().mirrored()
    }
}

/// The Gram matrix of the smaller side of X with `mean` subtracted from its rows: its eigenvalues other than 0 are the
/// squares of X's singular values.
pub(crate) fn smaller(view: View<'_>, mean: &[f64]) -> Symmetric {
    match view.rows() <= view.columns() {
        true => of_centred_rows(view, mean),
        false => {
            let mut gram = OfColumns::new(view.columns());
            view.iter().for_each(|row| gram.add(row, mean));
            gram.matrix()
        }
    }
}

/// How often one eigenvalue may be refined.
const ROUNDS: usize = 60;

/// The eigenvalues of a symmetric tridiagonal matrix by the implicit QL method, in no order (Golub and Van Loan, Matrix
/// Computations, 8.3; nalgebra's own search for them has no limit of rounds).
fn eigenvalues(mut diagonal: Vec<f64>, mut beside: Vec<f64>) -> Result<Vec<f64>, Missing> {
    let n = diagonal.len();
    beside.push(0.0);
    for first in 0..n {
        let mut rounds = 0;
        loop {
            let small = |m: &usize| {
                let size = diagonal[*m].abs() + diagonal[*m + 1].abs();
                beside[*m].abs() <= f64::EPSILON * size || beside[*m].abs() < f64::MIN_POSITIVE
            };
            let end = (first..n - 1).find(small).unwrap_or(n - 1);
            if end == first {
                break;
            }
            if rounds == ROUNDS {
                return Err(Missing::NotConverged);
            }
            rounds += 1;
            ql_step(&mut diagonal, &mut beside, first, end);
        }
    }
    Ok(diagonal)
}

/// One implicit QL step with Wilkinson's shift on the block from `first` to `end`.
fn ql_step(diagonal: &mut [f64], beside: &mut [f64], first: usize, end: usize) {
    let half = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = half.hypot(1.0).copysign(half);
    let mut g = diagonal[end] - diagonal[first] + beside[first] / (half + root);
    let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
    for i in (first..end).rev() {
        let (f, b) = (s * beside[i], c * beside[i]);
        let r = f.hypot(g);
        beside[i + 1] = r;
        if r == 0.0 {
            diagonal[i + 1] -= p;
            beside[end] = 0.0;
            return;
        }
        (s, c) = (f / r, g / r);
        g = diagonal[i + 1] - p;
        let r = (diagonal[i] - g) * s + 2.0 * c * b;
        p = s * r;
        diagonal[i + 1] = g + p;
        g = c * r - b;
    }
    diagonal[first] -= p;
    beside[first] = g;
    beside[end] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second difference of n points has the eigenvalues 2 - 2 cos(k pi / (n + 1)).
    #[test]
    fn eigenvalues_of_the_second_difference() {
        let n = 40;
        let mut found = eigenvalues(vec![2.0; n], vec![-1.0; n - 1]).unwrap();
        found.sort_by(f64::total_cmp);
        for (k, found) in found.into_iter().enumerate() {
            let angle = (k + 1) as f64 * std::f64::consts::PI / (n + 1) as f64;
            assert!((found - (2.0 - 2.0 * angle.cos())).abs() < 1e-13);
        }
    }

    #[test]
    fn eigenvalues_of_a_diagonal_and_of_zeros() {
        assert_eq!(
            eigenvalues(vec![3.0, 1.0, 2.0], vec![0.0; 2]),
            Ok(vec![3.0, 1.0, 2.0])
        );
        assert_eq!(eigenvalues(vec![0.0; 4], vec![0.0; 3]), Ok(vec![0.0; 4]));
        assert_eq!(eigenvalues(vec![5.0], vec![]), Ok(vec![5.0]));
    }
}
