use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View, sums};

/// Below this a normalised scalar counts as 0.
const NEARLY_ZERO: f64 = 0.01;

/// How many scalars a norm makes nearly 0.
pub(crate) const SPARSITY: Observable = Observable {
    name: "sparsity",
    family: "sublayers",
    columns: &[
        Column {
            name: "near_zero",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "share of the scalars with |h| < 0.01, as the tensor is: for the output of a norm, with its gain",
        },
        Column {
            name: "near_zero_rms",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "the same after each position is divided by its root mean square: RMSNorm without gain and epsilon",
        },
    ],
    sites: &[Site::AttentionInput, Site::MlpInput, Site::ResidualStream],
    needs: "",
    reads: Reads::All,
    convention: "a massive activation enlarges the RMS of its position, so that the other channels nearly vanish",
    cost: "O(n d) time, no memory",
    source: "arXiv 2603.05498",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    let count = near_zero(tensor.values(), NEARLY_ZERO) as f64;
    vec![Ok(count / tensor.values().len() as f64), normalised(tensor)]
}

fn near_zero(values: &[f32], limit: f64) -> usize {
    // of f32, those below the limit are those that are not at least the next one
    let limit = -sums::at_most(-limit);
    sums::count(values, |x| x.abs() < limit)
}

fn normalised(tensor: View<'_>) -> Found {
    let mut count = 0;
    for row in &tensor {
        match sums::rms(row) {
            0.0 => return Err(Missing::Zero),
            rms => count += near_zero(row, NEARLY_ZERO * rms),
        }
    }
    Ok(count as f64 / tensor.values().len() as f64)
}
