//! What routers of mixtures of experts do with tokens.

use std::collections::BTreeMap;

use outcrop_core::ExpertShare;

/// How many tokens each expert of a checkpoint gets, sequence by sequence.
///
/// ```
/// use outcrop_measure::Routers;
///
/// let mut routers = Routers::new();
/// // two tokens, each of which passes two of three experts
/// routers.add(1, 3, &[0, 2, 2, 1], &[0.5, 0.125, 0.375, 0.25, 0.25, 0.5]);
/// let rows = routers.rows("m", 0);
/// let shares: Vec<f64> = rows.iter().map(|row| row.share).collect();
/// assert_eq!(shares, [0.5, 0.5, 1.0]);
/// assert_eq!(rows[2].probability, 0.4375);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Routers {
    layers: BTreeMap<u32, Router>,
}

#[derive(Clone, Debug, Default)]
struct Router {
    tokens: u64,
    /// By expert.
    counts: Vec<u64>,
    probabilities: Vec<f64>,
}

impl Routers {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Takes in the tokens of one sequence in a layer (from 1) with `experts` experts: which of them tokens pass, from 0,
    /// [tokens, chosen] by rows, and the probabilities that the router gives, [tokens, experts] by rows.
    pub fn add(&mut self, layer: u32, experts: usize, choices: &[u32], probabilities: &[f32]) {
        let router = self.layers.entry(layer).or_default();
        router.counts.resize(experts, 0);
        router.probabilities.resize(experts, 0.0);
        for expert in choices {
            router.counts[*expert as usize] += 1;
        }
        for row in probabilities.chunks_exact(experts) {
            router.tokens += 1;
            let sums = router.probabilities.iter_mut().zip(row);
            sums.for_each(|(sum, p)| *sum += f64::from(*p));
        }
    }

    /// One row an expert, by layer and expert.
    pub fn rows(&self, model: &str, step: u64) -> Vec<ExpertShare> {
        let of_layer = |(layer, router): (&u32, &Router)| {
            let (layer, tokens) = (*layer, router.tokens as f64);
            let experts = router.counts.iter().zip(&router.probabilities).enumerate();
            let row = |(expert, (count, sum)): (usize, (&u64, &f64))| ExpertShare {
                model: model.to_owned(),
                step,
                layer,
                expert: expert as u32,
                share: *count as f64 / tokens,
                probability: sum / tokens,
            };
            experts.map(row).collect::<Vec<_>>()
        };
        self.layers.iter().flat_map(of_layer).collect()
    }
}
