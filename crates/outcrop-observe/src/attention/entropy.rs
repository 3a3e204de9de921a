use crate::observable::{Column, Compute, Observable};
use crate::{CausalSums, Found, Missing, Site};

/// Entropy of the weights of a query.
pub(crate) const ENTROPY: Observable = Observable {
    name: "attention_entropy",
    family: "attention",
    columns: &[
        Column {
            name: "attention_entropy",
            unit: "nats",
            range: [0.0, f64::INFINITY],
            meaning: "mean over all queries of -sum w ln w over the keys",
        },
        Column {
            name: "attention_entropy_share",
            unit: "",
            range: [0.0, 1.0],
            meaning: "mean over the queries from 1 on of the entropy over its largest value ln(i + 1): 1 for even weights",
        },
    ],
    sites: &[Site::AttentionWeights],
    needs: "",
    convention: "of the weights as they are, on the keys up to the query's own position: they are not divided by their sum, and what falls \
                 away beside them (sink logits, softmax with 1 in the sum) has no term. Weights that add up to more than 1 \
                 (sigmoids) have no entropy",
    cost: "O(n^2) time, O(n) memory",
    source: "arXiv 2303.06296",
    compute: Compute::Attention(compute),
};

fn compute(sums: CausalSums<'_>) -> Vec<Found> {
    if !sums.shares {
        return vec![Err(Missing::NotAttention); 2];
    }
    let n = sums.entropies.len();
    let sum: f64 = sums.entropies.iter().sum();
    let later = sums.entropies.iter().enumerate().skip(1);
    let shares = later.map(|(query, entropy)| (entropy / ((query + 1) as f64).ln()).min(1.0));
    let share = match n {
        1 => Err(Missing::OnePosition),
        _ => Ok((shares.sum::<f64>() / (n - 1) as f64).clamp(0.0, 1.0)),
    };
    vec![Ok(f64::max(sum / n as f64, 0.0)), share]
}
