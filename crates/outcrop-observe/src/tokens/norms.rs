use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::wide::vectorised;
use crate::{Found, Missing, Sample, Site};

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
        Site::FinalNorm,
        Site::Queries,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    convention: "Euclidean norms over channels",
    cost: "O(n d) time, no memory",
    source: "arXiv 2510.06477, 2603.17771",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let first = first(sample);
    let Some((mean, largest)) = mean_and_largest_later(sample) else {
        let missing = Err(Missing::OnePosition);
        return vec![Ok(first), missing, missing, missing];
    };
    vec![
        Ok(first),
        Ok(mean),
        quotient(first, mean),
        quotient(largest, mean).map(|share| share.max(1.0)),
    ]
}

/// The Euclidean norm of position 0.
pub(super) fn first(sample: &Sample<'_>) -> f64 {
    sample.summary().squares[0].sqrt()
}

/// Mean and largest of the norms of the positions from 1 on; none for a single position.
pub(super) fn mean_and_largest_later(sample: &Sample<'_>) -> Option<(f64, f64)> {
    let later = &sample.summary().squares[1..];
    let largest = later.iter().copied().fold(0.0, f64::max);
    (!later.is_empty()).then(|| (sum_of_roots(later) / later.len() as f64, largest.sqrt()))
}

vectorised! {
    fn sum_of_roots<'a>(squares: &'a [f64]) -> f64 {
        let mut sums = [0.0; 8];
        let (blocks, rest) = squares.as_chunks::<8>();
        for block in blocks {
            let mut roots = *block;
            roots.iter_mut().for_each(|x| *x = x.sqrt());
            sums.iter_mut().zip(&roots).for_each(|(sum, root)| *sum += root);
        }
        sums.iter().sum::<f64>() + rest.iter().map(|x| x.sqrt()).sum::<f64>()
    }
}
