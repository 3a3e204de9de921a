use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Site, TensorMagnitudes};

/// The statistics of massive activations, for any tensor.
pub(crate) const MAGNITUDES: Observable = Observable {
    name: "magnitudes",
    family: "tails",
    columns: &[
        Column {
            name: "top1",
            unit: "activation",
            range: [0.0, f64::INFINITY],
            meaning: "the largest magnitude",
        },
        Column {
            name: "median",
            unit: "activation",
            range: [0.0, f64::INFINITY],
            meaning: "the lower median of the magnitudes",
        },
        Column {
            name: "ratio",
            unit: "",
            range: [1.0, f64::INFINITY],
            meaning: "`top1` over `median`",
        },
        Column {
            name: "rms",
            unit: "activation",
            range: [0.0, f64::INFINITY],
            meaning: "root mean square",
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
        Site::Gate,
        Site::MlpHidden,
        Site::MlpWrite,
    ],
    needs: "",
    convention: "as `measurements.csv` has them for hidden states; here for every tensor. The median is the lower of \
                 the two in the middle, as in `torch.median`; the ratio is missing where it is 0",
    cost: "O(n d) time in two passes, memory for the scalars near the median",
    source: "arXiv 2402.17762",
    compute: Compute::Magnitudes(compute),
};

fn compute(magnitudes: TensorMagnitudes) -> Vec<Found> {
    let TensorMagnitudes {
        largest,
        median,
        rms,
    } = magnitudes;
    vec![Ok(largest), Ok(median), quotient(largest, median), Ok(rms)]
}
