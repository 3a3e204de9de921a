//! Weighted sums over rows, from which linear models are fitted without the rows: those of a
//! training set without one architecture are a difference.

use std::ops::Sub;

use ndarray::{Array1, Array2, ArrayView1};

use super::training::Data;

/// Sums of w, w x, w y, w x x' and w x y.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) weight: f64,
    x: Array1<f64>,
    y: f64,
    xx: Array2<f64>,
    xy: Array1<f64>,
}

impl Moments {
    /// Of those rows that `has` accepts.
    pub(super) fn of(data: &Data, has: impl Fn(usize) -> bool) -> Self {
        let columns = data.records.ncols();
        let mut sums = Self {
            weight: 0.0,
            x: Array1::zeros(columns),
            y: 0.0,
            xx: Array2::zeros((columns, columns)),
            xy: Array1::zeros(columns),
        };
        for (i, row) in data.records.rows().into_iter().enumerate() {
            if has(i) {
                sums.add(row, data.targets[i], weight(data, i));
            }
        }
        sums
    }

    fn add(&mut self, x: ArrayView1<'_, f64>, y: f64, w: f64) {
        self.weight += w;
        self.y += w * y;
        self.x.scaled_add(w, &x);
        self.xy.scaled_add(w * y, &x);
        for (i, mut row) in self.xx.rows_mut().into_iter().enumerate() {
            row.scaled_add(w * x[i], &x);
        }
    }

    /// Sum of w (x - mean)(x - mean)' and of w (x - mean)(y - mean).
    pub(super) fn centred(&self) -> (Array2<f64>, Array1<f64>) {
        let mut xx = self.xx.clone();
        for (i, mut row) in xx.rows_mut().into_iter().enumerate() {
            row.scaled_add(-self.x[i] / self.weight, &self.x);
        }
        let mut xy = self.xy.clone();
        xy.scaled_add(-self.y / self.weight, &self.x);
        (xx, xy)
    }

    /// The intercept that goes with `slopes`.
    pub(super) fn intercept(&self, slopes: &Array1<f64>) -> f64 {
        (self.y - slopes.dot(&self.x)) / self.weight
    }
}

impl Sub for &Moments {
    type Output = Moments;

    fn sub(self, other: &Moments) -> Moments {
        Moments {
            weight: self.weight - other.weight,
            x: &self.x - &other.x,
            y: self.y - other.y,
            xx: &self.xx - &other.xx,
            xy: &self.xy - &other.xy,
        }
    }
}

/// The weight of row `i`.
pub(super) fn weight(data: &Data, i: usize) -> f64 {
    f64::from(data.weights.get(i).copied().unwrap_or(1.0))
}
