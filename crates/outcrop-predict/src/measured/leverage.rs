use std::collections::BTreeSet;

use linfa_linalg::cholesky::InverseC;
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::Regressor;
use crate::columns::Columns;
use crate::regression::balance;
use crate::regressor::shape::{ALPHA, factor};

/// The leverage of a new row in the ridge of `shape`: high where there are few training rows.
#[derive(Serialize, Deserialize)]
pub(super) struct Leverage {
    columns: Columns,
    /// (Z'Z + alpha)^-1, of scaled features in the order of `columns`, every architecture counting as one row.
    inverse: Vec<Vec<f64>>,
    /// One over the number of architectures.
    centre: f64,
}

impl Leverage {
    /// Of one training row or more, features in the order of [`Feature::all`](crate::Feature::all), each with
    /// its architecture.
    pub(super) fn of(rows: &[&[f64]], architectures: &[usize]) -> Result<Self, String> {
        let mut weights = vec![1.0; rows.len()];
        balance(&mut weights, architectures);
        let columns = Columns::of(rows, &weights, &Regressor::Shape.features(&[]));
        let count = architectures.iter().collect::<BTreeSet<_>>().len() as f64;
        let share = count / rows.len() as f64;
        let mut leverage = Self {
            columns,
            inverse: Vec::new(),
            centre: 1.0 / count,
        };
        if leverage.columns.is_empty() {
            return Ok(leverage);
        }
        let scaled: Vec<f64> = rows.iter().flat_map(|row| leverage.scale(row)).collect();
        let shape = (rows.len(), scaled.len() / rows.len());
        let z = Array2::from_shape_vec(shape, scaled).map_err(|e| e.to_string())?;
        let weights = Array1::from(weights).insert_axis(Axis(1)) * share;
        let mut normal = z.t().dot(&(&z * &weights));
        normal.diag_mut().mapv_inplace(|v| v + ALPHA);
        let inverse = normal.invc().map_err(|e| e.to_string())?;
        leverage.inverse = inverse.rows().into_iter().map(|row| row.to_vec()).collect();
        Ok(leverage)
    }

    /// Of a new row: the squared standard error of a prediction by ridge, in units of the scatter of architectures.
    /// Smallest in the middle of training, at 1/architectures.
    pub(super) fn variance(&self, features: &[f64]) -> f64 {
        let z = self.scale(features);
        let product = |row: &Vec<f64>| row.iter().zip(&z).map(|(a, b)| a * b).sum::<f64>();
        let form = self.inverse.iter().zip(&z).map(|(row, z)| z * product(row));
        self.centre + form.sum::<f64>()
    }

    fn scale(&self, features: &[f64]) -> Vec<f64> {
        let scaled = self.columns.scale(features).into_iter();
        let factors = self.columns.features().into_iter().map(|f| factor(&f));
        scaled.zip(factors).map(|(z, factor)| z * factor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Feature;

    /// Two architectures at -1 and 1 of one feature, one of them twice: Z'Z = 2, so 1/2 + z^2 / (2 + 4).
    #[test]
    fn one_feature_worked_by_hand() {
        let row = |width: f64| {
            let mut row = vec![1.0; Feature::all().count()];
            row[Feature::LnWidth.index()] = width;
            row
        };
        let rows = [row(3.0), row(5.0), row(5.0)];
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let leverage = Leverage::of(&rows, &[7, 2, 2]).unwrap();
        for (width, z) in [(4.0, 0.0f64), (3.0, -1.0), (5.0, 1.0), (8.0, 4.0)] {
            let expected = 0.5 + z * z / 6.0;
            let found = leverage.variance(&row(width));
            assert!((found - expected).abs() < 1e-12, "{width}: {found}");
        }
        let alike = Leverage::of(&rows[1..], &[0, 1]).unwrap();
        assert_eq!(alike.variance(rows[0]), 0.5);
    }
}
