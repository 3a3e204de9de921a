use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

/// Number of shapes. On the atlas, architectures left out, four to eight predict ln ratios as well as a
/// regression for each step does, and fewer miss the early dip (docs/predicting.md).
const COUNT: usize = 6;
/// Shapes that carry less of the variance of the first are rounding.
const LEAST: f64 = 1e-12;

/// Functional principal components: the mean of curves, and the shapes in which they differ most.
#[derive(Serialize, Deserialize)]
pub(super) struct Shapes {
    /// A number for each step.
    mean: Vec<f64>,
    /// Orthonormal, the one of the largest variance first; each with a number for each step.
    shapes: Vec<Vec<f64>>,
}

impl Shapes {
    /// Of `curves`, each with a weight.
    pub(super) fn of(curves: &[&[f64]], weights: &[f64]) -> Result<Self, String> {
        let (rows, steps) = (curves.len(), curves.first().map_or(0, |c| c.len()));
        let total: f64 = weights.iter().sum();
        let mut centred = Array2::from_shape_fn((rows, steps), |(i, j)| curves[i][j]);
        let weight = Array2::from_shape_fn((rows, 1), |(i, _)| weights[i] / total);
        let mean = (&centred * &weight).sum_axis(Axis(0));
        centred -= &mean;
        let covariance = centred.t().dot(&(&centred * &weight));
        if !covariance.iter().all(|v| v.is_finite()) {
            return Err("a ratio is not finite".into());
        }
        let (variances, vectors) = covariance
            .eigh()
            .map_err(|e| e.to_string())?
            .sort_eig_desc();
        let least = LEAST * variances.first().copied().unwrap_or(0.0);
        let counts = variances.iter().take(COUNT).take_while(|v| **v > least);
        let shapes = (0..counts.count()).map(|i| vectors.column(i).to_vec());
        Ok(Self {
            shapes: shapes.collect(),
            mean: mean.to_vec(),
        })
    }

    /// How much of each shape is in `curve`.
    pub(super) fn scores(&self, curve: &[f64]) -> Vec<f64> {
        let centred = || curve.iter().zip(&self.mean).map(|(v, mean)| v - mean);
        let score = |shape: &Vec<f64>| centred().zip(shape).map(|(v, s)| v * s).sum();
        self.shapes.iter().map(score).collect()
    }

    /// The curve with so much of each shape.
    pub(super) fn curve(&self, scores: &[f64]) -> Vec<f64> {
        let mut curve = self.mean.clone();
        for (score, shape) in scores.iter().zip(&self.shapes) {
            curve
                .iter_mut()
                .zip(shape)
                .for_each(|(v, s)| *v += score * s);
        }
        curve
    }

    pub(super) fn count(&self) -> usize {
        self.shapes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Curves of two orthogonal shapes are found again, and so is the larger of them first.
    #[test]
    fn curves_are_sums_of_their_shapes() {
        let curve = |a: f64, b: f64| vec![5.0 + a, 5.0 - a, 5.0 + b, 5.0 - b];
        let curves = [
            (3.0, 0.5),
            (-3.0, 0.5),
            (3.0, -0.5),
            (-3.0, -0.5),
            (0.0, 0.0),
        ];
        let curves: Vec<Vec<f64>> = curves.iter().map(|(a, b)| curve(*a, *b)).collect();
        let slices: Vec<&[f64]> = curves.iter().map(Vec::as_slice).collect();
        let shapes = Shapes::of(&slices, &[1.0; 5]).unwrap();
        assert_eq!(shapes.count(), 2);
        let half = 0.5f64.sqrt();
        assert!(
            (shapes.shapes[0][0].abs() - half).abs() < 1e-12,
            "{:?}",
            shapes.shapes
        );
        for curve in &curves {
            let again = shapes.curve(&shapes.scores(curve));
            assert!(again.iter().zip(curve).all(|(a, b)| (a - b).abs() < 1e-12));
        }
        let same = Shapes::of(&[slices[0]; 3], &[1.0, 2.0, 1.0]).unwrap();
        assert_eq!(same.count(), 0);
        let broken = [f64::NAN; 2];
        assert!(Shapes::of(&[&broken, &broken], &[1.0; 2]).is_err());
    }
}
