use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Sample, Site};

/// How much is added to the residual stream.
pub(crate) const WRITE: Observable = Observable {
    name: "write",
    family: "sublayers",
    columns: &[Column {
        name: "write_over_stream",
        unit: "",
        range: [0.0, f64::INFINITY],
        meaning: "RMS of the write over RMS of the residual stream to which it is added",
    }],
    sites: &[Site::AttentionWrite, Site::MlpWrite],
    needs: "the residual stream before the write",
    convention: "both over all scalars of the sequence. In parallel blocks both writes are added to the same stream",
    cost: "O(n d) time, no memory",
    source: "arXiv 2605.08504",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let write = sample.summary().rms();
    vec![
        sample
            .stream_rms()
            .and_then(|stream| quotient(write, stream)),
    ]
}
