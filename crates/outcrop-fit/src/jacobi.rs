//! Singular values of small matrices by one-sided Jacobi (Demmel and Veselic, 1992, SIAM Journal on
//! Matrix Analysis and Applications 13:1204).
//!
//! The smallest of them decide which way a valley runs, so they are wanted with as many digits as
//! LAPACK gives those of a bidiagonal matrix. A shifted QR iteration that stops at an absolute
//! tolerance ends such searches hundreds of evaluations before SciPy does.

use nalgebra::DMatrix;

/// A cosine below this times the number of rows is what rounding leaves of a right angle.
const ROUNDING: f64 = f64::EPSILON;
/// Far more than five columns take.
const MAX_SWEEPS: usize = 60;

/// Turns the columns of `matrix` in pairs until each is at right angles to all others: their
/// lengths are the singular values, and `right` collects the turns. `None` where that does not end.
pub(crate) fn orthogonalise(
    mut matrix: DMatrix<f64>,
    mut right: DMatrix<f64>,
) -> Option<(DMatrix<f64>, DMatrix<f64>)> {
    let n = matrix.ncols();
    for _ in 0..MAX_SWEEPS {
        let mut turned = false;
        for i in 0..n {
            for j in i + 1..n {
                let Some((cosine, sine)) = turn(&matrix, i, j) else {
                    continue;
                };
                turned = true;
                let rotate = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
                for k in 0..matrix.nrows() {
                    (matrix[(k, i)], matrix[(k, j)]) = rotate(matrix[(k, i)], matrix[(k, j)]);
                }
                for k in 0..n {
                    (right[(i, k)], right[(j, k)]) = rotate(right[(i, k)], right[(j, k)]);
                }
            }
        }
        if !turned {
            return Some((matrix, right));
        }
    }
    None
}

/// Cosine and sine of the turn that sets columns `i` and `j` at right angles, unless they are.
fn turn(matrix: &DMatrix<f64>, i: usize, j: usize) -> Option<(f64, f64)> {
    let (a, b) = (matrix.column(i), matrix.column(j));
    let (aa, bb, ab) = (a.dot(&a), b.dot(&b), a.dot(&b));
    let rounding = ROUNDING * matrix.nrows() as f64;
    if ab.abs() <= rounding * aa.sqrt() * bb.sqrt() {
        return None;
    }
    let z = (bb - aa) / (2.0 * ab);
    let tangent = 1f64.copysign(z) / (z.abs() + z.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    Some((cosine, cosine * tangent))
}

#[cfg(test)]
mod tests {
    use nalgebra::DVector;

    use super::*;

    #[test]
    fn small_singular_values_keep_their_digits() {
        let diagonal = [1.0, 1e-6, 3e-11, 2e-15];
        let mut matrix = DMatrix::from_diagonal(&DVector::from_row_slice(&diagonal));
        for i in 0..3 {
            matrix[(i, i + 1)] = 0.5 * diagonal[i];
        }
        let (columns, right) = orthogonalise(matrix.clone(), DMatrix::identity(4, 4)).unwrap();
        let lengths = columns.column_iter().map(|c| c.norm());
        // the product of the singular values is the determinant
        let product = lengths.product::<f64>() / diagonal.iter().product::<f64>();
        assert!((product - 1.0).abs() < 1e-14, "{product}");
        assert!((&columns * &right - matrix).norm() < 1e-15);
        assert!((&right * right.transpose() - DMatrix::identity(4, 4)).norm() < 1e-14);
    }

    #[test]
    fn a_matrix_of_many_rows_is_decomposed() {
        let matrix = DMatrix::from_fn(40, 3, |i, j| (1.0 + i as f64).powi(j as i32) / 40.0);
        let (columns, right) = orthogonalise(matrix.clone(), DMatrix::identity(3, 3)).unwrap();
        let gram = columns.tr_mul(&columns);
        let largest = gram.diagonal().max();
        assert!((&gram - DMatrix::from_diagonal(&gram.diagonal())).norm() < 1e-13 * largest);
        assert!((&columns * &right - &matrix).norm() < 1e-13 * matrix.norm());
    }
}
