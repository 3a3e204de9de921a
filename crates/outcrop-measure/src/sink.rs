//! Attention sinks: keys that most queries attend to.

use std::collections::BTreeMap;

use outcrop_core::HeadSink;

/// alpha above which a key is a sink, the epsilon of Gu et al. (arXiv 2410.10781).
pub const SINK_ALPHA: f64 = 0.3;

/// The attention that each key receives, averaged over the queries that see it:
/// alpha_k = mean over i >= k of attention\[i, k\] (Gu et al., arXiv 2410.10781), 0 to 1.
/// `attention` is [tokens, tokens] by rows of queries, the part above the diagonal is not looked at.
///
/// ```
/// let attention = [1.0, 0.0, 0.75, 0.25];
/// assert_eq!(outcrop_measure::received(&attention, 2), [0.875, 0.25]);
/// ```
///
/// # Panics
/// Where `attention` has less than tokens x tokens weights.
pub fn received(attention: &[f32], tokens: usize) -> Vec<f64> {
    assert!(
        attention.len() >= tokens * tokens,
        "attention of {tokens} tokens"
    );
    let mut received = vec![0.0; tokens];
    for (query, row) in attention
        .chunks_exact(tokens.max(1))
        .take(tokens)
        .enumerate()
    {
        for (sum, weight) in received.iter_mut().zip(&row[..=query]) {
            *sum += f64::from(*weight);
        }
    }
    for (key, sum) in received.iter_mut().enumerate() {
        *sum /= (tokens - key) as f64;
    }
    received
}

/// The sinks of every head of a checkpoint, sequence by sequence.
#[derive(Clone, Debug, Default)]
pub struct Sinks {
    heads: BTreeMap<(u32, u32), Sink>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sink {
    sequences: u64,
    alpha: f64,
    sinks: u64,
}

impl Sinks {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in alpha of position 0 of one head (both from 1) in one sequence.
    pub fn add(&mut self, layer: u32, head: u32, alpha: f64) {
        let sink = self.heads.entry((layer, head)).or_default();
        sink.sequences += 1;
        sink.alpha += alpha;
        sink.sinks += u64::from(alpha > SINK_ALPHA);
    }

    /// The mean over all heads of the share of sequences in which position 0 is a sink, 0 to 1: the
    /// sink rate of Gu et al.; none where nothing was seen.
    pub fn rate(&self) -> Option<f64> {
        let rates = self
            .heads
            .values()
            .map(|s| s.sinks as f64 / s.sequences as f64);
        let rate = rates.sum::<f64>() / self.heads.len() as f64;
        (!self.heads.is_empty()).then_some(rate)
    }

    /// One row a head, by layer and head.
    pub fn rows(&self, model: &str, step: u64) -> Vec<HeadSink> {
        let row = |((layer, head), sink): (&(u32, u32), &Sink)| HeadSink {
            model: model.to_owned(),
            step,
            layer: *layer,
            head: *head,
            sequences: sink.sequences,
            alpha: sink.alpha / sink.sequences as f64,
            sink_rate: sink.sinks as f64 / sink.sequences as f64,
        };
        self.heads.iter().map(row).collect()
    }
}
