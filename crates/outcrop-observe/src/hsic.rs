//! Similarity of two Gram matrices of the same rows.

use crate::gram::Symmetric;
use crate::missing::quotient;
use crate::{Found, Missing};

/// The Gram matrix of rows from which their mean was subtracted, and what linear CKA needs of it.
pub(crate) struct Centred {
    /// With 0 on its diagonal.
    gram: Symmetric,
    diagonal: Vec<f64>,
    sums: Vec<f64>,
    /// The sum of the squares of all entries, those on the diagonal among them.
    size: f64,
}

impl Centred {
    pub(crate) fn new(gram: Symmetric) -> Self {
        let size = gram.inner(&gram);
        let diagonal = (0..gram.n()).map(|i| gram.at(i, i)).collect();
        let gram = gram.without_diagonal();
        let sums = (0..gram.n()).map(|i| gram.row(i).iter().sum()).collect();
        Self {
            gram,
            diagonal,
            sums,
            size,
        }
    }

    /// Whether both are of as many rows.
    pub(crate) fn is_of_as_many(&self, other: &Self) -> bool {
        self.gram.n() == other.gram.n()
    }

    /// HSIC_1, times n (n - 3).
    fn hsic(&self, other: &Self) -> f64 {
        let n = self.gram.n() as f64;
        let total = |of: &Self| of.sums.iter().sum::<f64>();
        let between: f64 = self.sums.iter().zip(&other.sums).map(|(a, b)| a * b).sum();
        self.gram.inner(&other.gram) + total(self) * total(other) / ((n - 1.0) * (n - 2.0))
            - 2.0 * between / (n - 2.0)
    }

    /// The unbiased linear CKA.
    pub(crate) fn cka(&self, other: &Self) -> Found {
        let (own, its) = (self.hsic(self), other.hsic(other));
        // what is left of equal rows, or of rows in which nothing is shared, is rounding
        let enough = |hsic: f64, of: &Self| hsic > 1e-12 * of.size;
        match enough(own, self) && enough(its, other) {
            true => Ok(self.hsic(other) / (own * its).sqrt()),
            false => Err(Missing::Constant),
        }
    }

    /// The biased linear CKA: the cosine of the two matrices.
    pub(crate) fn biased(&self, other: &Self) -> Found {
        let diagonal = self.diagonal.iter().zip(&other.diagonal);
        let inner = self.gram.inner(&other.gram) + diagonal.map(|(a, b)| a * b).sum::<f64>();
        let found = quotient(inner, (self.size * other.size).sqrt());
        found.map_err(|_| Missing::Constant)
    }
}
