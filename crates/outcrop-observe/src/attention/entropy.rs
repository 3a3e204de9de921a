use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site, View};

use super::causal;

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
    reads: Reads::Causal,
    convention: "of the weights as they are, on the keys up to the query's own position",
    cost: "O(n^2) time, no memory",
    source: "arXiv 2303.06296",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    match entropies(sample.tensor()) {
        Err(missing) => vec![Err(missing); 2],
        Ok((mean, share)) => vec![Ok(mean), share],
    }
}

fn entropies(attention: View<'_>) -> Result<(f64, Found), Missing> {
    let (mut sum, mut shares) = (0.0, 0.0);
    for (query, row) in causal(attention)?.enumerate() {
        let entropy = entropy(row);
        sum += entropy;
        if query > 0 {
            shares += (entropy / ((query + 1) as f64).ln()).min(1.0);
        }
    }
    let n = attention.rows();
    let share = match n {
        1 => Err(Missing::OnePosition),
        _ => Ok((shares / (n - 1) as f64).clamp(0.0, 1.0)),
    };
    Ok((f64::max(sum / n as f64, 0.0), share))
}

fn entropy(weights: &[f32]) -> f64 {
    let positive = weights.iter().filter(|w| **w > 0.0);
    positive.map(|w| -f64::from(*w) * f64::from(*w).ln()).sum()
}
