use crate::gram;
use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site};

/// The number of directions in which rows vary.
pub(crate) const PARTICIPATION: Observable = Observable {
    name: "participation",
    family: "geometry",
    columns: &[Column {
        name: "participation_ratio",
        unit: "directions",
        range: [0.999999, f64::INFINITY],
        meaning: "(tr C)^2 / tr(C^2) of the covariance C over positions",
    }],
    sites: &[
        Site::ResidualStream,
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::Sequences,
    ],
    needs: "",
    convention: "centred; from the Gram matrix of the smaller side, without eigenvalues",
    cost: "O(n d m) time, O(n d + m^2) memory with m = min(n, d)",
    source: "Gao et al. 2017 (bioRxiv 214262)",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if tensor.rows() < 2 {
        return vec![Err(Missing::TooShort)];
    }
    if tensor.iter().all(|row| row == tensor.row(0)) {
        return vec![Err(Missing::Constant)];
    }
    let gram = gram::smaller(tensor, &gram::column_means(tensor));
    let trace = gram.trace();
    vec![quotient(trace * trace, gram.inner(&gram))]
}
