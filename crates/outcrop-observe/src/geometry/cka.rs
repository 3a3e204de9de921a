use crate::gram::{self, Symmetric};
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [-1.000001, 1.000001],
        meaning,
    }
}

/// Similarity of representations.
pub(crate) const CKA: Observable = Observable {
    name: "cka",
    family: "geometry",
    columns: &[
        column("cka_last_layer", "linear CKA with the last layer"),
        column("cka_step_before", "linear CKA with the step before"),
        column("cka_first_step", "linear CKA with the first step"),
        column("cka_targets", "linear CKA with the targets"),
        column(
            "cka_labels",
            "linear CKA with the labels: rows of one class are alike, others are not",
        ),
    ],
    sites: &[Site::ResidualStream, Site::Sequences],
    needs: "the tensors of the last layer, of the step before and of the first step, targets, labels",
    convention: "unbiased: HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)) with K = X X', so that independent tensors \
                 have 0 on average and may be below it; the biased CKA exceeds 0 by the order of d / n. At least 4 rows",
    cost: "O(n^2 d) time, O(n d + n^2) memory",
    source: "Kornblith et al. 2019 (arXiv 1905.00414), HSIC_1 of Song et al. 2012, arXiv 2010.15327",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if tensor.rows() < 4 {
        return vec![Err(Missing::TooShort); 5];
    }
    let of_tensor = Centred::new(gram(tensor));
    let with = |companion| {
        let other = sample.companion(companion)?;
        of_tensor.cka(&Centred::new(gram(other)))
    };
    let labels = sample.labels();
    let of_labels = labels.and_then(|labels| of_tensor.cka(&Centred::new(gram::of_labels(labels))));
    vec![
        with(Companion::LastLayer),
        with(Companion::StepBefore),
        with(Companion::FirstStep),
        with(Companion::Targets),
        of_labels,
    ]
}

fn gram(view: View<'_>) -> Symmetric {
    gram::of_centred_rows(view, &gram::column_means(view))
}

/// A Gram matrix with its diagonal set to 0, and the sums of its rows.
struct Centred {
    gram: Symmetric,
    sums: Vec<f64>,
    /// The sum of the squares of all entries before the diagonal was removed.
    size: f64,
}

impl Centred {
    fn new(gram: Symmetric) -> Self {
        let size = gram.inner(&gram);
        let gram = gram.without_diagonal();
        let sums = (0..gram.n()).map(|i| gram.row(i).iter().sum()).collect();
        Self { gram, sums, size }
    }

    /// HSIC_1, times n (n - 3).
    fn hsic(&self, other: &Self) -> f64 {
        let n = self.gram.n() as f64;
        let total = |of: &Self| of.sums.iter().sum::<f64>();
        let between: f64 = self.sums.iter().zip(&other.sums).map(|(a, b)| a * b).sum();
        self.gram.inner(&other.gram) + total(self) * total(other) / ((n - 1.0) * (n - 2.0))
            - 2.0 * between / (n - 2.0)
    }

    fn cka(&self, other: &Self) -> Found {
        let (own, its) = (self.hsic(self), other.hsic(other));
        // what is left of equal rows, or of rows in which nothing is shared, is rounding
        let enough = |hsic: f64, of: &Self| hsic > 1e-12 * of.size;
        match enough(own, self) && enough(its, other) {
            true => Ok(self.hsic(other) / (own * its).sqrt()),
            false => Err(Missing::Constant),
        }
    }
}
