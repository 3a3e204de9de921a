use crate::observable::{Column, Compute, Observable};
use crate::{CausalSums, Found, Missing, Site};

/// Queries that attend to position 0 more than to any other.
pub(crate) const ARGMAX: Observable = Observable {
    name: "first_argmax",
    family: "attention",
    columns: &[
        Column {
            name: "first_argmax",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "share of all queries whose largest weight is on position 0; query 0 always is one",
        },
        Column {
            name: "first_argmax_later",
            unit: "share",
            range: [0.0, 1.0],
            meaning: "the same share of the queries from 1 on",
        },
    ],
    sites: &[Site::AttentionWeights],
    needs: "",
    convention: "of equal weights the first key counts, as in `torch.argmax` on a CPU, and of weights that are all 0 (softpick)",
    cost: "O(n^2) time, no memory",
    source: "arXiv 2410.17174 (Kaul et al.)",
    compute: Compute::Attention(compute),
};

fn compute(sums: CausalSums<'_>) -> Vec<Found> {
    let (count, n) = (sums.first, sums.keys.len());
    let later = match n {
        1 => Err(Missing::OnePosition),
        _ => Ok((count - 1) as f64 / (n - 1) as f64),
    };
    vec![Ok(count as f64 / n as f64), later]
}
