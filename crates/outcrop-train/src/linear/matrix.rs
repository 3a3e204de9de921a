use rand_chacha::ChaCha8Rng;

use crate::data::uniform;

/// A matrix of f64, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Vec<f64>,
}

impl Matrix {
    pub(super) fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            values: vec![0.0; rows * columns],
        }
    }

    pub(super) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    pub(super) fn transposed(&self) -> Self {
        let mut transposed = Self::zeros(self.columns, self.rows);
        for row in 0..self.rows {
            for column in 0..self.columns {
                transposed.values[column * self.rows + row] = self.at(row, column);
            }
        }
        transposed
    }

    /// This times `right`, whose rows are as many as these columns.
    pub(super) fn times(&self, right: &Self) -> Self {
        let mut product = Self::zeros(self.rows, right.columns);
        let width = right.columns.max(1);
        for (row, out) in product.values.chunks_exact_mut(width).enumerate() {
            for (inner, of) in right.values.chunks_exact(width).enumerate() {
                let factor = self.at(row, inner);
                out.iter_mut().zip(of).for_each(|(x, y)| *x += factor * y);
            }
        }
        product
    }

    /// Adds `factor` times another of the same shape.
    pub(super) fn add(&mut self, factor: f64, other: &Self) {
        let both = self.values.iter_mut().zip(&other.values);
        both.for_each(|(x, y)| *x += factor * y);
    }

    /// The sum of squares.
    pub(super) fn square(&self) -> f64 {
        self.values.iter().map(|x| x * x).sum()
    }

    /// `columns` random orthonormal vectors of `rows` numbers, no fewer: Gram-Schmidt, twice, of numbers between -1 and 1.
    pub(super) fn orthonormal(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> Self {
        let mut found: Vec<Vec<f64>> = Vec::with_capacity(columns);
        while found.len() < columns {
            let mut vector: Vec<f64> = (0..rows).map(|_| 2.0 * uniform(rng) - 1.0).collect();
            for _ in 0..2 {
                found.iter().for_each(|other| remove(&mut vector, other));
                let norm = dot(&vector, &vector).sqrt();
                vector.iter_mut().for_each(|x| *x /= norm);
            }
            // one that lay almost in the span of the others is drawn again
            if (dot(&vector, &vector) - 1.0).abs() < 1e-12 {
                found.push(vector);
            }
        }
        let mut matrix = Self::zeros(rows, columns);
        for (column, vector) in found.iter().enumerate() {
            for (row, x) in vector.iter().enumerate() {
                matrix.values[row * columns + column] = *x;
            }
        }
        matrix
    }

    /// Times a diagonal matrix of `factors`, one a column.
    pub(super) fn scaled(mut self, factors: &[f64]) -> Self {
        for row in self.values.chunks_exact_mut(self.columns) {
            row.iter_mut()
                .zip(factors)
                .for_each(|(x, factor)| *x *= factor);
        }
        self
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn remove(vector: &mut [f64], unit: &[f64]) {
    let share = dot(vector, unit);
    vector
        .iter_mut()
        .zip(unit)
        .for_each(|(x, y)| *x -= share * y);
}
