//! Gram matrices of rows or columns, and their eigenvalues.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn, SymmetricEigen};

use crate::eigen::Tridiagonal;
use crate::{Missing, View};

/// How many rows of products are computed at once.
const BLOCK: usize = 128;

type Strided<'a> = DMatrixView<'a, f64, Dyn, Dyn>;
type StridedMut<'a> = DMatrixViewMut<'a, f64, Dyn, Dyn>;

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

    /// A matrix of `n` rows of its lower triangle, row by row.
    pub(crate) fn from_lower(n: usize, lower: &[f32]) -> Self {
        let mut matrix = Self::zeros(n);
        let mut entries = lower.iter();
        for i in 0..n {
            for (to, x) in matrix.values[i * n..][..=i].iter_mut().zip(&mut entries) {
                *to = f64::from(*x);
            }
        }
        matrix.mirrored()
    }

    /// The largest magnitude of an entry.
    pub(crate) fn largest_entry(&self) -> f64 {
        self.values.iter().fold(0.0, |most, x| x.abs().max(most))
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

    /// Adds A A' of a matrix A of n rows, column by column in `values`, to the lower triangle, block by block; above the
    /// diagonal it may add to some.
    fn add_products(&mut self, values: &[f64]) {
        let (n, columns) = (self.n, values.len() / self.n.max(1));
        for begin in (0..n).step_by(BLOCK) {
            let end = n.min(begin + BLOCK);
            let (rows, sum) = (end - begin, &mut self.values[begin * n..]);
            // transposed: nalgebra reads past the end of a small matrix whose rows are not next to one another
            let a = Strided::from_slice_with_strides(values, end, columns, 1, n);
            let b = Strided::from_slice_with_strides(&values[begin..], columns, rows, n, 1);
            let mut sum = StridedMut::from_slice_with_strides_mut(sum, end, rows, 1, n);
            sum.gemm(1.0, &a, &b, 1.0);
        }
    }

    /// Copies the lower triangle above the diagonal.
    fn mirrored(mut self) -> Self {
        for i in 0..self.n {
            for j in 0..i {
                self.values[j * self.n + i] = self.values[i * self.n + j];
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
        let mut values = Vec::with_capacity(range.len() * range.len());
        for i in range.clone() {
            values.extend_from_slice(&self.row(i)[range.clone()]);
        }
        Self {
            n: range.len(),
            values,
        }
    }

    /// H K H with H = I - 11'/n: the Gram matrix of rows from which their mean is subtracted.
    pub(crate) fn centred(mut self) -> Self {
        let n = self.n as f64;
        let means: Vec<f64> = (0..self.n)
            .map(|i| self.row(i).iter().sum::<f64>() / n)
            .collect();
        let mean = means.iter().sum::<f64>() / n;
        for (row, of_row) in self.values.chunks_exact_mut(self.n.max(1)).zip(&means) {
            for (x, of_column) in row.iter_mut().zip(&means) {
                *x -= of_row + of_column - mean;
            }
        }
        self
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

    /// A tridiagonal matrix with the eigenvalues of this over `scale`; of the lower triangle.
    pub(crate) fn tridiagonal(mut self, scale: f64) -> Tridiagonal {
        self.values.iter_mut().for_each(|x| *x /= scale);
        Tridiagonal::of(self.values, self.n)
    }

    /// This with one more row, `border` times `scale`, and 0 on the diagonal; the lower triangle.
    pub(crate) fn bordered(&self, border: &[f64], scale: f64) -> Self {
        let mut wider = Self::zeros(self.n + 1);
        let mut rows = wider.values.chunks_exact_mut(self.n + 1);
        for (i, row) in (0..self.n).zip(rows.by_ref()) {
            row[..self.n].copy_from_slice(self.row(i));
        }
        for (to, x) in rows.flatten().zip(border) {
            *to = x * scale;
        }
        wider
    }

    /// The `k` largest eigenvalues with their unit vectors.
    ///
    /// # Errors
    /// [`Missing::Zero`] where all are 0, [`Missing::NotConverged`].
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

/// X X' of the rows with `mean` subtracted: the inner products of rows. Centring before the products keeps the digits
/// that [`Symmetric::centred`] loses where the mean is large.
pub(crate) fn of_centred_rows(view: View<'_>, mean: &[f64]) -> Symmetric {
    of_rows(&view.iter().collect::<Vec<_>>(), mean).mirrored()
}

/// The lower triangle of X X' with the rows in reverse: position 0 is the last.
pub(crate) fn of_reversed_rows(view: View<'_>) -> Symmetric {
    let zero = vec![0.0; view.columns()];
    of_rows(&view.iter().rev().collect::<Vec<_>>(), &zero)
}

/// The lower triangle.
fn of_rows(rows: &[&[f32]], mean: &[f64]) -> Symmetric {
    let n = rows.len();
    let mut columns = vec![0.0; n * mean.len()];
    // eight rows at a time, so that what is written next to one another is written at once
    for (at, rows) in rows.chunks(8).enumerate() {
        for ((k, mean), column) in mean.iter().enumerate().zip(columns.chunks_exact_mut(n)) {
            for (to, row) in column[at * 8..].iter_mut().zip(rows) {
                *to = f64::from(row[k]) - mean;
            }
        }
    }
    let mut gram = Symmetric::zeros(n);
    gram.add_products(&columns);
    gram
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

/// A Gram matrix of columns, X'X, that grows by rows.
pub(crate) struct OfColumns(Symmetric);

impl OfColumns {
    pub(crate) fn new(columns: usize) -> Self {
        Self(Symmetric::zeros(columns))
    }

    /// Adds the products of rows with `mean` subtracted.
    pub(crate) fn add(&mut self, rows: View<'_>, mean: &[f64]) {
        let mut values = Vec::with_capacity(rows.values().len());
        for row in &rows {
            values.extend(row.iter().zip(mean).map(|(x, mean)| f64::from(*x) - mean));
        }
        self.0.add_products(&values);
    }

    /// The matrix so far.
    pub(crate) fn matrix(&self) -> Symmetric {
        self.0.clone().mirrored()
    }
}

/// X'X of the rows with `mean` subtracted.
pub(crate) fn of_columns(view: View<'_>, mean: &[f64]) -> Symmetric {
    let mut gram = OfColumns::new(view.columns());
    gram.add(view, mean);
    gram.0.mirrored()
}

/// The Gram matrix of the smaller side of X with `mean` subtracted from its rows: its eigenvalues other than 0 are the
/// squares of X's singular values.
pub(crate) fn smaller(view: View<'_>, mean: &[f64]) -> Symmetric {
    match view.rows() <= view.columns() {
        true => of_centred_rows(view, mean),
        false => of_columns(view, mean),
    }
}

/// Eigenvalues of a positive semidefinite matrix in descending order. Those below n times the rounding error of the largest
/// are 0.
pub(crate) fn descending(mut found: Vec<f64>) -> Vec<f64> {
    found.sort_by(|a, b| b.total_cmp(a));
    let least = found[0] * found.len() as f64 * f64::EPSILON;
    let nothing = found.iter_mut().filter(|x| **x < least);
    nothing.for_each(|x| *x = 0.0);
    found
}
