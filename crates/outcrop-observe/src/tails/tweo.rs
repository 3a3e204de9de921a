use crate::observable::{Column, Compute, Observable};
use crate::{Found, Sample, Site};

/// The magnitude from which a scalar counts as an outlier.
const TAU: f64 = 3.0;

/// The penalty of TWEO as a measure of outliers.
pub(crate) const TWEO: Observable = Observable {
    name: "tweo",
    family: "tails",
    columns: &[Column {
        name: "tweo",
        unit: "",
        range: [0.0, f64::INFINITY],
        meaning: "mean((|h| / 3)^4), the penalty of TWEO with tau = 3 and p = 4",
    }],
    sites: Site::STATES,
    needs: "",
    convention: "over all scalars of one block's output, without the factor of the loss; 1/27 for a standard normal tensor",
    cost: "O(n d) time, no memory",
    source: "arXiv 2511.23225",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    vec![Ok(sample.summary().mean_fourth() / TAU.powi(4))]
}
