//! Tensors that stand for a whole model.

use std::collections::BTreeSet;

use crate::weights::elements;
use crate::{TensorInfo, Weights};

/// Tensors with fewer elements walk too much by chance.
const MIN_ELEMENTS: usize = 256;
/// Words for an embedding in the names that published models use.
const EMBEDDINGS: [&str; 6] = [
    "embed_in",
    "embed_tokens",
    "word_embeddings",
    "wte",
    "tok_embeddings",
    "embed",
];

/// The tensors to follow: the embedding and the largest matrices of the first, the middle and the
/// last block, two of each; where names show no blocks, the four largest matrices, or vectors.
pub(super) fn probes(weights: &Weights) -> Vec<String> {
    let fits = |(_, info): &(&str, &TensorInfo)| {
        info.dtype.is_readable() && elements(info) >= MIN_ELEMENTS
    };
    let all: Vec<_> = weights.tensors().filter(fits).collect();
    let matrices: Vec<_> = all
        .iter()
        .copied()
        .filter(|(_, i)| i.shape.len() > 1)
        .collect();
    let blocks: BTreeSet<usize> = matrices
        .iter()
        .filter_map(|(name, _)| block(name))
        .collect();
    let mut probes: Vec<String> = Vec::new();
    let outside = || matrices.iter().filter(|(name, _)| block(name).is_none());
    let embedding = EMBEDDINGS
        .iter()
        .find_map(|word| outside().find(|(name, _)| name.contains(word)));
    probes.extend(embedding.map(|(name, _)| name.to_string()));
    let blocks: Vec<usize> = blocks.into_iter().collect();
    let places = [0, blocks.len() / 2, blocks.len().saturating_sub(1)];
    let chosen: BTreeSet<usize> = places
        .iter()
        .filter_map(|p| blocks.get(*p).copied())
        .collect();
    for number in chosen {
        let inside = matrices
            .iter()
            .filter(|(name, _)| block(name) == Some(number));
        probes.extend(largest(inside, 2));
    }
    if blocks.is_empty() {
        probes.extend(largest(
            if matrices.is_empty() { &all } else { &matrices },
            4,
        ));
    }
    probes.sort();
    probes.dedup();
    probes
}

fn largest<'a>(
    tensors: impl IntoIterator<Item = &'a (&'a str, &'a TensorInfo)>,
    count: usize,
) -> Vec<String> {
    let mut tensors: Vec<_> = tensors.into_iter().collect();
    // Sorted by name before: those of one size stay so.
    tensors.sort_by_key(|(_, info)| std::cmp::Reverse(elements(info)));
    tensors
        .iter()
        .take(count)
        .map(|(name, _)| name.to_string())
        .collect()
}

/// The number of the block in a name such as `gpt_neox.layers.3.attention.dense.weight`.
fn block(name: &str) -> Option<usize> {
    name.split('.').find_map(|part| part.parse().ok())
}
