use crate::observable::{Column, Compute, Observable};
use crate::wide::vectorised;
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
    sites: &[
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::ResidualStream,
    ],
    needs: "",
    convention: "a massive activation enlarges the RMS of its position, so that the other channels nearly vanish",
    cost: "O(n d) time, no memory",
    source: "arXiv 2603.05498",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let (tensor, squares) = (sample.tensor(), &sample.summary().squares);
    let share = |count: usize| count as f64 / tensor.values().len() as f64;
    let [count, normalised] = near_zero(tensor, squares).map(share);
    let normalised = match squares.contains(&0.0) {
        true => Err(Missing::Zero),
        false => Ok(normalised),
    };
    vec![Ok(count), normalised]
}

/// How many magnitudes are below the limit, as they are and over the RMS of their row.
fn near_zero(tensor: View<'_>, squares: &[f64]) -> [usize; 2] {
    let rms = squares
        .iter()
        .map(|square| (square / tensor.columns() as f64).sqrt());
    let limits: Vec<f32> = rms.map(|rms| limit(NEARLY_ZERO * rms)).collect();
    let mut counts = [0; 2];
    count_below(tensor, limit(NEARLY_ZERO), &limits, &mut counts);
    counts
}

/// The f32 below which are those that are below `x`: those that are not at least the next one.
fn limit(x: f64) -> f32 {
    -sums::at_most(-x)
}

vectorised! {
    /// Adds how many magnitudes are below `fixed`, and below the limit of their row.
    fn count_below<'a>(
        tensor: View<'a>,
        fixed: f32,
        of_rows: &'a [f32],
        found: &'a mut [usize; 2],
    ) -> () {
        for (row, own) in tensor.iter().zip(of_rows) {
            // counts of a slice fit into 32 bits
            for slice in row.chunks(1 << 20) {
                let (mut counts, mut own_counts) = (0u32, 0u32);
                for x in slice {
                    counts += u32::from(x.abs() < fixed);
                    own_counts += u32::from(x.abs() < *own);
                }
                found[0] += counts as usize;
                found[1] += own_counts as usize;
            }
        }
    }
}
