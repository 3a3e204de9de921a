use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site};

use super::norms::{first, mean_and_largest_later};

/// Below this share of the others' mean the values of position 0 are drained.
const DRAINED: f64 = 0.2;

/// Whether the values of position 0 are nearly zero.
pub(crate) const DRAIN: Observable = Observable {
    name: "value_drain",
    family: "tokens",
    columns: &[Column {
        name: "value_drain",
        unit: "share",
        range: [0.0, 1.0],
        meaning: "1 where norm(v_0) / mean norm(v_i) over i > 0 is below 0.2, otherwise 0: over samples the share of \
                  those that are drained",
    }],
    sites: &[Site::Values],
    needs: "",
    convention: "the values of one head, before they are weighted; the quotient itself is `norm_first_over_mean`",
    cost: "O(n d) time, no memory",
    source: "arXiv 2410.13835, 2510.06477",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let drained = match mean_and_largest_later(sample) {
        None => Err(Missing::OnePosition),
        Some((mean, _)) => {
            quotient(first(sample), mean).map(|share| f64::from(u8::from(share < DRAINED)))
        }
    };
    vec![drained]
}
