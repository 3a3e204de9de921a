use crate::missing::quotient;
use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View, sums};

/// Norms of the rows.
pub(crate) const NORMS: Observable = Observable {
    name: "token_norms",
    family: "tokens",
    columns: &[
        Column {
            name: "norm_first",
            unit: "activation",
            range: [0.0, f64::INFINITY],
            meaning: "norm of position 0",
        },
        Column {
            name: "norm_mean",
            unit: "activation",
            range: [0.0, f64::INFINITY],
            meaning: "mean of the norms of the positions from 1 on",
        },
        Column {
            name: "norm_first_over_mean",
            unit: "",
            range: [0.0, f64::INFINITY],
            meaning: "`norm_first` over `norm_mean`",
        },
        Column {
            name: "norm_largest_over_mean",
            unit: "",
            range: [1.0, f64::INFINITY],
            meaning: "the largest norm of the positions from 1 on over `norm_mean`",
        },
    ],
    sites: &[
        Site::Embedding,
        Site::ResidualStream,
        Site::AttentionInput,
        Site::MlpInput,
        Site::Queries,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    reads: Reads::All,
    convention: "Euclidean norms over channels",
    cost: "O(n d) time, no memory",
    source: "arXiv 2510.06477, 2603.17771",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    let first = norm(tensor.row(0));
    let Some(later) = tensor.later() else {
        let missing = Err(Missing::OnePosition);
        return vec![Ok(first), missing, missing, missing];
    };
    let (mean, largest) = mean_and_largest(later);
    vec![
        Ok(first),
        Ok(mean),
        quotient(first, mean),
        quotient(largest, mean).map(|share| share.max(1.0)),
    ]
}

/// The Euclidean norm of a row.
pub(super) fn norm(row: &[f32]) -> f64 {
    sums::squares(row).sqrt()
}

/// Mean and largest of the norms of all rows.
pub(super) fn mean_and_largest(rows: View<'_>) -> (f64, f64) {
    let (mut sum, mut largest) = (0.0, 0.0);
    for norm in rows.iter().map(norm) {
        sum += norm;
        largest = f64::max(largest, norm);
    }
    (sum / rows.rows() as f64, largest)
}
