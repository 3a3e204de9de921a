use crate::wide::vectorised;
use crate::{Error, Result, sums};

/// A tensor [rows, columns] of f32, row-major, with at least one scalar: a hidden state [positions, channels], the
/// attention weights of one head [queries, keys], logits [positions, vocabulary]. It borrows a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> View<'a> {
    /// The view of `values` as rows of `columns` scalars.
    ///
    /// ```
    /// let view = outcrop_observe::View::new(&[1.0, 2.0, 3.0, 4.0], 2)?;
    /// assert_eq!((view.rows(), view.row(1)), (2, &[3.0, 4.0][..]));
    /// # Ok::<(), outcrop_observe::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without scalars, [`Error::Length`] where the last row is not whole.
    pub fn new(values: &'a [f32], columns: usize) -> Result<Self> {
        if values.is_empty() || columns == 0 {
            return Err(Error::Empty);
        }
        match values.len().is_multiple_of(columns) {
            true => Ok(Self { values, columns }),
            false => Err(Error::Length {
                length: values.len(),
                columns,
            }),
        }
    }

    /// All scalars, row by row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// The number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// The number of columns, at least 1.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The scalars of one row, from 0.
    ///
    /// # Panics
    /// Where there is no such row.
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// Row after row.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.columns)
    }

    /// The rows from 1 on; none for a single row.
    pub fn later(&self) -> Option<Self> {
        let values = &self.values[self.columns..];
        (!values.is_empty()).then_some(Self { values, ..*self })
    }

    /// The first `rows` rows, at least 1 of them and at most all.
    pub fn prefix(&self, rows: usize) -> Self {
        let rows = rows.clamp(1, self.rows());
        Self {
            values: &self.values[..rows * self.columns],
            ..*self
        }
    }

    /// Some of the rows, at least one.
    pub(crate) fn part(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            values: &self.values[rows.start * self.columns..rows.end * self.columns],
            ..*self
        }
    }

    /// The largest magnitude; NaN where a scalar is NaN or infinite.
    pub fn largest(&self) -> f32 {
        let largest = f32::from_bits(sums::largest_bits(self.values));
        match largest.is_finite() {
            true => largest,
            false => f32::NAN,
        }
    }

    /// The mean of each column over the rows, summed in f64 row by row.
    ///
    /// ```
    /// let view = outcrop_observe::View::new(&[1.0, 2.0, 3.0, 6.0], 2)?;
    /// assert_eq!(view.column_means(), [2.0, 4.0]);
    /// # Ok::<(), outcrop_observe::Error>(())
    /// ```
    pub fn column_means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.columns];
        add_rows(*self, &mut means);
        let n = self.rows() as f64;
        means.iter_mut().for_each(|mean| *mean /= n);
        means
    }

    /// Whether no scalar is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        f32::from_bits(sums::largest_bits(self.values)).is_finite()
    }

    /// The same of the scalars on and below the diagonal.
    pub(crate) fn is_finite_below(&self) -> bool {
        let mut rows = self.iter().enumerate();
        rows.all(|(i, row)| row.iter().take(i + 1).all(|x| x.is_finite()))
    }
}

impl<'a> IntoIterator for &View<'a> {
    type Item = &'a [f32];
    type IntoIter = std::slice::ChunksExact<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

vectorised! {
    fn add_rows<'a>(tensor: View<'a>, sums: &'a mut [f64]) -> () {
        for row in tensor.iter() {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        }
    }
}
